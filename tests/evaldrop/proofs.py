"""A proof in which something of everything happens, of the criteria of `run_folders`."""

from evaldrop.proving.words import sentences_of
from evaldrop.scorecard.model.proof import DetectionPower, FalseAlarm, GateLook, Noticed, Proof

HOSTILE = "<img src=x onerror=alert(1)>"


def _noticed(criterion: str, kind: str, decision: str, change: float, **more: object) -> Noticed:
    found = {
        "criterion": criterion,
        "kind": kind,
        "n": 150,
        "share": 0.62,
        "interval": (0.54, 0.69),
        "by_chance": 0.04,
        "change": change,
        "change_interval": (change - 0.1, change + 0.1),
        "decision": decision,
    }
    return Noticed.model_validate({**found, **more})


def _power(look: GateLook, share: float | None, interval: tuple[float, float] | None, **more: object):
    found = {"criterion": "correctness", "drop": 0.05, "look": look, "records": 200, "planted": 150}
    given = {**found, "tries": 400, "share": share, "interval": interval, "promised": 0.9}
    return DetectionPower.model_validate({**given, **more})


def proof_of_everything(*, simulated: bool = True) -> Proof:
    """Return it: noticed, rewarded and undecided, told and not to be told."""
    found = Proof(
        candidate="lite",
        records=200,
        confidence=0.95,
        simulated=simulated,
        noticed=(
            _noticed("correctness", "padding", "rewarded", 0.2, is_expected=False),
            _noticed("correctness", "wrong_number", "noticed", -0.4),
            _noticed("correctness", "wrong_number", "undecided", -0.05, judge=HOSTILE),
            _noticed("tone", "rudeness", "noticed", -1.5),
        ),
        false_alarms=(
            FalseAlarm(
                criterion="correctness",
                n=200,
                changed=0.1,
                tries=400,
                share=0.03,
                interval=(0.016, 0.052),
                moved=-0.1,
                moved_interval=(-0.16, -0.04),
                is_moved=True,
            ),
            FalseAlarm(criterion="tone", n=4, changed=0.0, tries=0),
        ),
        power=(
            _power("single", 0.71, (0.63, 0.78)),
            _power("weekly", 0.44, (0.35, 0.53)),
            _power("single", 0.6, (0.5, 0.7), kind="wrong_number"),
            _power("single", None, None, criterion="tone", tries=0, reason="4 planted faults say nothing"),
        ),
        cost_usd=1.5,
        made_at="2026-11-21T10:00:00+00:00",
    )
    return found.model_copy(update={"sentences": tuple(sentences_of(found))})
