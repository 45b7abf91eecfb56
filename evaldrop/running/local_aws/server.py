"""The local AWS put together: moto behind our front, the stack from its template, clocks and processes."""

import logging
import shutil
import threading
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, cached_property
from pathlib import Path

from botocore.exceptions import ClientError
from moto.core.config import default_user_config
from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from werkzeug.serving import BaseWSGIServer, make_server

from evaldrop.bedrock.opening import open_evaluations, open_jobs, open_optimizations, open_runtime
from evaldrop.bedrock.protocol import BedrockEvaluations, BedrockJobs, BedrockOptimizations, BedrockRuntime
from evaldrop.bedrock.region import region_of
from evaldrop.bedrock.simulated.job_files import JobPlace
from evaldrop.bedrock.simulated.jobs import FOLDER as FOLDER_OF_JOBS
from evaldrop.engine import Clock
from evaldrop.errors import InputError
from evaldrop.running.instances import DEFAULT_PORT, Instance
from evaldrop.running.local_aws.batch_jobs import RoleJobs, RoleObjects
from evaldrop.running.local_aws.clients import ACCOUNT, REGION, Clients
from evaldrop.running.local_aws.control_plane import ControlPlane
from evaldrop.running.local_aws.evaluation_jobs import Evaluations
from evaldrop.running.local_aws.events import Events, tells_eventbridge
from evaldrop.running.local_aws.executions import Executions, Machine
from evaldrop.running.local_aws.front import Front
from evaldrop.running.local_aws.functions import RETRY_AFTER_S, Functions
from evaldrop.running.local_aws.gate import Guard, Signed
from evaldrop.running.local_aws.integrations import integrations_of
from evaldrop.running.local_aws.keys import Keys
from evaldrop.running.local_aws.models import Answers, Models
from evaldrop.running.local_aws.objects import S3Objects
from evaldrop.running.local_aws.permissions import Permissions
from evaldrop.running.local_aws.prompt_optimizations import Optimizations
from evaldrop.running.local_aws.responses import Application
from evaldrop.running.local_aws.sandboxes import Sandboxes, link_runtime
from evaldrop.running.local_aws.schedules import Schedules
from evaldrop.running.local_aws.stack import EmulatedStack, deploy, deployed_functions
from evaldrop.running.local_aws.synthesis import Assembly, Tell, find_checkout, read_assembly, synthesise

MESSAGES = "messages"
"""A queue that is subscribed to the stack's topic."""

MAX_IN_FLIGHT = 64
FOLDER = "cdk.out/local"
"""Where a checkout keeps its stack, and every local AWS its logs."""

MakeRuntime = Callable[[Answers], BedrockRuntime]
"""Makes what answers for Bedrock, given an answer key."""


def _of_bedrock(bedrock: str) -> dict[str, str]:
    """Return what functions are told of what answers for Bedrock: its own Region is not the local AWS's."""
    region = region_of(bedrock)
    return {"EVALDROP_BEDROCK": bedrock, **({"EVALDROP_BEDROCK_REGION": region} if region else {})}


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalSettings:
    """
    How a local AWS is run.

    Attributes:
        port: 0 for any that is free.
        bedrock: As `--bedrock` says it; runs carry it.
        folder: Where it keeps its logs and the functions' runtime.
        retry_after_s: Waits between attempts at an asynchronous event.
        clock: The executions' time.
        now: The schedules' clock, in UTC.
    """

    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    bedrock: str = "simulated"
    folder: Path
    retry_after_s: tuple[float, ...] = RETRY_AFTER_S
    clock: Clock | None = None
    now: Callable[[], datetime] = lambda: datetime.now(UTC)


