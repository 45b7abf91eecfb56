"""Log groups: kept as long as the settings say."""

from aws_cdk import RemovalPolicy
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.settings import Settings

_RETENTION = {
    1: logs.RetentionDays.ONE_DAY,
    7: logs.RetentionDays.ONE_WEEK,
    14: logs.RetentionDays.TWO_WEEKS,
    30: logs.RetentionDays.ONE_MONTH,
    90: logs.RetentionDays.THREE_MONTHS,
    180: logs.RetentionDays.SIX_MONTHS,
    365: logs.RetentionDays.ONE_YEAR,
}


def log_group(
    scope: Construct,
    id: str,  # noqa: A002 - CDK's word
    *,
    settings: Settings,
    key: kms.IKey | None,
    name: str | None = None,
) -> logs.LogGroup:
    """Return a new log group; CloudFormation names it where nobody does, and encrypts it without a key."""
    return logs.LogGroup(
        scope,
        id,
        log_group_name=name,
        encryption_key=key,
        retention=_RETENTION[settings.keep_logs_days],
        removal_policy=RemovalPolicy.DESTROY if settings.delete_with_stack else RemovalPolicy.RETAIN,
    )
