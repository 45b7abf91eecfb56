"""
The HTTP API: one function behind Regional REST APIs, one for keys and, with a sign-in, one for its page.

The function answers every path, and the page is in its zip: it is one file of well below the 6 MB that
Lambda answers, comes with the code that it talks to, and needs no role for a bucket of the bootstrap stack's.
What is asked is checked by the function, which says more about a fault than API Gateway's own validation.
"""

import json
from urllib.parse import urlsplit

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from constructs import Construct

from evaldrop.steps.start_run.prefixes import API as API_PREFIX
from evaldrop.steps.start_run.prefixes import EVALUATIONS, UPLOADS
from evaldrop.store.model import Limits
from infra.bundles import LAMBDA, Bundle, target_of
from infra.functions import Shape, Step, validating_bundle, validating_environment
from infra.gateway_responses import add_problems
from infra.history import History
from infra.log_groups import log_group
from infra.settings import Settings
from infra.sign_in import SignIn
from infra.storage import RUNS, Storage
from infra.workflow import Workflow

STAGE = "v1"

# As long as API Gateway waits for an answer, of which `wait=25` may take most. Half a processor and more:
# a request validates and plans what it asks for.
SHAPE = Shape(memory_mb=1024, timeout_s=29)

# It looks at executions as the commands do.
_IMPORTED = ("api/", "running/__init__.py", "running/deployed/")

_MOST_A_SECOND, _MOST_AT_ONCE = 100, 200
"""Of all callers together, those without a key included: what a flood of requests can cost is bounded."""

_ACCESS = {
    "request_id": "$context.requestId",
    # The other a caller may choose. By this one the function's line of the same request is found.
    "extended_request_id": "$context.extendedRequestId",
    "time": "$context.requestTime",
    "key_id": "$context.identity.apiKeyId",
    "user": "$context.authorizer.claims.sub",
    "method": "$context.httpMethod",
    "path": "$context.path",
    "status": "$context.status",
    "latency_ms": "$context.responseLatency",
    "function_ms": "$context.integrationLatency",
    "bytes": "$context.responseLength",
    "address": "$context.identity.sourceIp",
    "error": "$context.error.message",
}
"""A line of the access log. A new run's ID is in the function's line: the query `Requests` joins them."""


