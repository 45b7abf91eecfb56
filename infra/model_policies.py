"""Policies that let a role use the stack's models: as many as their ARNs need."""

from collections.abc import Iterator, Sequence

from aws_cdk import Aws
from aws_cdk import aws_iam as iam
from constructs import Construct

_MOST_IN_A_POLICY = 5_500
"""Characters of ARNs in one policy: a managed one has 6,144, all of a role's own together 10,240."""
_LONGEST = {
    str(Aws.PARTITION): "aws-us-gov",
    str(Aws.REGION): "ap-northeast-1",
    str(Aws.ACCOUNT_ID): "1" * 12,
}


def in_parts(arns: Sequence[str]) -> Iterator[list[str]]:
    """Yield ARNs in as many parts as they need policies."""
    part: list[str] = []
    left = _MOST_IN_A_POLICY
    for arn in arns:
        text = arn
        for token, longest in _LONGEST.items():
            text = text.replace(token, longest)
        size = len(text) + len('"",')
        if part and size > left:
            yield part
            part, left = [], _MOST_IN_A_POLICY
        part.append(arn)
        left -= size
    if part:
        yield part


def let_use_models(scope: Construct, role: iam.IRole, actions: list[str], arns: Sequence[str]) -> None:
    """Allow a role some actions on models: by its own policy, or by managed ones where those are many."""
    parts = list(in_parts(arns))
    if len(parts) == 1:
        role.add_to_principal_policy(
            iam.PolicyStatement(sid="CallModels", actions=actions, resources=parts[0])
        )
        return
    # CDK moves what is too large for a role to policies of their own, but divides no statement.
    for number, part in enumerate(parts, 1):
        iam.ManagedPolicy(
            scope,
            f"CallModels{number}",
            statements=[iam.PolicyStatement(actions=actions, resources=part)],
            roles=[role],
            description="evaldrop: models that evaluations may call",
        )
