"""The table of runs, keys and what they have used: evaldrop.store.table says how it is laid out."""

from aws_cdk import RemovalPolicy
from aws_cdk import aws_dynamodb as dynamodb
from constructs import Construct

from evaldrop.store.table import EXPIRES, INDEXES, PK, SK, SORTED
from infra.functions import Step
from infra.settings import Settings
from infra.storage import Storage

_WRITING = ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"]
_ADMITTING = ["dynamodb:DeleteItem"]
_ASKING = ["dynamodb:Query"]
_WITH_KEY = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey"]


class History(Construct):
    """One table on demand: nothing is paid for while nobody runs anything."""

    def __init__(self, scope: Construct, id: str, *, storage: Storage, settings: Settings) -> None:  # noqa: A002 - CDK's word
        super().__init__(scope, id)
        self._key = storage.key
        self.table = _table(self, storage, settings)
        for index in INDEXES.values():
            self.table.add_global_secondary_index(
                index_name=index, partition_key=_text(index), sort_key=_text(SORTED)
            )

    @property
    def store(self) -> str:
        """The store's URI, as functions are told it."""
        return f"dynamodb:{self.table.table_name}"

    def let_note(self, step: Step) -> None:
        """Let a function note how runs go on and end, with what they have used."""
        self._let(step, _WRITING)

    def let_ask(self, step: Step) -> None:
        """Let a function ask for runs and keys, admit runs and take them back."""
        self._let(step, _WRITING + _ADMITTING + _ASKING)
        step.allow(_ASKING, [f"{self.table.table_arn}/index/{index}" for index in INDEXES.values()])

    def _let(self, step: Step, actions: list[str]) -> None:
        step.tell("EVALDROP_STORE", self.store)
        step.allow(actions, [self.table.table_arn])
        if self._key:
            # DynamoDB uses the key in its caller's name.
            step.allow(_WITH_KEY, [self._key.key_arn])


class RunBudgets(Construct):
    """
    What runs have spent of their budgets, where there is no history: the same table without its indexes.

    Nothing is paid for it while no run has a budget.
    """

    def __init__(self, scope: Construct, id: str, *, storage: Storage, settings: Settings) -> None:  # noqa: A002 - CDK's word
        super().__init__(scope, id)
        self.table = _table(self, storage, settings)


def _table(scope: Construct, storage: Storage, settings: Settings) -> dynamodb.Table:
    encrypted = storage.encryption_key is not None
    # Not TableV2, a GlobalTable: a local AWS makes none.
    return dynamodb.Table(
        scope,
        "Table",
        partition_key=_text(PK),
        sort_key=_text(SK),
        billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
        point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
            point_in_time_recovery_enabled=True
        ),
        time_to_live_attribute=EXPIRES,
        encryption=dynamodb.TableEncryption.CUSTOMER_MANAGED
        if encrypted
        else dynamodb.TableEncryption.DEFAULT,
        encryption_key=storage.encryption_key,
        deletion_protection=not settings.delete_with_stack,
        removal_policy=RemovalPolicy.DESTROY if settings.delete_with_stack else RemovalPolicy.RETAIN,
    )


def _text(name: str) -> dynamodb.Attribute:
    return dynamodb.Attribute(name=name, type=dynamodb.AttributeType.STRING)