class LocalAws:
    """
    A local AWS with one stack in it. moto keeps all state in this process: there can be one.

    Raises:
        InputError: The port is taken.
    """

    def __init__(self, assembly: Assembly, make_runtime: MakeRuntime, choices: LocalSettings) -> None:
        _quieten()
        # Batch would run any image as a container of this machine's.
        default_user_config["batch"]["use_docker"] = False
        moto = DomainDispatcherApplication(create_backend_app)
        self.keys = Keys()
        self._server = _listen(choices, moto)
        # moto alone at first: the stack has to be made before there is a front that checks by it.
        self._open_to(moto, choices)
        self.endpoint = f"http://{_callable(choices.host)}:{self._server.port}"
        self.clients = Clients(self.endpoint, self.keys.operator)
        self._thread = threading.Thread(target=self._server.serve_forever, name="local AWS", daemon=True)
        self._thread.start()

        self.stack: EmulatedStack = deploy(assembly, self.clients)
        self.messages_url = _subscribe_queue(self.stack.outputs["ResultsTopic"], self.clients)
        [machine] = self.stack.of_kind("AWS::StepFunctions::StateMachine")
        self.role_arn: str = machine.properties["RoleArn"]
        self.permissions = Permissions()

        self._deployed = deployed_functions(self.stack, assembly)
        self.names = {each.state: name for name, each in self._deployed.items()}
        self.logs = choices.folder / "logs"
        runtime = choices.folder / "runtime"
        link_runtime(runtime)
        self.sandboxes = Sandboxes(runtime, lambda name, line: self._log(self._deployed[name].state, line))
        self.functions = Functions(
            self._deployed,
            self.clients,
            self.sandboxes,
            key_of=self.keys.of_role,
            further=_of_bedrock(choices.bedrock),
            retry_after_s=choices.retry_after_s,
        )

        self.answers = Answers(S3Objects(self.clients))
        self.models = Models(make_runtime(self.answers), self.permissions)
        self.jobs = RoleJobs(self._open_jobs(choices), self.permissions)
        self.evaluations = Evaluations(self._open_evaluations(choices), self.permissions)
        self.optimizations = Optimizations(self._open_optimizations(choices), self.permissions)
        self.events = Events(self.clients, self.functions)
        self.executions = self._make_executions(choices)
        self.schedules = Schedules(self.clients, self.functions, now=choices.now)
        front = Front(
            moto=moto,
            executions=self.executions,
            control_plane=ControlPlane(self.jobs, self.optimizations, self.executions.wait),
            functions=self.functions,
            permissions=self.permissions,
            on_written=[self.answers.written, self.events.written],
            tells_eventbridge=tells_eventbridge,
        )
        self._open_to(front, choices)
        self.schedules.start()

    @property
    def instance(self) -> Instance:
        """What a person needs to know to use it."""
        key = self.keys.person
        return Instance(
            port=self._server.port,
            endpoint=self.endpoint,
            region=REGION,
            access_key=key.id,
            secret_key=key.secret,
        )

    def _open_to(self, application: Application, choices: LocalSettings) -> None:
        port = self._server.port
        signed = Signed(application=application, keys=self.keys, port=port)
        self._server.app = Guard(application=signed, bound_to=choices.host, port=port)

    @cached_property
    def _clients_of(self) -> Callable[[str], Clients]:
        # Each takes a tenth of a second to make.
        return cache(lambda role_arn: Clients(self.endpoint, self.keys.of_role(role_arn)))

    def _open_jobs(self, choices: LocalSettings) -> BedrockJobs | None:
        folder = choices.folder / FOLDER_OF_JOBS
        # Of an earlier start, whose buckets are gone.
        shutil.rmtree(folder, ignore_errors=True)
        return open_jobs(
            choices.bedrock,
            JobPlace(folder, region=REGION, account=ACCOUNT),
            answer_key=self.answers,
            criteria=self.answers.criterion,
            objects_of=lambda role_arn: RoleObjects(self._clients_of(role_arn)),
        )

    def _open_evaluations(self, choices: LocalSettings) -> BedrockEvaluations | None:
        # After the batch jobs, which empty the folder.
        return open_evaluations(
            choices.bedrock,
            JobPlace(choices.folder / FOLDER_OF_JOBS, region=REGION, account=ACCOUNT),
            objects_of=lambda role_arn: RoleObjects(self._clients_of(role_arn)),
        )

    def _open_optimizations(self, choices: LocalSettings) -> BedrockOptimizations | None:
        return open_optimizations(
            choices.bedrock,
            JobPlace(choices.folder / FOLDER_OF_JOBS, region=REGION, account=ACCOUNT),
            # A job does what its creator may; a person may all.
            objects_of=lambda role_arn: RoleObjects(self._clients_of(role_arn) if role_arn else self.clients),
        )

    def _make_executions(self, choices: LocalSettings) -> Executions:
        return Executions(
            machines=self._machine,
            integrations=lambda machine: integrations_of(
                machine.role_arn,
                functions=self.functions,
                names=self._deployed,
                models=self.models,
                jobs=self.jobs,
                evaluations=self.evaluations,
                optimizations=self.optimizations,
                permissions=self.permissions,
                clients=self._clients_of(machine.role_arn),
            ),
            store=S3Objects(self._clients_of(self.role_arn)),
            clock=choices.clock,
            on_ended=self.events.ended,
        )

    def close(self) -> None:
        """Stop everything that runs; what is in the buckets is gone."""
        # What starts work ends first; the models before the executions, on whose loop they are closed; the
        # server last, for all of them call it.
        self.schedules.close()
        self.events.close()
        self.models.close()
        self.jobs.close()
        self.evaluations.close()
        self.optimizations.close()
        self.executions.close()
        self.functions.close()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def __enter__(self) -> "LocalAws":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _machine(self, arn: str) -> Machine | None:
        try:
            found = self.clients("stepfunctions").describe_state_machine(stateMachineArn=arn)
        except ClientError:
            return None
        return Machine(
            arn=found["stateMachineArn"],
            name=found["name"],
            role_arn=found["roleArn"],
            definition=found["definition"],
            type=found["type"],
        )

    def _log(self, state: str, line: str) -> None:
        self.logs.mkdir(parents=True, exist_ok=True)
        with (self.logs / f"{state}.log").open("a", encoding="utf-8") as file:
            file.write(f"{time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())} {line}\n")


