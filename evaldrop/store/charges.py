"""
What a run uses up, and of whose: in whole millionths of a dollar, so that sums are exact.

A counter is nothing but the sum of its runs' charges: whatever happens to a run, what it was charged before
is taken back in the same transaction.
"""

import calendar
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Literal, NamedTuple

from evaldrop.errors import LimitReached
from evaldrop.run.request import Owner
from evaldrop.store.model import Limits, StoredRun, Usage, in_utc

By = Literal["customer", "key", "user", "stack"]

_MICROS = 1_000_000


class Charge(NamedTuple):
    """
    What is used up. `spent` of runs that have ended, `reserved` of those that go on, in micro-dollars.

    `estimated` is as much of `spent` as nobody knows the cost of, and is by runs' estimates.
    """

    runs: int = 0
    records: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    spent: int = 0
    reserved: int = 0
    estimated: int = 0

    @property
    def dollars(self) -> int:
        """Micro-dollars that are no longer to be had."""
        return self.spent + self.reserved

    def less(self, other: "Charge") -> "Charge":
        """Return the difference to another."""
        return Charge(*(mine - theirs for mine, theirs in zip(self, other, strict=True)))

    def usage(self) -> Usage:
        """Return it as people read it."""
        return Usage(
            runs=self.runs,
            records=self.records,
            input_tokens=self.input_tokens,
            output_tokens=self.output_tokens,
            usd=self.spent / _MICROS,
            reserved_usd=self.reserved / _MICROS,
            estimated_usd=self.estimated / _MICROS,
        )


class Account(NamedTuple):
    """Whose is counted: a customer's, key's or user's; "" is nobody's. The stack's is everybody's."""

    by: By
    name: str


STACK = Account("stack", "")


def micros(usd: float) -> int:
    """Return dollars in micro-dollars."""
    return round(usd * _MICROS)


def charge_of(run: StoredRun) -> Charge:
    """
    Return what a run is charged as it is now. What it cost is its estimate as long as nobody knows.

    A rehearsal uses nothing; one that was admitted is charged as if it did, so that limits can be rehearsed.
    """
    ending = run.ending
    if run.simulated and run.admitted_at is None:
        return Charge(runs=1, records=(ending.records or 0) if ending else 0)
    estimate, rest = micros(run.estimate_usd or 0), micros(run.rest_usd or 0)
    if ending is None:
        return Charge(runs=1, reserved=estimate + rest)
    return Charge(
        runs=1,
        records=ending.records or 0,
        input_tokens=ending.input_tokens,
        output_tokens=ending.output_tokens,
        spent=estimate if ending.cost_usd is None else micros(ending.cost_usd),
        reserved=rest,
        estimated=estimate if ending.cost_usd is None else micros(ending.estimated_usd),
    )


class Counter(NamedTuple):
    """What an account has used in a month or on a day."""

    account: Account
    period: str


def counting(before: StoredRun | None, after: StoredRun | None) -> dict[Counter, Charge]:
    """Return what changes in which counters: what a run was charged is taken back, what it is now charged."""
    changes: defaultdict[Counter, Charge] = defaultdict(Charge)
    for counter, charge in _charged(after).items():
        changes[counter] = charge
    for counter, charge in _charged(before).items():
        changes[counter] = changes[counter].less(charge)
    return {counter: change for counter, change in changes.items() if any(change)}


def _charged(run: StoredRun | None) -> dict[Counter, Charge]:
    if run is None:
        return {}
    charge, day = charge_of(run), (run.admitted_at or run.started_at)[:10]
    owner = run.owner
    customer = Account("customer", owner.customer or "")
    key, user = Account("key", owner.key_id or ""), Account("user", owner.user or "")
    months = {Counter(account, day[:7]): charge for account in (customer, key, user, STACK)}
    # A customer has no limits, and so no days; the stack has none of a day.
    return {**months, **{Counter(account, day): charge for account in (key, user)}}


def limited(owner: Owner) -> Account:
    """Return the account whose limits hold: the key's, or without one, as after a sign-in, the user's."""
    if owner.user and not owner.key_id:
        return Account("user", owner.user)
    return Account("key", owner.key_id or "")


