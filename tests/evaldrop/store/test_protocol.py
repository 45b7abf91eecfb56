"""What every store does, whichever it is."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from evaldrop.errors import Conflict, InputError, LimitReached
from evaldrop.run.request import Owner
from evaldrop.store.model import ChosenCandidate, Limits, RunQuery, Usage
from tests.evaldrop.store.stores import ACME, NOW, a_key, a_run, an_ending

NO_LIMITS = Limits(requests_per_day=None, runs_per_month=None)
LATER = "2026-12-01T00:00:00+00:00"


def ids(page):
    return [run.run_id for run in page.runs]


def at_once(count, call):
    """Call from so many threads at the same moment, and return what each was answered; None: LimitReached."""
    barrier = Barrier(count)

    def one(number):
        barrier.wait()
        try:
            return call(number)
        except LimitReached:
            return None

    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(one, range(count)))


# moto answers one call at a time, and each looks through its whole table: more threads would wait longer for
# the same. In both, several more come than are let in.
CLIENTS = {"SqliteStore": 200, "DynamoStore": 24}


def test_of_many_at_once_exactly_those_are_admitted_for_whom_something_is_left(store):
    # Each of three keys has another limit, and 10 cents are reserved for a run.
    limits = [Limits(runs_per_month=5), Limits(usd_per_day=0.45), Limits(usd_per_month=0.3)]
    most = [5, 4, 3]

    def admit(number):
        run = a_run(f"r{number}", owner=Owner(key_id=f"k{number % 3}"))
        return store.admit(run, limits[number % 3], now=NOW)

    answers = at_once(CLIENTS[type(store).__name__], admit)

    assert sum(answer is not None for answer in answers) == len(store.runs(RunQuery()).runs) == sum(most)
    for number in range(3):
        used = store.used(f"k{number}", "2026-11")
        assert used == Usage(runs=most[number], reserved_usd=most[number] / 10)
        assert store.used(f"k{number}", "2026-11-29") == used


def test_a_request_sent_many_times_at_once_is_noted_and_counted_once(store):
    limits = Limits(runs_per_month=1, usd_per_day=0.1)

    answers = at_once(20, lambda _: store.admit(a_run(), limits, now=NOW))

    assert sorted(is_new for _, is_new in answers) == [False] * 19 + [True]
    assert {run.run_id for run, _ in answers} == {"r1"}
    assert store.used("k1", "2026-11") == Usage(runs=1, reserved_usd=0.1)


def test_another_request_of_the_same_id_is_a_conflict(store):
    store.admit(a_run(), NO_LIMITS, now=NOW)

    with pytest.raises(Conflict, match='run "r1"'):
        store.admit(a_run(request_sha256="b" * 64), NO_LIMITS, now=NOW)

    assert store.used("k1", "2026-11").runs == 1


@pytest.mark.parametrize(
    ("limits", "says", "seconds"),
    [
        (Limits(runs_per_month=1), "1 run a month", 38 * 3600),
        (Limits(usd_per_day=0.15), r"\$0.15 a day", 14 * 3600),
        (Limits(usd_per_month=0.15), r"\$0.15 a month", 38 * 3600),
        (Limits(runs_per_month=1, usd_per_day=0.15), "1 run a month", 38 * 3600),
        (Limits(usd_per_day=5, usd_per_month=0.15), r"\$0.15 a month", 38 * 3600),
    ],
)
def test_a_refusal_names_the_limit_and_when_it_is_over(store, limits, says, seconds):
    store.admit(a_run(), limits, now=NOW)

    with pytest.raises(LimitReached, match=says) as refused:
        store.admit(a_run("r2"), limits, now=NOW)

    assert refused.value.retry_after_s == seconds
    assert store.run("r2") is None
    assert store.admit(a_run("r3"), limits, now=LATER)[1]


def test_one_run_that_is_too_dear_is_refused_before_anything_was_used(store):
    with pytest.raises(LimitReached, match="about"):
        store.admit(a_run(), Limits(usd_per_day=0.09), now=NOW)

    assert store.run("r1") is None


def test_where_no_dollar_is_left_only_what_costs_nothing_is_admitted(store):
    limits = Limits(usd_per_day=0.1)
    store.admit(a_run(), limits, now=NOW)

    with pytest.raises(LimitReached, match="unknown cost"):
        store.admit(a_run("r2", estimate_usd=None), limits, now=NOW)

    assert store.admit(a_run("r3", estimate_usd=0), limits, now=NOW)[1]


def test_a_user_without_a_key_has_limits_of_their_own(store):
    limits = Limits(runs_per_month=1)
    for name in ("ann", "bob"):
        assert store.admit(a_run(name, owner=Owner(user=name)), limits, now=NOW)[1]

    with pytest.raises(LimitReached):
        store.admit(a_run("r3", owner=Owner(user="ann")), limits, now=NOW)


def test_an_ending_settles_the_estimate_on_the_day_of_admission(store):
    store.admit(a_run(), NO_LIMITS, now="2026-11-30T23:59:59+00:00")
    store.begin(a_run(started_at=LATER, state="running"))
    store.end("r1", an_ending(ended_at=LATER))

    settled = Usage(runs=1, records=5, input_tokens=100, output_tokens=20, usd=0.07)
    assert store.used("k1", "2026-11-30") == store.used("k1", "2026-11") == settled
    assert store.used("k1", "2026-12") == Usage()


def test_what_a_run_did_not_use_of_its_estimate_is_to_be_had_again(store):
    limits = Limits(usd_per_day=0.17)
    store.admit(a_run(), limits, now=NOW)
    store.end("r1", an_ending(cost_usd=0.07))

    assert store.admit(a_run("r2"), limits, now=NOW)[1]


def test_a_second_ending_settles_the_difference(store):
    store.admit(a_run(), NO_LIMITS, now=NOW)
    store.end("r1", an_ending(state="failed", cost_usd=0.03, records=None, why="Throttled"))
    for _ in range(2):
        store.end("r1", an_ending(cost_usd=0.07))

    assert store.used("k1", "2026-11") == Usage(
        runs=1, records=5, input_tokens=100, output_tokens=20, usd=0.07
    )
    assert store.run("r1").state == "finished"


def test_of_unknown_cost_the_estimate_stays_charged(store):
    store.admit(a_run(), NO_LIMITS, now=NOW)
    store.end("r1", an_ending(cost_usd=None))

    assert store.used("k1", "2026-11").usd == 0.1


def test_dollars_add_up_exactly(store):
    # As floats three tenths are more than 0.3.
    for number in range(3):
        store.admit(a_run(f"r{number}", estimate_usd=0.1), Limits(usd_per_day=0.3), now=NOW)

    assert store.used("k1", "2026-11").reserved_usd == 0.3


def test_a_withdrawn_run_is_forgotten_with_its_count_and_its_estimate(store):
    limits = Limits(runs_per_month=1, usd_per_day=0.1)
    store.admit(a_run(), limits, now=NOW)
    for _ in range(2):
        store.withdraw("r1")

    assert store.run("r1") is None
    assert store.usage("2026-11", by="key") == {}
    assert store.admit(a_run("r2"), limits, now=NOW)[1]


def test_a_run_that_another_request_holds_keeps_its_place_until_the_last_gives_it_up(store):
    limits = Limits(runs_per_month=1)
    for holder, is_new in (("a", True), ("b", False), ("b", False)):
        assert store.admit(a_run(holders=(holder,)), limits, now=NOW)[1] == is_new
    for _ in range(2):
        # Again after an answer that was lost: it is nobody else's hold.
        store.withdraw("r1", "a")
    with pytest.raises(LimitReached):
        store.admit(a_run("r2"), limits, now=NOW)

    store.withdraw("r1", "b")

    assert store.run("r1") is None
    assert store.admit(a_run("r2"), limits, now=NOW)[1]


def test_a_run_that_has_begun_is_not_withdrawn(store):
    store.admit(a_run(), NO_LIMITS, now=NOW)
    store.begin(a_run(state="running"))
    store.withdraw("r1")

    assert store.run("r1").state == "running"


def test_a_run_begun_keeps_what_it_was_admitted_with(store):
    store.admit(a_run(), NO_LIMITS, now=NOW)
    begun = a_run(
        owner=Owner(), estimate_usd=5, request_sha256=None, started_at=LATER, evaluation="qa", folder="f"
    )
    store.begin(begun)

    run = store.run("r1")
    assert (run.state, run.evaluation, run.folder) == ("running", "qa", "f")
    assert (run.owner, run.estimate_usd, run.request_sha256) == (ACME, 0.1, "a" * 64)
    assert run.started_at == NOW


def test_a_run_that_ended_does_not_begin_again(store):
    store.end("r1", an_ending(), run=a_run(evaluation="qa"))
    store.begin(a_run(evaluation="other"))

    assert (store.run("r1").state, store.run("r1").evaluation) == ("finished", "qa")


def test_a_run_that_was_never_admitted_counts_to_its_customer_and_month(store):
    store.end("r1", an_ending(), run=a_run(owner=Owner(customer="acme"), estimate_usd=None))

    assert store.usage("2026-11", by="customer")["acme"].usd == 0.07
    assert store.usage("2026-11", by="key")[""].runs == 1


def test_what_the_store_does_not_know_cannot_end_nor_be_chosen(store):
    with pytest.raises(InputError, match='run "r1"'):
        store.end("r1", an_ending())
    with pytest.raises(InputError, match='run "r1"'):
        store.choose("r1", ChosenCandidate(candidate="lite", chosen_at=NOW))


def test_usage_adds_up_by_customer_key_and_user(store):
    owners = [
        ACME,
        Owner(user="bob", key_id="k2", customer="acme"),
        Owner(user="ann", key_id="k3", customer="globex"),
        Owner(),
    ]
    for number, owner in enumerate(owners):
        store.admit(a_run(f"r{number}", owner=owner), NO_LIMITS, now=NOW)
        store.end(f"r{number}", an_ending(cost_usd=0.01 * (number + 1)))
    store.admit(a_run("r9"), NO_LIMITS, now=LATER)

    dollars = {
        by: {name: usage.usd for name, usage in store.usage("2026-11", by=by).items()}
        for by in ("customer", "key", "user")
    }
    assert dollars == {
        "customer": {"": 0.04, "acme": 0.03, "globex": 0.03},
        "key": {"": 0.04, "k1": 0.01, "k2": 0.02, "k3": 0.03},
        "user": {"": 0.04, "ann": 0.04, "bob": 0.02},
    }
    assert sum(usage.runs for usage in store.usage("2026-11", by="user").values()) == 4


def test_runs_are_found_by_whose_they_are_how_they_are_and_when_they_began(store):
    store.begin(a_run("r1", evaluation="qa", started_at="2026-11-27"))
    store.begin(a_run("r2", evaluation="rag", started_at="2026-11-28", owner=Owner(user="bob")))
    store.begin(a_run("r3", evaluation="qa", started_at="2026-11-29", owner=Owner(user="bob", key_id="k2")))
    store.end("r3", an_ending())

    def found(**query):
        return ids(store.runs(RunQuery(**query)))

    assert found() == ["r3", "r2", "r1"]
    assert found(evaluation="qa") == ["r3", "r1"]
    assert found(user="bob") == ["r3", "r2"]
    assert found(key_id="k2") == found(state="finished") == ["r3"]
    assert found(customer="acme", state="finished") == []
    assert found(customer="acme") == ["r1"]
    assert found(user="bob", evaluation="qa") == ["r3"]
    assert found(since="2026-11-28") == ["r3", "r2"]
    assert found(until="2026-11-28") == ["r1"]
    assert found(since="2026-11-28", until="2026-11-29", user="bob") == ["r2"]
    assert found(user="nobody") == []


def test_pages_have_no_gaps_and_no_repeats_while_runs_are_added(store):
    for number in range(7):
        # Three at a second: the ID decides.
        store.begin(a_run(f"r{number}", started_at=f"2026-11-29T10:00:0{number // 3}Z"))
    seen, after = [], None
    for turn in range(4):
        page = store.runs(RunQuery(limit=2, after=after))
        seen += ids(page)
        after = page.after
        store.begin(a_run(f"new{turn}", started_at="2026-11-30"))
        store.end("r0", an_ending())

    assert seen == [f"r{number}" for number in reversed(range(7))]
    assert after is None


def test_a_page_of_filtered_runs_is_full_wherever_they_are(store):
    for number in range(12):
        name = "bob" if number % 4 == 0 else "ann"
        store.rebuild([a_run(f"r{number:02}", owner=Owner(user=name, key_id="k1"))])

    page = store.runs(RunQuery(user="bob", key_id="k1", limit=2))

    assert ids(page) == ["r08", "r04"]
    assert ids(store.runs(RunQuery(user="bob", key_id="k1", after=page.after))) == ["r00"]


def test_the_last_page_says_that_there_is_no_other(store):
    for number in range(2):
        store.begin(a_run(f"r{number}"))

    assert store.runs(RunQuery(limit=2)).after is None


@pytest.mark.parametrize("after", ["", "x", "2026-11-29T10:00:00+00:00~", "2026~r1", "~" * 100])
def test_a_page_behind_nothing_is_wrong_input(store, after):
    with pytest.raises(InputError, match="after"):
        store.runs(RunQuery(after=after))


def test_the_last_choice_holds(store):
    store.end("r1", an_ending(), run=a_run())
    for candidate in ("lite", "pro"):
        store.choose("r1", ChosenCandidate(candidate=candidate, chosen_at=NOW, chosen_by="ann"))

    assert store.run("r1").choice.candidate == "pro"
    assert store.run("r1").ending == an_ending()


def test_a_rebuild_takes_what_the_folder_has_and_keeps_what_it_has_not(store):
    store.admit(a_run(), NO_LIMITS, now=NOW)
    store.end("r1", an_ending(cost_usd=None))
    store.choose("r1", ChosenCandidate(candidate="lite", chosen_at=NOW))
    folder = a_run(
        state="finished",
        owner=Owner(),
        estimate_usd=None,
        request_sha256=None,
        started_at=LATER,
        evaluation="qa",
        ending=an_ending(cost_usd=0.06),
    )

    assert store.rebuild([folder, a_run("r2", started_at=LATER, state="running")]) == 2

    run = store.run("r1")
    assert (run.owner, run.estimate_usd, run.choice.candidate) == (ACME, 0.1, "lite")
    assert (run.evaluation, run.started_at, run.ending.cost_usd) == ("qa", NOW, 0.06)
    assert store.used("k1", "2026-11").usd == 0.06
    assert store.used("k1", "2026-12").runs == 1


def test_a_folder_without_a_scorecard_does_not_undo_an_ending(store):
    failed = an_ending(state="failed", why="Throttled", cost_usd=None)
    store.end("r1", failed, run=a_run())
    store.rebuild([a_run(state="running", evaluation="qa")])

    assert (store.run("r1").ending, store.run("r1").evaluation) == (failed, "qa")


def test_a_folder_without_a_scorecard_does_not_undo_what_a_run_was_found_to_cost(store):
    settled = an_ending(state="stopped", cost_usd=0.02, estimated_usd=0.01)
    store.end("r1", settled, run=a_run())
    store.rebuild([a_run(state="stopped", ending=an_ending(state="stopped", cost_usd=None))])

    assert store.run("r1").ending == settled
    used = store.used("k1", "2026-11")
    assert (used.usd, used.estimated_usd) == (0.02, 0.01)


def test_requests_of_a_day_are_counted_by_key(store):
    limits = Limits(requests_per_day=20)
    answers = at_once(50, lambda _: store.count_request("k1", limits, now=NOW) is None)

    assert answers.count(True) == 20
    store.count_request("k2", limits, now=NOW)
    store.count_request("k1", limits, now="2026-11-30")
    with pytest.raises(LimitReached, match="20 requests a day") as refused:
        store.count_request("k1", limits, now="2026-11-29T23:59:50Z")
    assert refused.value.retry_after_s == 10
    store.count_request("k1", NO_LIMITS, now=NOW)


def test_keys_are_found_by_id_and_by_secret_until_they_are_revoked(store):
    keys = [a_key("k1", name="b"), a_key("k2", name="a"), a_key("k3", name="c", digest=None)]
    for key in keys:
        store.add_key(key)

    assert store.key_of("k1" * 32) == store.key("k1") == keys[0]
    assert store.keys() == (keys[1], keys[0], keys[2])

    for now in (NOW, LATER):
        store.revoke_key("k1", now=now)

    assert store.key_of("k1" * 32) is None
    assert store.key("k1").revoked_at == NOW
    assert store.key_of("nothing") is store.key("nothing") is None
    with pytest.raises(InputError, match='key "k9"'):
        store.revoke_key("k9", now=NOW)


def test_a_key_is_added_once(store):
    for _ in range(2):
        store.add_key(a_key())
    for other in (a_key(name="other"), a_key("k2", digest="k1" * 32)):
        with pytest.raises(Conflict):
            store.add_key(other)

    assert store.keys() == (a_key(),)


# A ceiling on all runs of a month


def dropped(number, **values):
    """A run that somebody put into the bucket: nobody's, and not admitted."""
    return a_run(f"d{number}", **{"state": "running", "owner": Owner(), "request_sha256": None, **values})