def start_local_aws(template: str | None, choices: LocalSettings, *, tell: Tell) -> LocalAws:
    """
    Start a local AWS with the stack of a template; without one the checkout is synthesised.

    Raises:
        InputError: There is no such runtime, no stack to be had, or the port is taken.
    """
    open_runtime(choices.bedrock, max_in_flight=1)  # a wrong one is refused before a minute of synthesis
    if template is None:
        checkout = find_checkout()
        assembly = synthesise(checkout, checkout / FOLDER / "assembly", tell=tell)
    else:
        assembly = read_assembly(Path(template))
    tell("making the stack")
    return LocalAws(
        assembly,
        lambda known: open_runtime(
            choices.bedrock, max_in_flight=MAX_IN_FLIGHT, answer_key=known, criteria=known.criterion
        ),
        choices,
    )


def _subscribe_queue(topic: str, clients: Clients) -> str:
    """Make a queue that shows what the topic tells; return its URL."""
    url: str = clients("sqs").create_queue(QueueName=MESSAGES)["QueueUrl"]
    arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{MESSAGES}"
    clients("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    return url


def _callable(host: str) -> str:
    """Return how a client calls an address that was listened on."""
    # Nobody can call the address that means all of a machine's.
    if host in {"127.0.0.1", "0.0.0.0", "::"}:  # noqa: S104
        return "localhost"
    return f"[{host}]" if ":" in host else host


def _listen(choices: LocalSettings, application: Application) -> BaseWSGIServer:
    try:
        # Nobody is served yet, and the gates need to know the port.
        return make_server(
            choices.host, choices.port, application, threaded=True, request_handler=MotoRequestHandler
        )
    except (OSError, SystemExit) as error:  # werkzeug prints and exits when a port is taken
        raise InputError(
            f"--port {choices.port}: something else listens there already. Give another, such as "
            f"--port {choices.port + 1}."
        ) from error


def _quieten() -> None:
    # A line for every request, and two for each resource that moto does not know: the gaps tell those.
    warnings.filterwarnings("ignore", message="Tried to parse AWS::", category=UserWarning)
    for name in ("werkzeug", "moto"):
        logging.getLogger(name).setLevel(logging.ERROR)
