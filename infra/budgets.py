"""Monthly budgets of the whole account: a model's cost is in the bill of whoever sells it."""

from aws_cdk import aws_budgets as budgets
from constructs import Construct

from infra.notifications import Notifications
from infra.settings import Settings

# Percent of the budget, and of what.
_WARNINGS = ((80, "ACTUAL"), (100, "ACTUAL"), (100, "FORECASTED"))


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
                    budget_name=f"{settings.stack_name}-{amount:g}-usd",
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