def test_of_many_runs_that_begin_at_once_no_more_do_than_the_month_has_room_for(store):
    def begin(number):
        store.begin(dropped(number), monthly_usd=0.45)
        return number

    answers = at_once(CLIENTS[type(store).__name__], begin)

    assert sum(answer is not None for answer in answers) == len(store.runs(RunQuery()).runs) == 4
    assert store.usage("2026-11", by="stack") == {"": Usage(runs=4, reserved_usd=0.4)}


def test_the_month_is_everybodys_and_what_runs_cost_takes_the_place_of_their_estimates(store):
    store.admit(a_run("asked"), NO_LIMITS, now=NOW)
    store.begin(dropped(1), monthly_usd=0.2)
    with pytest.raises(LimitReached, match=r"\$0.20 a month .* may cost \$0.10"):
        store.begin(dropped(2), monthly_usd=0.2)
    store.end("d1", an_ending(cost_usd=0.01))
    with pytest.raises(LimitReached):
        store.begin(dropped(2), monthly_usd=0.2)
    store.end("asked", an_ending(cost_usd=0.01))
    store.begin(dropped(2), monthly_usd=0.2)
    assert store.run("d2").state == "running"


def test_a_run_is_held_against_the_month_once_whoever_noted_it_before(store):
    # StartRun notes a run before it is known what it may cost; ValidateDataset may be called again.
    store.begin(dropped(1, estimate_usd=None))
    for _ in range(2):
        store.begin(dropped(1, estimate_usd=0.2), monthly_usd=0.2)
    assert store.usage("2026-11", by="stack")[""].reserved_usd == 0.2
    # Of what was admitted the estimate is counted already.
    store.admit(a_run("asked"), NO_LIMITS, now=NOW)
    with pytest.raises(LimitReached):
        store.begin(a_run("asked"), monthly_usd=0.2)
    store.begin(a_run("asked"), monthly_usd=0.3)
    assert store.run("asked").state == "running"