class Api(Construct):
    """The API's function, and what calls it."""

    def __init__(
        self,
        scope: Construct,
        id: str,  # noqa: A002 - CDK's word
        *,
        storage: Storage,
        workflow: Workflow,
        history: History,
        settings: Settings,
    ) -> None:
        super().__init__(scope, id)
        self._settings, self._key = settings, storage.encryption_key
        self.step = Step(
            self,
            "Api",
            bundle=api_bundle(settings),
            shape=SHAPE,
            environment={
                **validating_environment(settings),
                "EVALDROP_INPUT_BUCKET": storage.input.bucket_name,
                "EVALDROP_OUT": f"s3://{storage.output.bucket_name}/{RUNS}",
                "EVALDROP_STATE_MACHINE": workflow.machine.state_machine_arn,
                "EVALDROP_MAX_DATASET_BYTES": str(settings.max_dataset_bytes),
            },
            settings=settings,
            key=storage.encryption_key,
        )
        history.let_ask(self.step)
        self._let_put(storage)
        self._let_look(storage, workflow)
        self.access_logs: list[logs.LogGroup] = []
        self.log_role = self._log_role() if settings.api_log_role else None
        self.keyed = self._rest_api("Keyed", "evaldrop: for machines, by key")
        self._answer(self.keyed, apigateway.MethodOptions(api_key_required=True))
        self.plan = self._usage_plan()
        self.page: apigateway.RestApi | None = None
        self.sign_in: SignIn | None = None
        # A local AWS has no user pools.
        if settings.sign_in and target_of(self) == LAMBDA:
            self.page = self._rest_api("Page", "evaldrop: for people, by sign-in")
            self.sign_in = SignIn(self, "SignIn", page=address_of(self.page), settings=settings)
            authorizer = apigateway.CognitoUserPoolsAuthorizer(
                self, "Authorizer", cognito_user_pools=[self.sign_in.pool]
            )
            self._answer(
                self.page,
                apigateway.MethodOptions(
                    authorizer=authorizer, authorization_type=apigateway.AuthorizationType.COGNITO
                ),
            )
            self.step.tell("EVALDROP_SIGN_IN", json.dumps(self.sign_in.told))
        self._let_pages_upload(storage)

    @property
    def rest_apis(self) -> list[apigateway.RestApi]:
        """What is open to callers."""
        return [self.keyed, self.page] if self.page else [self.keyed]

    def _let_put(self, storage: Storage) -> None:
        """Let the function put datasets where they start runs, and hand out leave to upload by its role."""
        bucket = storage.input.bucket_arn
        puts = [f"{bucket}/{API_PREFIX}*", f"{bucket}/{UPLOADS}*"]
        self.step.allow(["s3:PutObject"], puts)
        self.step.allow(["s3:GetObject"], [*puts, f"{bucket}/{EVALUATIONS}*", f"{bucket}/prompts/*"])
        # A run that is stopped before it has begun: its dataset is taken away.
        self.step.allow(["s3:DeleteObject"], [f"{bucket}/{API_PREFIX}*"])
        # Without it S3 answers 403 for what is not there.
        self.step.allow(["s3:ListBucket"], [bucket])
        if storage.key:
            self.step.allow(["kms:Decrypt", "kms:GenerateDataKey"], [storage.key.key_arn])

    def _let_pages_upload(self, storage: Storage) -> None:
        """Let the page put a file where the API has signed an address: the bucket is of another origin."""
        elsewhere = self._settings.sign_in.addresses if self._settings.sign_in else ()
        own = [origin_of(api) for api in self.rest_apis]
        storage.input.add_cors_rule(
            allowed_methods=[s3.HttpMethods.PUT],
            allowed_origins=[*own, *(_origin(address) for address in elsewhere)],
            allowed_headers=["content-type"],
            max_age=600,
        )

    def _let_look(self, storage: Storage, workflow: Workflow) -> None:
        """Let it read runs, and stop them. It starts none: what it puts does."""
        self.step.allow(["s3:GetObject"], [f"{storage.output.bucket_arn}/{RUNS}/*"])
        self.step.allow(["s3:ListBucket"], [storage.output.bucket_arn])
        self.step.allow(
            [
                *("states:DescribeExecution", "states:GetExecutionHistory"),
                *("states:ListMapRuns", "states:StopExecution"),
            ],
            [workflow.executions],
        )
        self.step.allow(["states:DescribeMapRun"], [workflow.map_runs])

    def _log_role(self) -> iam.Role:
        # One for the account and Region: without it no stage of any API may have logs. It outlives the stack,
        # for others' stages may write by it then.
        role = iam.Role(
            self,
            "LogRole",
            assumed_by=iam.ServicePrincipal("apigateway.amazonaws.com"),
            managed_policies=[
                iam.ManagedPolicy.from_aws_managed_policy_name(
                    "service-role/AmazonAPIGatewayPushToCloudWatchLogs"
                )
            ],
        )
        role.apply_removal_policy(RemovalPolicy.RETAIN)
        account = apigateway.CfnAccount(self, "Account", cloud_watch_role_arn=role.role_arn)
        account.apply_removal_policy(RemovalPolicy.RETAIN)
        self._account = account
        return role

    def _rest_api(self, name: str, description: str) -> apigateway.RestApi:
        access = log_group(self, f"{name}Access", settings=self._settings, key=self._key)
        self.access_logs.append(access)
        api = apigateway.RestApi(
            self,
            name,
            rest_api_name=f"{self._settings.stack_name}-{name.lower()}",
            description=description,
            endpoint_types=[apigateway.EndpointType.REGIONAL],
            # The account's own, see above; CDK's would be a second one.
            cloud_watch_role=False,
            deploy_options=apigateway.StageOptions(
                stage_name=STAGE,
                throttling_rate_limit=_MOST_A_SECOND,
                throttling_burst_limit=_MOST_AT_ONCE,
                access_log_destination=apigateway.LogGroupLogDestination(access),
                access_log_format=apigateway.AccessLogFormat.custom(json.dumps(_ACCESS)),
                # What API Gateway itself could not do; without requests' bodies.
                logging_level=apigateway.MethodLoggingLevel.ERROR,
                data_trace_enabled=False,
            ),
        )
        # An output of CDK's own, beside the stack's.
        api.node.try_remove_child("Endpoint")
        add_problems(api)
        if self.log_role:
            api.deployment_stage.node.add_dependency(self._account)
        return api

    def _answer(self, api: apigateway.RestApi, checked: apigateway.MethodOptions) -> None:
        """Have the function answer: the page and the API's description to anybody, the rest as `checked`."""
        function = apigateway.LambdaIntegration(
            self.step.function, proxy=True, allow_test_invoke=False, timeout=Duration.seconds(29)
        )
        api.root.add_method("GET", function)
        api.root.add_resource("openapi.json").add_method("GET", function)
        # Not add_proxy: it answers any method at the root besides, unchecked.
        rest = api.root.add_resource("{proxy+}")
        rest.add_method(
            "ANY",
            function,
            api_key_required=checked.api_key_required,
            authorizer=checked.authorizer,
            authorization_type=checked.authorization_type,
        )

    def _usage_plan(self) -> apigateway.UsagePlan:
        # A key is in one plan of a stage, and a plan has one quota: the month is counted by the function.
        limits = Limits()
        plan = self.keyed.add_usage_plan(
            "Plan",
            name=f"{self._settings.stack_name}-api",
            description="evaldrop: what a key may ask",
            throttle=apigateway.ThrottleSettings(
                rate_limit=limits.requests_per_second, burst_limit=limits.burst
            ),
            quota=apigateway.QuotaSettings(limit=limits.requests_per_day, period=apigateway.Period.DAY),
        )
        plan.add_api_stage(stage=self.keyed.deployment_stage)
        return plan


def api_bundle(settings: Settings) -> Bundle:
    """Return the function's code: with what it plans by, and the modules that no other function has."""
    return validating_bundle("api", settings, also=_IMPORTED)


def address_of(api: apigateway.RestApi) -> str:
    """
    Return an API's address.

    By its ID and the stage's name, not by the stage: that comes after the function, which is told of it.
    """
    return f"{origin_of(api)}/{STAGE}/"


def origin_of(api: apigateway.RestApi) -> str:
    """Return the origin of an API's page."""
    return f"https://{api.rest_api_id}.execute-api.{api.stack.region}.{api.stack.url_suffix}"


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def outputs_of(api: Api) -> list[tuple[str, str]]:
    """Return the outputs of a stack with an API, by their names."""
    outputs = [
        ("ApiId", api.keyed.rest_api_id),
        ("ApiUrl", address_of(api.keyed)),
        ("ApiUsagePlan", api.plan.usage_plan_id),
    ]
    if api.page and api.sign_in:
        outputs += [("PageUrl", address_of(api.page)), ("UserPool", api.sign_in.pool.user_pool_id)]
    return outputs