class Ceiling(NamedTuple):
    """
    The most that may be used before another run is admitted; None: any.

    Attributes:
        period: A month or a day.
        runs: No more than so many runs.
        dollars: No more than so many micro-dollars; below 0: the run alone is too dear.
        why: What to say over it.
    """

    period: str
    runs: int | None
    dollars: int | None
    why: str
    retry_after_s: int

    def check(self, used: Charge) -> None:
        """
        Refuse a run for which nothing is left.

        Raises:
            LimitReached: Too much is used.
        """
        if self.is_reached(used):
            raise self.reached()

    def is_reached(self, used: Charge) -> bool:
        """Tell whether too much is used."""
        too_many = self.runs is not None and used.runs > self.runs
        return too_many or (self.dollars is not None and used.dollars > self.dollars)

    def reached(self) -> LimitReached:
        """Return the refusal."""
        return LimitReached(self.why, retry_after_s=self.retry_after_s)


def ceilings(run: StoredRun, limits: Limits, now: str) -> Iterator[Ceiling]:
    """Yield what must hold for a run to be admitted, in the order in which it is looked at."""
    moment = in_utc(now)
    day, month = moment[:10], moment[:7]
    to_day, to_month = _seconds_left_of_day(moment), _seconds_left_of_month(moment)
    if limits.runs_per_month is not None:
        why = f"{_counted(limits.runs_per_month, 'run')} a month is the most, and none is left."
        yield Ceiling(month, limits.runs_per_month - 1, None, why, to_month)
    # What certainly costs nothing, such as a rehearsal, may always run.
    if run.estimate_usd is not None and micros(run.estimate_usd) == 0:
        return
    for period, word, usd, seconds in (
        (day, "day", limits.usd_per_day, to_day),
        (month, "month", limits.usd_per_month, to_month),
    ):
        if usd is not None:
            # Of unknown cost: there has to be something left.
            least = 1 if run.estimate_usd is None else micros(run.estimate_usd)
            asked = "of unknown cost" if run.estimate_usd is None else f"for about ${run.estimate_usd:,.2f}"
            why = f"${usd:,.2f} a {word} is the most, and too little of it is left for a run {asked}."
            yield Ceiling(period, None, micros(usd) - least, why, seconds)


def months_ceiling(known: StoredRun | None, begun: StoredRun, usd: float) -> Ceiling | None:
    """
    Return what must hold of the stack's month for a run to begin, or to go on; None where nothing must.

    Args:
        known: The run as it was noted.
        begun: As it is to be noted: its estimate, or what its rest may cost, is what it reserves.
        usd: The most that all runs of its month may cost together.
    """
    more = charge_of(begun).dollars
    if begun.rest_usd is not None:
        more -= charge_of(known).dollars if known else 0
        if more <= 0:
            return None
    elif not _is_to_begin(known):
        return None
    whose = "a run that may cost" if begun.rest_usd is None else "the rest of a run, which may cost"
    fewer = "evaluate fewer records (--limit)" if begun.rest_usd is None else "give it a smaller --budget"
    month = (begun.admitted_at or begun.started_at)[:7]
    why = (
        f"${usd:,.2f} a month (monthly_budget_usd) is the most that this stack spends, and too little of "
        f"{month}'s is left for {whose} ${more / _MICROS:,.2f}. Runs under way are counted "
        f"with the most that they may cost: wait for them, {fewer}, or have whoever "
        "deploys this stack raise it (cdk.json)."
    )
    # The estimate of what was admitted is counted already.
    is_counted = begun.rest_usd is None and begun.admitted_at is not None
    least = 0 if is_counted else more
    return Ceiling(month, None, micros(usd) - least, why, _seconds_left_of_month(in_utc(begun.started_at)))


def _is_to_begin(known: StoredRun | None) -> bool:
    """
    Tell whether a run may still be refused: it has not been held against the month.

    Not by its state: StartRun notes a run before anybody knows what it may cost.
    """
    if known is None:
        return True
    return known.ending is None and (known.admitted_at is not None or known.estimate_usd is None)


def requests_used_up(limits: Limits, now: str) -> LimitReached:
    """Return the refusal of one request too many on a day."""
    why = f"{_counted(limits.requests_per_day or 0, 'request')} a day is the most, and none is left."
    return LimitReached(why, retry_after_s=_seconds_left_of_day(in_utc(now)))


def _counted(n: int, noun: str) -> str:
    return f"1 {noun}" if n == 1 else f"{n:,} {noun}s"


def _seconds_left_of_day(moment: str) -> int:
    hours, minutes, seconds = (int(part) for part in moment[11:19].split(":"))
    return 86_400 - (hours * 60 + minutes) * 60 - seconds


def _seconds_left_of_month(moment: str) -> int:
    date = datetime.fromisoformat(moment).astimezone(UTC)
    days = calendar.monthrange(date.year, date.month)[1]
    return _seconds_left_of_day(moment) + (days - date.day) * 86_400
