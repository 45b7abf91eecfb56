"""`evaldrop keys`: who may use the API, and how much."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from evaldrop.cli.options import AsJson
from evaldrop.cli.output import print_json, shown, stderr, stdout
from evaldrop.cli.stores import OutOrStack, StackInstead, chosen_store, store_here, store_of_stack

if TYPE_CHECKING:
    from evaldrop.store.model import Key, Limits

keys = typer.Typer(
    name="keys",
    help="""
    Make, list and revoke the keys of the API: of `evaldrop serve` on this machine, or of a deployed stack.

    Examples:

        evaldrop keys create ci --customer acme --usd-per-month 50

        evaldrop keys create ci --stack evaldrop --role viewer

        evaldrop keys revoke KEY_ID
    """,
    no_args_is_help=True,
    rich_markup_mode="markdown",
)

KeyRole = StrEnum("KeyRole", ["VIEWER", "RUNNER", "ADMIN"])


@keys.command("create")
def create(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What people call it.")],
    customer: Annotated[
        str | None, typer.Option("--customer", metavar="NAME", help="On whose account its runs go.")
    ] = None,
    may_charge: Annotated[
        list[str] | None,
        typer.Option(
            "--may-charge",
            metavar="NAME",
            help="A customer on whose account a request may put its run, too; once for each. An admin's key "
            "may name any.",
        ),
    ] = None,
    user: Annotated[str | None, typer.Option("--user", metavar="NAME", help="Whose it is.")] = None,
    role: Annotated[
        KeyRole,
        typer.Option(
            "--role",
            help="viewer reads its own runs; runner starts and stops runs, too; admin sees and stops all.",
        ),
    ] = KeyRole.RUNNER,
    requests_per_second: Annotated[
        float | None,
        typer.Option("--requests-per-second", min=0.1, help="10 by default; of a stack, its plan's."),
    ] = None,
    burst: Annotated[
        int | None, typer.Option("--burst", min=1, help="Requests at once; 20 by default.")
    ] = None,
    requests_per_day: Annotated[
        int | None, typer.Option("--requests-per-day", min=0, help="500 by default; 0 for any number.")
    ] = None,
    runs_per_month: Annotated[
        int | None, typer.Option("--runs-per-month", min=0, help="5,000 by default; 0 for any number.")
    ] = None,
    usd_per_day: Annotated[
        float | None, typer.Option("--usd-per-day", min=0, help="Dollars; any sum by default.")
    ] = None,
    usd_per_month: Annotated[
        float | None, typer.Option("--usd-per-month", min=0, help="Dollars; any sum by default.")
    ] = None,
    out: OutOrStack = None,
    stack: StackInstead = None,
    as_json: AsJson = False,
) -> None:
    """
    Make a key and print its secret, which is shown this once and kept nowhere.

    Days and months are UTC's. Of a run its estimate counts until it has ended, and then what it cost.

    Examples:

        evaldrop keys create ci --customer acme --usd-per-month 50

        evaldrop keys create nightly --stack evaldrop --runs-per-month 100
    """
    from evaldrop.run.request import Owner

    given = {
        "requests_per_second": requests_per_second,
        "burst": burst,
        "requests_per_day": requests_per_day,
        "runs_per_month": runs_per_month,
        "usd_per_day": usd_per_day,
        "usd_per_month": usd_per_month,
    }
    about = {
        "name": name,
        "role": role.value,
        "owner": Owner(user=user, customer=customer),
        "customers": tuple(may_charge or ()),
    }
    make = _made_here if out is not None or stack is None else _made_in_stack
    key, secret = make(about, given, out or stack)
    if as_json:
        print_json({**_document(key), "secret": secret})
        return
    stderr().print(f"key {shown(key.key_id)} ({shown(key.name)}). Its secret is shown this once:")
    stdout().print(shown(secret), soft_wrap=True)


@keys.command("list")
def list_keys(out: OutOrStack = None, stack: StackInstead = None, as_json: AsJson = False) -> None:
    """
    List the keys, those that are revoked too, with their limits; never a secret.

    Example:

        evaldrop keys list --json
    """
    from evaldrop.cli.tables.keys import print_keys

    found = chosen_store(out, stack).keys()
    if as_json:
        print_json([_document(key) for key in found])
    elif found:
        print_keys(stdout(), found)
    else:
        stderr().print("there is no key yet. evaldrop keys create NAME makes one.")


@keys.command("revoke")
def revoke(
    key_id: Annotated[str, typer.Argument(metavar="KEY_ID", help="As evaldrop keys list shows it.")],
    out: OutOrStack = None,
    stack: StackInstead = None,
) -> None:
    """
    Revoke a key, at once and for good. Runs that it has started go on.

    Example:

        evaldrop keys revoke key-3f9c21a0b4d85e67
    """
    now = datetime.now(UTC).isoformat()
    if out is not None or stack is None:
        store_here(out, make=False).revoke_key(key_id, now=now)
    else:
        from evaldrop.running.deployed.api_keys import remove_key
        from evaldrop.running.deployed.clients import client
        from evaldrop.running.deployed.stack import deployed_stack

        deployed = deployed_stack(stack)
        # Here first: from then on it opens nothing, whatever becomes of the rest.
        store_of_stack(deployed).revoke_key(key_id, now=now)
        remove_key(client("apigateway"), deployed.usage_plan or "", key_id)
    stderr().print(f"key {shown(key_id)} is revoked.")


def _made_here(about: dict[str, Any], given: dict[str, Any], out: str | None) -> "tuple[Key, str]":
    import hashlib
    import secrets

    from evaldrop.store.model import Key, Limits

    secret = f"evd_{secrets.token_urlsafe(32)}"
    key = Key(
        key_id=f"key-{secrets.token_hex(8)}",
        digest=hashlib.sha256(secret.encode()).hexdigest(),
        created_at=datetime.now(UTC).isoformat(),
        limits=_limited(Limits(), given),
        **about,
    )
    store_here(out, make=True).add_key(key)
    return key, secret


def _made_in_stack(about: dict[str, Any], given: dict[str, Any], stack: str | None) -> "tuple[Key, str]":
    from evaldrop.errors import InputError
    from evaldrop.running.deployed.api_keys import make_key, plan_limits, remove_key
    from evaldrop.running.deployed.clients import client
    from evaldrop.running.deployed.stack import deployed_stack
    from evaldrop.store.model import Key, Limits

    deployed = deployed_stack(str(stack))
    store, plan = store_of_stack(deployed), deployed.usage_plan
    if plan is None:
        raise InputError(f'stack "{deployed.name}" has no API: set `api` in cdk.json, and deploy it again.')
    gateway = client("apigateway")
    limits = _limited(plan_limits(gateway, plan, Limits()), given)
    made = make_key(gateway, plan, about["name"], limits)
    key = Key(key_id=made.key_id, created_at=datetime.now(UTC).isoformat(), limits=limits, **about)
    try:
        store.add_key(key)
    except BaseException:
        remove_key(gateway, plan, made.key_id)
        raise
    return key, made.secret


def _limited(limits: "Limits", given: dict[str, Any]) -> "Limits":
    counts = ("requests_per_day", "runs_per_month")
    changes = {name: value for name, value in given.items() if value is not None}
    return limits.model_copy(
        update={name: None if name in counts and not value else value for name, value in changes.items()}
    )


def _document(key: "Key") -> dict[str, Any]:
    return key.model_dump(mode="json", exclude={"digest"})
