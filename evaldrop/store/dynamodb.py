"""
The store in a stack: one DynamoDB table; see `evaldrop.store.table` for its layout.

A run and the counters it moves are written in one transaction, and only where the run is as it was read: a
counter is always the sum over its runs.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from evaldrop.errors import AwsError, EvaldropError
from evaldrop.store import changes
from evaldrop.store.charges import (
    STACK,
    Account,
    By,
    Ceiling,
    Charge,
    Counter,
    ceilings,
    counting,
    limited,
    months_ceiling,
    requests_used_up,
)
from evaldrop.store.dynamodb_calls import DynamoTable
from evaldrop.store.dynamodb_items import (
    charge_in,
    counter_update,
    digest_key,
    key_of,
    requests_expire,
    run_item,
    run_key,
    run_of,
    stored_key,
    usage_key,
)
from evaldrop.store.model import (
    ChosenCandidate,
    Ending,
    Key,
    Limits,
    Page,
    RunQuery,
    StoredRun,
    Usage,
    in_utc,
)
from evaldrop.store.pages import key_after, page_of
from evaldrop.store.refusals import conflict, key_conflict, unknown_key, unknown_run
from evaldrop.store.table import ALL, EXPIRES, INDEXES, PK, SK, SORTED

# Each time another has written the same run in between.
_MOST_LOOKS = 20

Become = Callable[[StoredRun | None], StoredRun | None]
"""Returns what becomes of a run; None: it is to be gone."""
CeilingOf = Callable[[StoredRun | None, StoredRun], Ceiling | None]
"""Returns what must hold of the stack's month for a run to become what it is to; None: nothing."""


