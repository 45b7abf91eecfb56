"""Judges against people on a terminal: agreement, confusion, raw and corrected means side by side."""

from rich.console import Console
from rich.table import Table

from evaldrop.cli.output import shown
from evaldrop.scorecard.figures import ABSENT, interval, number, percent, signed
from evaldrop.scorecard.model.calibration import CalibratedMean, CriterionCalibration, JudgeAgreement
from evaldrop.scorecard.model.scorecard import Scorecard


def print_calibration(console: Console, scorecard: Scorecard) -> None:
    """Print what people's labels say, a block per criterion."""
    simulated = "[bold yellow]SIMULATED[/bold yellow]  " if scorecard.simulated else ""
    console.print(f"\n{simulated}[bold]{shown(scorecard.evaluation)}[/bold]  {shown(scorecard.run_id)}\n")
    for name, calibration in scorecard.calibration.items():
        people = ", ".join(f"{shown(rater)} {n}" for rater, n in calibration.raters.items())
        console.print(
            f"[bold]{shown(name)}[/bold]  {calibration.n_labelled} responses labelled ({people})"
            + (f", {calibration.n_skipped} passed on" if calibration.n_skipped else "")
        )
        _print_judges(console, calibration)
        _print_raters(console, calibration)
        _print_means(console, scorecard, name)
        if calibration.reason:
            console.print(
                f"[yellow]left out of the correction[/yellow] {shown(calibration.reason)}", soft_wrap=True
            )
        console.print()


def print_corrected(console: Console, scorecard: Scorecard, criterion: str) -> None:
    """Print the corrected mean of each candidate below its criterion's raw ones; nothing without labels."""
    if criterion not in scorecard.calibration:
        return
    for name, card in scorecard.candidates.items():
        estimate = card.criteria[criterion]
        if estimate.calibrated is not None:
            console.print(
                f"  [dim]by people's labels[/dim] {shown(name)}: {shown(corrected(estimate.calibrated))}"
            )


def corrected(mean: CalibratedMean) -> str:
    """Return a corrected mean in words, or why there is none."""
    if mean.mean is None:
        return f"no corrected mean: {mean.reason}"
    return f"{number(mean.mean)} ({interval(mean.interval)}) from {mean.n_labelled} labels"


def _print_judges(console: Console, calibration: CriterionCalibration) -> None:
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("judge", min_width=12)
    for name in ("n", "agreement", "same side", "kappa", "TPR", "TNR", "Spearman", "bias"):
        table.add_column(name, justify="right", no_wrap=True)
    rows = dict(calibration.judges)
    if len(rows) > 1:
        rows["all together"] = calibration.joined
    for judge, found in rows.items():
        table.add_row(shown(judge), *_agreement_cells(found))
    console.print(table)
    _print_confusion(console, calibration.joined)
    for key, reason in calibration.joined.reasons.items():
        console.print(f"  [dim]no {shown(key)}: {shown(reason)}[/dim]", soft_wrap=True)


def _agreement_cells(found: JudgeAgreement) -> list[str]:
    return [
        f"{found.n}",
        percent(found.agreement),
        percent(found.pass_agreement),
        number(found.kappa),
        percent(found.true_positive_rate),
        percent(found.true_negative_rate),
        number(found.spearman),
        signed(found.bias),
    ]


def _print_confusion(console: Console, found: JudgeAgreement) -> None:
    if found.confusion is None:
        return
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("people \\ judge", style="dim", min_width=12)
    for answer in found.confusion.answers:
        table.add_column(shown(answer), justify="right")
    for answer, row in zip(found.confusion.answers, found.confusion.counts, strict=True):
        table.add_row(shown(answer), *(f"{n}" if n else "·" for n in row))
    console.print(table)


def _print_raters(console: Console, calibration: CriterionCalibration) -> None:
    for pair in calibration.between_raters:
        why = f" ({pair.reason})" if pair.reason else ""
        console.print(
            f"{shown(pair.a)} and {shown(pair.b)}: {pair.n} responses, agreement {percent(pair.agreement)}, "
            f"kappa {number(pair.kappa)}{shown(why)}"
        )
    if len(calibration.raters) > 1 and calibration.rater_alpha is not None:
        console.print(f"all people: Krippendorff's alpha {number(calibration.rater_alpha)}")


def _print_means(console: Console, scorecard: Scorecard, criterion: str) -> None:
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("candidate", style="bold", min_width=12)
    level = percent(scorecard.confidence)
    is_binary = scorecard.criteria[criterion].kind == "binary"
    for name in (
        "judge",
        level,
        "corrected",
        level,
        "labels",
        "weight",
        *(["Rogan-Gladen", level] * is_binary),
    ):
        table.add_column(name, justify="right", no_wrap=True)
    for name, card in scorecard.candidates.items():
        estimate = card.criteria.get(criterion)
        if estimate is None or estimate.calibrated is None:
            continue
        found = estimate.calibrated
        rate = found.rogan_gladen
        both = [number(rate.rate), interval(rate.interval)] if rate else [ABSENT, ABSENT]
        table.add_row(
            shown(name),
            number(estimate.mean),
            interval(estimate.interval),
            number(found.mean),
            interval(found.interval),
            f"{found.n_labelled}",
            number(found.weight),
            *(both if is_binary else ()),
        )
    console.print(table)
    _print_refusals(console, scorecard, criterion)


def _print_refusals(console: Console, scorecard: Scorecard, criterion: str) -> None:
    for name, card in scorecard.candidates.items():
        found = card.criteria[criterion].calibrated if criterion in card.criteria else None
        if found is None:
            continue
        reasons = [found.reason and f"no corrected mean: {found.reason}"]
        if found.rogan_gladen and not found.reason:
            rate = found.rogan_gladen
            reasons.append(rate.reason and f"no Rogan-Gladen rate: {rate.reason}")
        for reason in filter(None, reasons):
            console.print(f"  [dim]{shown(name)}: {shown(reason)}[/dim]", soft_wrap=True)
