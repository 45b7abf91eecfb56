"""The topic that people are told on: gate decisions, failures, refusals, alarms, budgets."""

from aws_cdk import CfnCondition, CfnParameter, Fn
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from constructs import Construct

from infra.settings import Settings
from infra.storage import OF_THIS_ACCOUNT


class Notifications(Construct):
    """A topic, with a subscription when the stack's NotificationEmail parameter names an address."""

    def __init__(self, scope: Construct, id: str, *, settings: Settings, key: kms.Key | None) -> None:  # noqa: A002 - CDK's word
        super().__init__(scope, id)
        self.topic = sns.Topic(self, "Topic", display_name="evaldrop", enforce_ssl=True, master_key=key)
        for service in ("budgets", "cloudwatch"):
            self.topic.add_to_resource_policy(
                iam.PolicyStatement(
                    sid=f"{service.capitalize()}OfThisAccount",
                    principals=[iam.ServicePrincipal(f"{service}.amazonaws.com")],
                    actions=["sns:Publish"],
                    resources=[self.topic.topic_arn],
                    conditions=OF_THIS_ACCOUNT,
                )
            )
        email = CfnParameter(
            self,
            "NotificationEmail",
            default=settings.notification_email or "",
            description="Who is told of decisions, failures and alarms; empty for nobody.",
        )
        email.override_logical_id("NotificationEmail")
        wanted = CfnCondition(self, "HasEmail", expression=Fn.condition_not(Fn.condition_equals(email, "")))
        subscription = sns.CfnSubscription(
            self,
            "Email",
            topic_arn=self.topic.topic_arn,
            protocol="email",
            endpoint=email.value_as_string,
        )
        subscription.cfn_options.condition = wanted
