"""Models that are leaving Bedrock, as an account lists them."""

from collections.abc import Iterator
from datetime import UTC, datetime

from evaldrop.evaluation import Evaluation
from evaldrop.evaluation.lifecycle import BRIDGE, called_by, life_of
from evaldrop.model_lives import Lives, listed_lives
from evaldrop.running.deployed.checkup.finding import AccountFinding, Client, looked_up


def check_lives(client: Client, evaluation: Evaluation) -> list[AccountFinding]:
    """Return a finding for each model of an evaluation that is Legacy, ends soon or has ended."""

    def look() -> list[AccountFinding]:
        listed = client("bedrock").list_foundation_models()["modelSummaries"]
        found = [*_leaving(evaluation, listed_lives(listed, read=datetime.now(UTC).date()))]
        fine = AccountFinding(subject="model lifecycle", state="ok", said="no model is leaving")
        return found or [fine]

    return looked_up("model lifecycle", look)


def _leaving(evaluation: Evaluation, lives: Lives) -> Iterator[AccountFinding]:
    today = datetime.now(UTC).date()
    seen = set()
    # Judges first: what their end means is said even where the same model answers, too.
    for role, _, model in sorted(called_by(evaluation), key=lambda each: each[0] != "judge"):
        life = life_of(model, lives)
        if model in seen or life is None or not life.is_leaving(today):
            continue
        seen.add(model)
        yield AccountFinding(
            subject=f"lifecycle of {model}",
            state="problem" if life.has_ended(today) else "note",
            said=life.said(today),
            way_out=f"It judges: {BRIDGE}." if role == "judge" else "Try its successor beside it.",
        )
