"""The items of the DynamoDB table, out of the store's values and back; see `evaldrop.store.table`."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from evaldrop.store.charges import Ceiling, Charge, Counter
from evaldrop.store.model import Key, StoredRun
from evaldrop.store.table import ALL, EXPIRES, INDEXES, PK, SK, SORTED

Item = Mapping[str, Mapping[str, Any]]
"""DynamoDB's own form: `{"pk": {"S": "…"}}`."""

DOLLARS = "dollars"
"""`spent` and `reserved` together: a condition cannot add."""

# Long enough for the slowest run to be settled on the day it was admitted.
_DAYS_KEPT = 62
_REQUESTS_KEPT = 2


def key_of(pk: str, sk: str) -> dict[str, dict[str, str]]:
    """Return an item's primary key."""
    return {PK: {"S": pk}, SK: {"S": sk}}


def run_key(run_id: str) -> dict[str, dict[str, str]]:
    """Return the primary key of a run."""
    return key_of(f"RUN#{run_id}", "RUN")


def run_item(run: StoredRun, version: int) -> Item:
    """Return a run's item. `version` tells whether another has written since it was read."""
    places = {
        "key_id": run.owner.key_id,
        "user": run.owner.user,
        "customer": run.owner.customer,
        "evaluation": run.evaluation,
        "state": run.state,
        "all": ALL,
    }
    return {
        **run_key(run.run_id),
        SORTED: {"S": f"{run.started_at}#{run.run_id}"},
        **{INDEXES[what]: {"S": value} for what, value in places.items() if value},
        "version": {"N": str(version)},
        "body": {"S": run.model_dump_json()},
    }


def run_of(item: Item) -> StoredRun:
    """Return the run of an item."""
    return StoredRun.model_validate_json(item["body"]["S"])


def usage_key(counter: Counter) -> dict[str, dict[str, str]]:
    """Return the primary key of a counter."""
    by, name = counter.account
    # A key of an item is never empty, and nobody's name is.
    return key_of(f"USAGE#{by}#{counter.period}", f"={name}")


def charge_in(item: Item) -> Charge:
    """Return what is counted in an item; nothing in one that is not there."""
    return Charge(*(int(item[name]["N"]) if name in item else 0 for name in Charge._fields))


def stored_key(key: Key) -> Item:
    """Return a key's item."""
    return {**key_of("KEYS", key.key_id), "body": {"S": key.model_dump_json()}}


def digest_key(digest: str) -> dict[str, dict[str, str]]:
    """Return the primary key of what says whose secret has this SHA-256."""
    return key_of(f"DIGEST#{digest}", "KEY")


def counter_update(counter: Counter, change: Charge, ceilings: Sequence[Ceiling] = ()) -> dict[str, Any]:
    """Return the update of a counter, which holds only below the ceilings."""
    added = {**change._asdict(), DOLLARS: change.dollars}
    added = {name: amount for name, amount in added.items() if amount}
    values = {f":{name}": {"N": str(amount)} for name, amount in added.items()}
    names = {f"#{name}": name for name in added}
    expression = f"ADD {', '.join(f'#{name} :{name}' for name in added)}"
    if len(counter.period) > len("2026-11"):
        expression += " SET #expires = :expires"
        names["#expires"] = EXPIRES
        values[":expires"] = {"N": str(_expiry(counter.period, _DAYS_KEPT))}
    conditions = []
    for ceiling in ceilings:
        for name, most in (("runs", ceiling.runs), (DOLLARS, ceiling.dollars)):
            if most is not None:
                conditions.append(f"(attribute_not_exists(#{name}) OR #{name} <= :most_{name})")
                names[f"#{name}"] = name
                values[f":most_{name}"] = {"N": str(most)}
    update = {
        "Key": usage_key(counter),
        "UpdateExpression": expression,
        "ExpressionAttributeNames": names,
        "ExpressionAttributeValues": values,
    }
    if conditions:
        update["ConditionExpression"] = " AND ".join(conditions)
        update["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
    return update


def requests_expire(day: str) -> int:
    """Return when a day's requests may be forgotten, in seconds since 1970."""
    return _expiry(day, _REQUESTS_KEPT)


def _expiry(day: str, days: int) -> int:
    return int((datetime.fromisoformat(day).replace(tzinfo=UTC) + timedelta(days=days)).timestamp())
