"""
The stack, made from its template: what moto makes of it, and by API what moto leaves out without a word.

What stays missing, or is there and does nothing, is in `EmulatedStack.gaps`.
"""

import io
import json
import secrets
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from moto.cloudformation.models import cloudformation_backends
from moto.cloudformation.parsing import clean_json
from moto.moto_api._internal import mock_random

from evaldrop.running.local_aws.clients import ACCOUNT, REGION, Clients
from evaldrop.running.local_aws.completing import GENERAL, Resource, complete, gaps_of
from evaldrop.running.local_aws.functions import Deployed
from evaldrop.running.local_aws.synthesis import Assembly

_BOOTSTRAP_VERSION = "21"
_NAMES = "evaldrop local"


@dataclass(frozen=True, slots=True, kw_only=True)
class EmulatedStack:
    """A stack that was made in the local AWS; `gaps` say, a line each, what of it is not rehearsed."""

    name: str
    outputs: Mapping[str, str]
    resources: Mapping[str, Resource]
    gaps: tuple[str, ...]

    def of_kind(self, kind: str) -> list[Resource]:
        """Return the resources of a type that were made."""
        return [each for each in self.resources.values() if each.kind == kind and each.physical_id]


def deploy(assembly: Assembly, clients: Clients) -> EmulatedStack:
    """Make the stack, and return it."""
    clients("ssm").put_parameter(
        Name="/cdk-bootstrap/hnb659fds/version", Value=_BOOTSTRAP_VERSION, Type="String", Overwrite=True
    )
    _upload_assets(assembly, clients)
    template = _as_moto_takes_it(assembly.template)
    # The same names from one start to the next: moto draws their endings.
    mock_random.seed(_NAMES)
    clients("cloudformation").create_stack(
        StackName=assembly.name, TemplateBody=json.dumps(template), Capabilities=["CAPABILITY_NAMED_IAM"]
    )
    # Random again: later IDs would otherwise repeat from one start to the next.
    mock_random.seed(secrets.randbits(64))
    resources = {each.logical_id: each for each in _resources(assembly, template, clients)}
    # After the whole stack: a policy may name what comes later in the template.
    for resource in resources.values():
        complete(resource, clients)
    [described] = clients("cloudformation").describe_stacks(StackName=assembly.name)["Stacks"]
    return EmulatedStack(
        name=assembly.name,
        outputs={each["OutputKey"]: each["OutputValue"] for each in described.get("Outputs", ())},
        resources=resources,
        gaps=(*gaps_of(resources.values()), *GENERAL),
    )


def _as_moto_takes_it(template: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out of a template what moto does not know how to make, and would end with."""
    # The rules check the bootstrap version.
    taken = {name: part for name, part in template.items() if name != "Rules"}
    taken["Resources"] = {name: _without_tags_of_keys(each) for name, each in template["Resources"].items()}
    return taken


def _without_tags_of_keys(resource: Mapping[str, Any]) -> Mapping[str, Any]:
    if resource["Type"] != "AWS::KMS::Key":
        return resource
    # moto reads them by the names that they have in KMS's own API.
    properties = {name: each for name, each in resource["Properties"].items() if name != "Tags"}
    return {**resource, "Properties": properties}


def _upload_assets(assembly: Assembly, clients: Clients) -> None:
    # Functions run from the folders; Lambda's API only wants some code to be there.
    bucket = f"cdk-hnb659fds-assets-{ACCOUNT}-{REGION}"
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("README", "evaldrop local runs the code from the folder it was bundled in\n")
    clients("s3").create_bucket(Bucket=bucket)
    for key in assembly.assets:
        clients("s3").put_object(Bucket=bucket, Key=key, Body=content.getvalue())


def _resources(assembly: Assembly, template: Mapping[str, Any], clients: Clients) -> Iterator[Resource]:
    described = clients("cloudformation").describe_stack_resources(StackName=assembly.name)["StackResources"]
    # Of what moto skips it returns rows that say nothing.
    made = {
        row["LogicalResourceId"]: row.get("PhysicalResourceId") for row in described if "ResourceType" in row
    }
    stack = cloudformation_backends[ACCOUNT][REGION].get_stack(assembly.name)
    for logical_id, resource in template["Resources"].items():
        condition = resource.get("Condition")
        if condition and not stack.resource_map.lazy_condition_map[condition]:
            continue
        yield Resource(
            stack=assembly.name,
            logical_id=logical_id,
            kind=resource["Type"],
            properties=clean_json(resource.get("Properties", {}), stack.resource_map),
            physical_id=made.get(logical_id),
        )


def deployed_functions(stack: EmulatedStack, assembly: Assembly) -> dict[str, Deployed]:
    """Return what functions run, by their names."""
    retries = {
        each.properties["FunctionName"]: each.properties.get("MaximumRetryAttempts", 2)
        for each in stack.resources.values()
        if each.kind == "AWS::Lambda::EventInvokeConfig"
    }
    deployed = {}
    for function in stack.of_kind("AWS::Lambda::Function"):
        name, properties = str(function.physical_id), function.properties
        deployed[name] = Deployed(
            state=_state(properties, function.logical_id),
            folder=assembly.assets[properties["Code"]["S3Key"]].resolve(),
            handler=properties["Handler"],
            role=properties["Role"],
            environment=properties.get("Environment", {}).get("Variables", {}),
            runtime=properties["Runtime"],
            timeout_s=float(properties.get("Timeout", 3)),
            memory_mb=int(properties.get("MemorySize", 128)),
            log_group=properties.get("LoggingConfig", {}).get("LogGroup", f"/aws/lambda/{name}"),
            dead_letters=properties.get("DeadLetterConfig", {}).get("TargetArn"),
            retries=retries.get(name, 2),
        )
    return deployed


def _state(properties: Mapping[str, Any], logical_id: str) -> str:
    # The folder of lambdas/ names the state: lambdas.build_scorecard.handler.handler is BuildScorecard.
    parts = properties["Handler"].split(".")
    return "".join(word.capitalize() for word in parts[1].split("_")) if len(parts) == 4 else logical_id
