"""Monthly budgets of the whole account: a model's cost is in the bill of whoever sells it."""

from aws_cdk import Aws
from aws_cdk import aws_budgets as budgets
from constructs import Construct

from infra.notifications import Notifications
from infra.settings import Settings

# Percent of the budget, and of what.
_WARNINGS = ((80, "ACTUAL"), (100, "ACTUAL"), (100, "FORECASTED"))


REGIONS = frozenset({
    "ap-northeast-1", "ap-northeast-2", "ap-south-1", "ap-southeast-1", "ap-southeast-2", "ca-central-1",
    "cn-north-1", "cn-northwest-1", "eu-central-1", "eu-west-1", "eu-west-2", "eu-west-3", "eusc-de-east-1",
    "me-south-1", "sa-east-1", "us-east-1", "us-east-2", "us-west-1", "us-west-2",
})  # fmt: skip
"""
Where CloudFormation knows AWS::Budgets::Budget (its registry by Region, as cfn-lint has it). Elsewhere it
refuses a template that has one, whatever its conditions say.
"""


def budgets_note(settings: Settings, region: str | None) -> str | None:
    """Say what comes of the budgets that a person might not expect, or None."""
    if not settings.budgets_usd:
        return None
    if region and region not in REGIONS:
        return (
            f"budgets_usd: CloudFormation has no budgets in {region}, and they are left out. A budget is of "
            "the whole account: `aws budgets create-budget`, or a stack in another Region, makes it."
        )
    if settings.budget_emails or settings.notification_email:
        return None
    return (
        "budgets_usd: nobody hears of the budgets unless the parameter NotificationEmail names an address: "
        "set budget_emails or notification_email."
    )


class Budgets(Construct):
    """A budget per amount in the settings, told by e-mail, or on the topic when there is no address."""

    def __init__(
        self,
        scope: Construct,
        id: str,  # noqa: A002 - CDK's word
        *,
        notifications: Notifications,
        settings: Settings,
    ) -> None:
        super().__init__(scope, id)
        told = [("EMAIL", email) for email in settings.budget_emails]
        told = told or [("SNS", notifications.topic.topic_arn)]
        subscribers = [
            budgets.CfnBudget.SubscriberProperty(subscription_type=kind, address=address)
            for kind, address in told
        ]
        for amount in settings.budgets_usd:
            budgets.CfnBudget(
                self,
                f"Monthly{amount:g}Usd".replace(".", "Point"),
                budget=budgets.CfnBudget.BudgetDataProperty(
                    # Budgets are of the account, not of a Region: two Regions' stacks of one name have two.
                    budget_name=f"{settings.stack_name}-{Aws.REGION}-{amount:g}-usd",
                    budget_type="COST",
                    time_unit="MONTHLY",
                    budget_limit=budgets.CfnBudget.SpendProperty(amount=amount, unit="USD"),
                ),
                notifications_with_subscribers=[
                    budgets.CfnBudget.NotificationWithSubscribersProperty(
                        notification=budgets.CfnBudget.NotificationProperty(
                            notification_type=kind,
                            comparison_operator="GREATER_THAN",
                            threshold=percent,
                            threshold_type="PERCENTAGE",
                        ),
                        subscribers=subscribers,
                    )
                    for percent, kind in _WARNINGS
                ],
            )