def test_a_run_that_is_too_dear_by_itself_is_refused_in_an_empty_month_and_a_rehearsal_never_is(store):
    with pytest.raises(LimitReached):
        store.begin(dropped(1, estimate_usd=5), monthly_usd=4)
    store.begin(dropped(2, estimate_usd=5, simulated=True), monthly_usd=4)
    assert ids(store.runs(RunQuery())) == ["d2"]


def test_another_month_has_its_own_room(store):
    store.begin(dropped(1), monthly_usd=0.1)
    store.begin(dropped(2, started_at=LATER), monthly_usd=0.1)
    assert {month: store.usage(month, by="stack")[""].runs for month in ("2026-11", "2026-12")} == {
        "2026-11": 1,
        "2026-12": 1,
    }


# A run that goes on in another execution


def resumed(number, *, most, rest):
    return dropped(number, estimate_usd=most).model_copy(update={"rest_usd": rest})


def used(store):
    usage = store.usage("2026-11", by="stack")[""]
    return round(usage.usd, 6), round(usage.reserved_usd, 6)


def test_the_rest_of_a_run_is_held_against_the_month_and_what_it_has_cost_is_not_again(store):
    store.begin(dropped(1, estimate_usd=0.2), monthly_usd=0.3)
    store.end("d1", an_ending(cost_usd=0.15))
    # All of it may cost 0.4 now: 0.25 more, and there is room for 0.15.
    with pytest.raises(LimitReached, match=r"\$0.30 a month .* the rest of a run, which may cost \$0.25"):
        store.begin(resumed(1, most=0.4, rest=1), monthly_usd=0.3)
    assert used(store) == (0.15, 0)
    for _ in range(2):
        # Also where the function is called again.
        store.begin(resumed(1, most=0.3, rest=1), monthly_usd=0.3)
        assert used(store) == (0.15, 0.15)
    assert store.run("d1").ending == an_ending(cost_usd=0.15)
    with pytest.raises(LimitReached):
        store.begin(dropped(2), monthly_usd=0.3)
    store.end("d1", an_ending(cost_usd=0.18))
    assert used(store) == (0.18, 0)
    store.begin(dropped(2), monthly_usd=0.3)


def test_few_records_left_reserve_no_more_than_their_part_and_nothing_where_nothing_is_left(store):
    store.begin(dropped(1, estimate_usd=0.2), monthly_usd=0.2)
    store.end("d1", an_ending(cost_usd=0.15))
    store.begin(resumed(1, most=0.2, rest=0.01), monthly_usd=0.2)
    assert used(store) == (0.15, 0.01)
    store.begin(resumed(1, most=0.1, rest=0.01), monthly_usd=0.1)
    assert used(store) == (0.15, 0)


def test_a_run_that_nobody_saw_end_reserves_what_a_larger_budget_adds(store):
    store.begin(dropped(1, estimate_usd=0.1), monthly_usd=0.2)
    store.begin(resumed(1, most=0.15, rest=0.01), monthly_usd=0.2)
    assert used(store) == (0, 0.15)
    with pytest.raises(LimitReached):
        store.begin(resumed(1, most=0.25, rest=0.01), monthly_usd=0.2)
    assert used(store) == (0, 0.15)
