"""Who read and wrote what in the buckets, and who asks the API too often: CloudTrail and a web ACL."""

from collections.abc import Iterable

from aws_cdk import Aws, Duration, RemovalPolicy
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_cloudtrail as cloudtrail
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_wafv2 as waf
from constructs import Construct

from infra.settings import Settings
from infra.storage import Storage

_KEPT_DAYS = 365


class Audit(Construct):
    """A trail of the buckets' objects alone: management events are a matter of the account's own trail."""

    def __init__(self, scope: Construct, id: str, *, storage: Storage, settings: Settings) -> None:  # noqa: A002 - CDK's word
        super().__init__(scope, id)
        self.logs = s3.Bucket(
            self,
            "Logs",
            enforce_ssl=True,
            minimum_tls_version=1.2,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            encryption=s3.BucketEncryption.S3_MANAGED,
            lifecycle_rules=[s3.LifecycleRule(id="Old", expiration=Duration.days(_KEPT_DAYS))],
            removal_policy=RemovalPolicy.DESTROY if settings.delete_with_stack else RemovalPolicy.RETAIN,
        )
        name = f"{settings.stack_name}-objects"
        trail = f"arn:{Aws.PARTITION}:cloudtrail:{Aws.REGION}:{Aws.ACCOUNT_ID}:trail/{name}"
        self._let_write(trail)
        made = cloudtrail.CfnTrail(
            self,
            "Trail",
            trail_name=name,
            s3_bucket_name=self.logs.bucket_name,
            is_logging=True,
            is_multi_region_trail=False,
            include_global_service_events=False,
            enable_log_file_validation=True,
            advanced_event_selectors=[
                cloudtrail.CfnTrail.AdvancedEventSelectorProperty(
                    name="Objects of evaldrop's buckets",
                    field_selectors=[
                        _field("eventCategory", equal_to=["Data"]),
                        _field("resources.type", equal_to=["AWS::S3::Object"]),
                        _field(
                            "resources.ARN",
                            starts_with=[
                                f"{bucket.bucket_arn}/" for bucket in (storage.input, storage.output)
                            ],
                        ),
                    ],
                )
            ],
        )
        # It is refused as long as it may not write.
        assert self.logs.policy
        made.node.add_dependency(self.logs.policy)

    def _let_write(self, trail: str) -> None:
        service = iam.ServicePrincipal("cloudtrail.amazonaws.com")
        only = {"aws:SourceArn": trail}
        self.logs.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[service],
                actions=["s3:GetBucketAcl"],
                resources=[self.logs.bucket_arn],
                conditions={"StringEquals": only},
            )
        )
        self.logs.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[service],
                actions=["s3:PutObject"],
                resources=[f"{self.logs.bucket_arn}/AWSLogs/{Aws.ACCOUNT_ID}/*"],
                conditions={"StringEquals": {**only, "s3:x-amz-acl": "bucket-owner-full-control"}},
            )
        )


def _field(
    name: str, *, equal_to: list[str] | None = None, starts_with: list[str] | None = None
) -> cloudtrail.CfnTrail.AdvancedFieldSelectorProperty:
    return cloudtrail.CfnTrail.AdvancedFieldSelectorProperty(
        field=name, equal_to=equal_to, starts_with=starts_with
    )


class Wall(Construct):
    """A web ACL before the APIs: an address that asks too often is refused for some minutes."""

    def __init__(
        self,
        scope: Construct,
        id: str,  # noqa: A002 - CDK's word
        *,
        apis: Iterable[apigateway.RestApi],
        most: int,
        settings: Settings,
    ) -> None:
        super().__init__(scope, id)
        name = f"{settings.stack_name}-api"

        def visible(what: str) -> waf.CfnWebACL.VisibilityConfigProperty:
            return waf.CfnWebACL.VisibilityConfigProperty(
                cloud_watch_metrics_enabled=True, metric_name=what, sampled_requests_enabled=False
            )

        acl = waf.CfnWebACL(
            self,
            "Acl",
            name=name,
            scope="REGIONAL",
            default_action=waf.CfnWebACL.DefaultActionProperty(allow={}),
            visibility_config=visible(name),
            rules=[
                waf.CfnWebACL.RuleProperty(
                    name="too-many",
                    priority=0,
                    action=waf.CfnWebACL.RuleActionProperty(block={}),
                    statement=waf.CfnWebACL.StatementProperty(
                        rate_based_statement=waf.CfnWebACL.RateBasedStatementProperty(
                            limit=most, aggregate_key_type="IP", evaluation_window_sec=300
                        )
                    ),
                    visibility_config=visible(f"{name}-too-many"),
                )
            ],
        )
        for api in apis:
            waf.CfnWebACLAssociation(
                self,
                f"Of{api.node.id}",
                resource_arn=api.deployment_stage.stage_arn,
                web_acl_arn=acl.attr_arn,
            )
