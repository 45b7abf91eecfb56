"""The two buckets: datasets come in, runs go out."""

from aws_cdk import Aws, Duration, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from evaldrop.steps.start_run import prefixes
from infra.settings import Settings

OF_THIS_ACCOUNT = {"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}}
"""A service may act here for this account's own resources alone, not for those of whoever asks it to."""

RUNS = prefixes.RUNS
"""The folder of the output bucket that runs are kept in."""

# Who writes to the encrypted topic and queue by a name of its own; the schedule does by its role.
_PUBLISHERS = ("events", "cloudwatch", "budgets")

# A request of EventBridge's to KMS does not tell its source (SNS guide, "EventBridge-to-encrypted topics"):
# with a condition, events that could not be delivered would be lost. The queue's own policy names the rules.
_WITHOUT_SOURCE = ("events",)


class Storage(Construct):
    """Input and output bucket, and the key they share where the settings ask for one."""

    def __init__(self, scope: Construct, id: str, *, settings: Settings) -> None:  # noqa: A002 - CDK's word
        super().__init__(scope, id)
        self._removal = RemovalPolicy.DESTROY if settings.delete_with_stack else RemovalPolicy.RETAIN
        self.key = self._make_key() if settings.kms else None
        # A key that is only kept encrypts nothing new; with its permissions what it encrypted stays readable.
        self.encryption_key = self.key if settings.kms is True else None
        self.input = self._make_bucket(
            "Input",
            versioned=True,
            rules=[
                s3.LifecycleRule(
                    id="OldVersions",
                    noncurrent_version_expiration=Duration.days(365),
                    abort_incomplete_multipart_upload_after=Duration.days(7),
                ),
                *([_of_uploads()] if settings.api else []),
            ],
        )
        _tell_eventbridge(self.input)
        self.output = self._make_bucket(
            "Output",
            versioned=False,
            rules=[
                s3.LifecycleRule(
                    id="Runs",
                    prefix=f"{RUNS}/",
                    expiration=Duration.days(settings.keep_runs_days) if settings.keep_runs_days else None,
                    transitions=[
                        s3.Transition(
                            storage_class=s3.StorageClass.INTELLIGENT_TIERING,
                            transition_after=Duration.days(30),
                        )
                    ]
                    if (settings.keep_runs_days or 31) > 30
                    else None,
                    abort_incomplete_multipart_upload_after=Duration.days(7),
                )
            ],
        )

    def _make_key(self) -> kms.Key:
        key = kms.Key(
            self,
            "Key",
            description="evaldrop: buckets, topic, queue, table and logs",
            enable_key_rotation=True,
            removal_policy=self._removal,
        )
        for publisher in _PUBLISHERS:
            key.add_to_resource_policy(
                iam.PolicyStatement(
                    principals=[iam.ServicePrincipal(f"{publisher}.amazonaws.com")],
                    actions=["kms:Decrypt", "kms:GenerateDataKey*"],
                    resources=["*"],  # in a key's policy: the key
                    conditions=None if publisher in _WITHOUT_SOURCE else OF_THIS_ACCOUNT,
                )
            )
        key.add_to_resource_policy(_for_logs())
        return key

    def _make_bucket(self, name: str, *, versioned: bool, rules: list[s3.LifecycleRule]) -> s3.Bucket:
        return s3.Bucket(
            self,
            name,
            versioned=versioned,
            enforce_ssl=True,
            minimum_tls_version=1.2,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            encryption=s3.BucketEncryption.KMS if self.encryption_key else s3.BucketEncryption.S3_MANAGED,
            encryption_key=self.encryption_key,
            bucket_key_enabled=True if self.encryption_key else None,
            lifecycle_rules=rules,
            removal_policy=self._removal,
        )


def _for_logs() -> iam.PolicyStatement:
    """Return the leave that CloudWatch Logs needs of a key, for log groups of this account and Region."""
    groups = f"arn:{Aws.PARTITION}:logs:{Aws.REGION}:{Aws.ACCOUNT_ID}:*"
    return iam.PolicyStatement(
        principals=[iam.ServicePrincipal(f"logs.{Aws.REGION}.{Aws.URL_SUFFIX}")],
        actions=["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"],
        resources=["*"],  # in a key's policy: the key
        conditions={"ArnLike": {"kms:EncryptionContext:aws:logs:arn": groups}},
    )


def _of_uploads() -> s3.LifecycleRule:
    """Return the rule for what the API's callers put: it is copied when a run of it starts."""
    return s3.LifecycleRule(
        id="Uploads",
        prefix=prefixes.UPLOADS,
        expiration=Duration.days(7),
        noncurrent_version_expiration=Duration.days(1),
    )


def _tell_eventbridge(bucket: s3.Bucket) -> None:
    # On the L1: every L2 way adds a custom resource with a function of its own.
    resource = bucket.node.default_child
    assert isinstance(resource, s3.CfnBucket)
    resource.notification_configuration = s3.CfnBucket.NotificationConfigurationProperty(
        event_bridge_configuration=s3.CfnBucket.EventBridgeConfigurationProperty(event_bridge_enabled=True)
    )
