"""What reports say in a sentence: what was lost from an estimate, and the command that makes a run again."""

import shlex
from collections.abc import Mapping
from typing import Any

from evaldrop import storage
from evaldrop.checks import KINDS
from evaldrop.scorecard import figures
from evaldrop.scorecard.model.scorecard import CriterionEstimate, Scorecard

_COMMANDS = {"rescored": "rescore", "rejudged": "rejudge"}


def losses(scorecard: Scorecard) -> list[str]:
    """Return what candidates' verdicts lost, criterion by criterion."""
    return [
        sentence
        for criterion in scorecard.criteria
        for name, card in scorecard.candidates.items()
        if (sentence := loss_in_words(name, criterion, card.criteria.get(criterion)))
    ]


def free_checks(scorecard: Scorecard) -> list[str]:
    """Return the names of criteria that code answers: no call, no cost."""
    kinds = {name: info.check for name, info in scorecard.criteria.items() if info.check is not None}
    # A kind that this version does not know is one of a later one, of which nothing is known.
    return [name for name, kind in kinds.items() if kind in KINDS and not KINDS[kind].is_called]


def loss_in_words(candidate: str, criterion: str, estimate: CriterionEstimate | None) -> str | None:
    """Return what a candidate's verdicts on a criterion lost, with bounds; None when nothing was."""
    if estimate is None or estimate.bounds is None or estimate.pass_bounds is None:
        return None
    reasons = {reason: n for reason, n in estimate.unscored.items() if reason != "not_applicable"}
    if not reasons:
        return None
    lost = sum(reasons.values())
    told = ", ".join(f"{reason.replace('_', ' ')} {figures.count(n)}" for reason, n in reasons.items())
    of_all = f"{figures.count(lost)} of {figures.count(lost + estimate.n_scored)}"
    return (
        f"{candidate}, {criterion}: {of_all} verdicts unscored ({told}); "
        "whatever they would have been, the mean lies between "
        f"{figures.interval(estimate.bounds).replace(' to ', ' and ')} and the pass rate in "
        f"{figures.percent_interval(estimate.pass_bounds)}."
    )


def again(scorecard: Scorecard, run: Mapping[str, Any]) -> str:
    """Return the command that makes a run again, given its `run.json`; one on a disk is made beside it."""
    options, parent = run.get("options") or {}, run.get("parent") or {}
    imported = options.get("imported") or {}
    # A run that reads an import again has its options, and is none.
    if imported.get("run_id") == scorecard.run_id:
        return _imported_again(imported, run)
    command = _COMMANDS.get(str(parent.get("how")), "run")
    words = ["evaldrop", command, scorecard.dataset.uri if command == "run" else str(parent["folder"])]
    if evaluation := run.get("evaluation_uri"):
        words += ["--evaluation", str(evaluation)]
    runtime = run.get("bedrock") or ("simulated" if scorecard.simulated else "aws")
    if runtime != "aws" and command != "rescore":
        words += ["--bedrock", str(runtime)]
    if (limit := options.get("limit")) and command == "run":
        words += ["--limit", str(limit)]
    if options.get("go_on") and command != "rescore":
        words.append("--go-on")
    if (out := run.get("out")) and not storage.is_s3(out):
        words += ["--out", str(out)]
    return shlex.join(words)


def _imported_again(imported: Mapping[str, Any], run: Mapping[str, Any]) -> str:
    words = ["evaldrop", "bedrock-eval", "import", *imported["arguments"]]
    if parent := run.get("parent"):
        words += ["--beside", str(parent["folder"])]
    elif evaluation := run.get("evaluation_uri"):
        words += ["--evaluation", str(evaluation)]
    if one_means := imported.get("one_means"):
        words += ["--one-means", str(one_means)]
    return shlex.join([*words, "--out", str(run["out"])])