class DynamoStore:
    """See `evaldrop.store.protocol.Store`. What it cannot do is an AwsError."""

    def __init__(self, table: str, *, client: Any = None) -> None:
        """`client`: boto3's of DynamoDB, by default as boto3 is configured."""
        self._table = DynamoTable(client or _client(), table)

    def admit(self, run: StoredRun, limits: Limits, *, now: str) -> tuple[StoredRun, bool]:
        """Note a run, count it and reserve its estimate, all of it or nothing."""
        run = changes.admitted(run, in_utc(now))
        most = list(ceilings(run, limits, now))
        for _ in range(_MOST_LOOKS):
            if known := self._joined(run):
                return known, False
            if self._is_admitted(run, most):
                return run, True
        raise _too_busy(run.run_id)

    def _joined(self, run: StoredRun) -> StoredRun | None:
        """Return the run that is there already, held by this request as well; None where there is none."""
        joined: list[StoredRun] = []

        def become(known: StoredRun | None) -> StoredRun | None:
            joined[:] = [changes.joined(_same_request(known, run), run)] if known else []
            return joined[0] if joined else None

        self._change(run.run_id, become)
        return joined[0] if joined else None

    def _is_admitted(self, run: StoredRun, most: Sequence[Ceiling]) -> bool:
        """
        Note a run, and count it; return whether that was done, or the same request has done it meanwhile.

        Raises:
            LimitReached: A ceiling is reached.
        """
        for ceiling in most:
            # As if nothing had been used: too dear by itself is what no condition can refuse.
            ceiling.check(Charge())
        limited_by: dict[Counter, list[Ceiling]] = {}
        for ceiling in most:
            limited_by.setdefault(Counter(limited(run.owner), ceiling.period), []).append(ceiling)
        counters = counting(None, run)
        put = {"Item": run_item(run, 1), "ConditionExpression": f"attribute_not_exists({PK})"}
        updates = [
            ("Update", counter_update(counter, change, limited_by.get(counter, ())))
            for counter, change in counters.items()
        ]
        refused = self._table.write([("Put", put), *updates])
        if refused is None:
            return True
        # Looked at first: the place that is missing may have been taken by the same request.
        if self.run(run.run_id):
            return False
        # The run is the transaction's first action.
        reached = {
            counter.period: charge_in(refused.items[place])
            for place, counter in enumerate(counters, start=1)
            if place in refused.items
        }
        raise _first_reached(most, reached)

    def withdraw(self, run_id: str, holder: str | None = None) -> None:
        """Forget a run that was admitted and could not be begun, where nobody else holds it."""
        self._change(run_id, lambda known: changes.withdrawn(known, holder))

    def begin(self, run: StoredRun, *, monthly_usd: float | None = None) -> None:
        """Note that a run goes on, if the month has as much left."""
        if monthly_usd is None:
            self._change(run.run_id, lambda known: changes.begun(known, run))
            return

        def ceiling_of(known: StoredRun | None, begun: StoredRun) -> Ceiling | None:
            return months_ceiling(known, begun, monthly_usd)

        self._change(run.run_id, lambda known: changes.begun(known, run), ceiling_of)

    def end(self, run_id: str, ending: Ending, *, run: StoredRun | None = None) -> None:
        """Note how a run ended, and settle its estimate."""

        def become(known: StoredRun | None) -> StoredRun:
            known = known or (changes.begun(None, run) if run else None)
            if known is None:
                raise unknown_run(run_id)
            return changes.ended(known, ending, run)

        self._change(run_id, become)

    def choose(self, run_id: str, choice: ChosenCandidate) -> None:
        """Note which candidate was taken."""

        def become(known: StoredRun | None) -> StoredRun:
            if known is None:
                raise unknown_run(run_id)
            return changes.chosen(known, choice)

        self._change(run_id, become)

    def run(self, run_id: str) -> StoredRun | None:
        """Return a run."""
        item = self._table.get(run_key(run_id))
        return run_of(item) if item else None

    def runs(self, query: RunQuery) -> Page:
        """Return runs, the newest first."""
        found: list[StoredRun] = []
        for item in self._sorted(query):
            found.append(run_of(item))
            if len(found) > query.limit:
                break
        return page_of(found, query.limit)

    def rebuild(self, runs: Iterable[StoredRun]) -> int:
        """Note runs as their folders have them."""
        n = 0
        for run in runs:
            self._change(run.run_id, lambda known, run=run: changes.rebuilt(known, run))  # type: ignore[misc]
            n += 1
        return n

    def count_request(self, key_id: str, limits: Limits, *, now: str) -> None:
        """Count a request of a key."""
        day = in_utc(now)[:10]
        update: dict[str, Any] = {
            "Key": key_of(f"REQUESTS#{day}", key_id),
            "UpdateExpression": "ADD #n :one SET #expires = :expires",
            "ExpressionAttributeNames": {"#n": "n", "#expires": EXPIRES},
            "ExpressionAttributeValues": {":one": {"N": "1"}, ":expires": {"N": str(requests_expire(day))}},
        }
        if limits.requests_per_day is not None:
            update["ConditionExpression"] = "attribute_not_exists(#n) OR #n < :most"
            update["ExpressionAttributeValues"][":most"] = {"N": str(limits.requests_per_day)}
        if self._table.update(update) is not None:
            raise requests_used_up(limits, now)

    def usage(self, month: str, *, by: By) -> Mapping[str, Usage]:
        """Return what was used in a month."""
        items = self._all(f"USAGE#{by}#{month}")
        # A run that was withdrawn leaves a counter of nothing.
        return {item[SK]["S"][1:]: charge_in(item).usage() for item in items if any(charge_in(item))}

    def used(self, key_id: str, period: str) -> Usage:
        """Return what a key has used in a month or on a day."""
        return charge_in(self._table.get(usage_key(Counter(Account("key", key_id), period))) or {}).usage()

    def add_key(self, key: Key) -> None:
        """Keep a key."""
        is_new = f"attribute_not_exists({PK})"
        puts: list[tuple[str, Mapping[str, Any]]] = [
            ("Put", {"Item": stored_key(key), "ConditionExpression": is_new})
        ]
        if key.digest:
            item = {**digest_key(key.digest), "key_id": {"S": key.key_id}}
            puts.append(("Put", {"Item": item, "ConditionExpression": is_new}))
        if self._table.write(puts) is not None and self.key(key.key_id) != key:
            raise key_conflict(key.key_id)

    def revoke_key(self, key_id: str, *, now: str) -> None:
        """Revoke a key."""
        key = self.key(key_id)
        if key is None:
            raise unknown_key(key_id)
        if key.revoked_at is None:
            revoked = key.model_copy(update={"revoked_at": in_utc(now)})
            # Nothing else of a key ever changes: whoever is second has revoked it as well.
            self._table.write([("Put", {"Item": stored_key(revoked)})])

    def keys(self) -> tuple[Key, ...]:
        """Return all keys, by name."""
        keys = [Key.model_validate_json(item["body"]["S"]) for item in self._all("KEYS")]
        return tuple(sorted(keys, key=lambda key: (key.name, key.key_id)))

    def key(self, key_id: str) -> Key | None:
        """Return a key by its ID."""
        item = self._table.get(key_of("KEYS", key_id))
        return Key.model_validate_json(item["body"]["S"]) if item else None

    def key_of(self, digest: str) -> Key | None:
        """Return the key whose secret has this SHA-256, unless it is revoked."""
        item = self._table.get(digest_key(digest))
        key = self.key(item["key_id"]["S"]) if item else None
        return key if key and key.revoked_at is None else None

    def _change(self, run_id: str, become: Become, ceiling_of: CeilingOf | None = None) -> None:
        """
        Write what becomes of a run, and what it is charged, of it as it is at that moment.

        Raises:
            LimitReached: The stack's month has too little left for it.
        """
        for _ in range(_MOST_LOOKS):
            item = self._table.get(run_key(run_id))
            known = run_of(item) if item else None
            run = become(known)
            ceiling = ceiling_of(known, run) if ceiling_of and run else None
            if run == known or self._replaced(run_id, item, known, run, ceiling):
                return
        raise _too_busy(run_id)

    def _replaced(
        self,
        run_id: str,
        item: Mapping[str, Any] | None,
        known: StoredRun | None,
        run: StoredRun | None,
        ceiling: Ceiling | None = None,
    ) -> bool:
        """
        Write a run unless another has since it was read; return whether it was written.

        Raises:
            LimitReached: The stack's ceiling is reached.
        """
        counted = counting(known, run)
        stack = Counter(STACK, ceiling.period) if ceiling else None
        if ceiling and stack:
            # As if nothing had been used: too dear by itself is what no condition can refuse. What was
            # counted at its admission changes no counter now, and so a look is enough.
            used = {} if stack in counted else self._table.get(usage_key(stack)) or {}
            ceiling.check(charge_in(used))
        version = int(item["version"]["N"]) if item else 0
        condition: dict[str, Any] = {"ConditionExpression": f"attribute_not_exists({PK})"}
        if item:
            condition = {
                "ConditionExpression": "#version = :version",
                "ExpressionAttributeNames": {"#version": "version"},
                "ExpressionAttributeValues": {":version": item["version"]},
            }
        action: tuple[str, Mapping[str, Any]] = ("Delete", {"Key": run_key(run_id), **condition})
        if run is not None:
            action = ("Put", {"Item": run_item(run, version + 1), **condition})
        updates = [
            ("Update", counter_update(counter, change, [ceiling] if ceiling and counter == stack else ()))
            for counter, change in counted.items()
        ]
        refused = self._table.write([action, *updates])
        # The run is the transaction's first action. Another may have written it: then it is looked at again.
        if refused and ceiling and stack in counted and 0 not in refused.items:
            raise ceiling.reached()
        return refused is None

    def _sorted(self, query: RunQuery) -> Iterator[Mapping[str, Any]]:
        """Yield the items of runs that a query asks for, the newest first."""
        asked = {what: getattr(query, what, None) for what in INDEXES}
        given = {INDEXES[what]: value for what, value in asked.items() if value is not None}
        index, value = next(iter(given.items()), (INDEXES["all"], ALL))
        after = "#".join(key_after(query.after)) if query.after is not None else None
        # No run is sorted at these bounds themselves, but for the last of the page before.
        high = min(bound for bound in (query.until, after, "~") if bound)
        names = {"#index": index, "#sorted": SORTED}
        values = {":index": {"S": value}, ":low": {"S": query.since or " "}, ":high": {"S": high}}
        filters = {name: value for name, value in given.items() if name != index}
        for n, (name, wanted) in enumerate(filters.items()):
            names[f"#filter{n}"], values[f":filter{n}"] = name, {"S": wanted}
        pages: dict[str, Any] = {
            "IndexName": index,
            "KeyConditionExpression": "#index = :index AND #sorted BETWEEN :low AND :high",
            "ExpressionAttributeNames": names,
            "ExpressionAttributeValues": values,
            "ScanIndexForward": False,
            "Limit": max(query.limit + 2, 100 if filters else 0),
        }
        if filters:
            pages["FilterExpression"] = " AND ".join(f"#filter{n} = :filter{n}" for n in range(len(filters)))
        yield from (item for item in self._pages(pages) if item[SORTED]["S"] != after)

    def _all(self, pk: str) -> Iterator[Mapping[str, Any]]:
        return self._pages(
            {
                "KeyConditionExpression": "#pk = :pk",
                "ExpressionAttributeNames": {"#pk": PK},
                "ExpressionAttributeValues": {":pk": {"S": pk}},
                "ConsistentRead": True,
            }
        )

    def _pages(self, asked: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        begin: dict[str, Any] = {}
        while True:
            page = self._table.query(**asked, **begin)
            yield from page["Items"]
            if not (last := page.get("LastEvaluatedKey")):
                return
            begin = {"ExclusiveStartKey": last}


def _client() -> Any:
    import boto3
    from botocore.config import Config

    # A function has little time: the longest that one answer is waited for.
    config = Config(retries={"mode": "standard", "total_max_attempts": 4}, connect_timeout=2, read_timeout=5)
    return boto3.client("dynamodb", config=config)


def _same_request(known: StoredRun, run: StoredRun) -> StoredRun:
    if known.request_sha256 != run.request_sha256:
        raise conflict(run.run_id)
    return known


def _first_reached(most: Iterable[Ceiling], used: Mapping[str, Charge]) -> EvaldropError:
    """Return the first limit that was reached, by what was used of a period when it was refused."""
    ceilings_of = [ceiling for ceiling in most if ceiling.period in used]
    for ceiling in ceilings_of:
        if ceiling.is_reached(used[ceiling.period]):
            return ceiling.reached()
    if not ceilings_of:
        return AwsError("the run was refused, and is not there: it was withdrawn meanwhile. Ask again.")
    return ceilings_of[0].reached()


def _too_busy(run_id: str) -> AwsError:
    return AwsError(f"run {run_id} was not noted: others write it all the time")
