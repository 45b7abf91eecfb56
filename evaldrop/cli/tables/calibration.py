"""Judges against people on a terminal: agreement, confusion, raw and corrected means side by side."""

from collections.abc import Callable, Mapping, Sequence

from rich.console import Console

from evaldrop.cli.next_steps import command
from evaldrop.cli.output import print_commands, shown
from evaldrop.cli.prose import print_prose
from evaldrop.cli.tables.layout import taken
from evaldrop.cli.tables.terminal import print_fitting, print_table, print_title
from evaldrop.report.columns import Column, words
from evaldrop.report.review.exporting import Exported
from evaldrop.report.review.importing import Imported, ImportedVotes
from evaldrop.report.review.preferences import ImportedPreferences
from evaldrop.scorecard.figures import interval, number, percent, percent_interval, signed
from evaldrop.scorecard.model.calibration import CorrectedRate, CriterionCalibration, JudgeAgreement
from evaldrop.scorecard.model.part import OVERALL, Interval
from evaldrop.scorecard.model.scorecard import (
    Scorecard,
)
from evaldrop.steps.build_scorecard.by_people import ByPeople, favour_in_words


def print_calibration(
    console: Console, scorecard: Scorecard, differences: Mapping[str, Sequence[ByPeople]]
) -> None:
    """
    Print what people's labels say, a block per criterion.

    Args:
        console: Where to.
        scorecard: With what labels say of judges and means.
        differences: By criterion, those of every two candidates.
    """
    print_title(console, scorecard.evaluation, f"{scorecard.run_id}\n", simulated=scorecard.simulated)
    for name, calibration in scorecard.calibration.items():
        people = ", ".join(f"{shown(rater)} {n}" for rater, n in calibration.raters.items())
        print_prose(
            console,
            f"[bold]{shown(name)}[/bold]  {calibration.n_labelled} responses labelled "
            f"({'everything; ' if calibration.census else ''}{people})"
            + (f", {calibration.n_skipped} passed on" if calibration.n_skipped else ""),
        )
        _print_judges(console, calibration)
        for pair in calibration.between_raters:
            why = f" ({pair.reason})" if pair.reason else ""
            print_prose(
                console,
                f"{shown(pair.a)} and {shown(pair.b)}: {pair.n} responses, agreement "
                f"{percent(pair.agreement)}{_bounds(pair.intervals.get('agreement'), percent_interval)}, "
                f"kappa {number(pair.kappa)}{_bounds(pair.intervals.get('kappa'), interval)}, "
                f"AC1 {number(pair.ac1)}{_bounds(pair.intervals.get('ac1'), interval)}{shown(why)}",
            )
        if len(calibration.raters) > 1 and calibration.rater_alpha is not None:
            bounds = _bounds(calibration.rater_alpha_interval, interval)
            print_prose(
                console, f"all people: Krippendorff's alpha {number(calibration.rater_alpha)}{bounds}"
            )
        _print_means(console, scorecard, name)
        _print_differences(console, scorecard, name, differences)
        if calibration.reason:
            print_prose(console, f"[yellow]left out of the correction[/yellow] {shown(calibration.reason)}")
        console.print()
    _print_preferences(console, scorecard)
    if OVERALL in differences:
        console.print("[bold]overall[/bold]")
        _print_differences(console, scorecard, OVERALL, differences)


def _bounds(found: Interval | None, shown_as: Callable[[Interval], str]) -> str:
    return "" if found is None else f" ({shown_as(found)})"


def _print_intervals(console: Console, judges: Mapping[str, JudgeAgreement]) -> None:
    """Print a judge's intervals below the numbers: beside them they would have no room."""
    for name, one in judges.items():
        shares = {"same side": "pass_agreement", "TPR": "true_positive_rate", "TNR": "true_negative_rate"}
        numbers = {"kappa": "kappa", "AC1": "ac1", "bias": "bias"}
        said = [
            f"{word} {figure(one.intervals[key])}"
            for figure, keys in ((percent_interval, shares), (interval, numbers))
            for word, key in keys.items()
            if key in one.intervals
        ]
        if said:
            print_prose(console, f"[dim]intervals of {shown(name)}: {', '.join(said)}[/dim]", indent=2)


def _print_judges(console: Console, calibration: CriterionCalibration) -> None:
    judges = dict(calibration.judges)
    # Of a single judge the joined row would say the same once more.
    if len(judges) > 1:
        judges["all together"] = calibration.joined
    found = list(judges.values())
    columns = [
        words("judge", list(judges)),
        Column("n", [f"{one.n}" for one in found], rank=1),
        Column("agreement", [percent(one.agreement) for one in found]),
        Column("same side", [percent(one.pass_agreement) for one in found]),
        Column("kappa", [number(one.kappa) for one in found]),
        Column("AC1", [number(one.ac1) for one in found]),
        Column("TPR", [percent(one.true_positive_rate) for one in found]),
        Column("TNR", [percent(one.true_negative_rate) for one in found]),
        Column("Pearson", [number(one.pearson) for one in found], rank=2),
        Column("Spearman", [number(one.spearman) for one in found], rank=2),
        Column("Kendall", [number(one.kendall_tau_b) for one in found], rank=2),
        Column("bias", [signed(one.bias) for one in found]),
    ]
    print_fitting(console, columns)
    _print_intervals(console, judges)
    if confusion := calibration.joined.confusion:
        answers = [words("people \\ judge", confusion.answers)]
        for answer, counts in zip(confusion.answers, zip(*confusion.counts, strict=True), strict=True):
            answers.append(Column(answer, [f"{n}" if n else "·" for n in counts], wrap="words"))
        if taken(answers) <= console.width:
            print_table(console, answers, style="dim")
        else:
            print_prose(console, "[dim]no room here for the table of answers: --json has it[/dim]", indent=2)
    for key, reason in calibration.joined.reasons.items():
        print_prose(console, f"[dim]no {shown(key)}: {shown(reason)}[/dim]", indent=2)


def _print_means(console: Console, scorecard: Scorecard, criterion: str) -> None:
    level = percent(scorecard.confidence)
    found = {
        name: (estimate, estimate.calibrated)
        for name, card in scorecard.candidates.items()
        if (estimate := card.criteria.get(criterion)) and estimate.calibrated
    }
    judged, corrected_means = [one for one, _ in found.values()], [one for _, one in found.values()]
    rates = [one.rogan_gladen or CorrectedRate() for one in corrected_means]
    columns = [
        words("candidate", list(found)),
        Column("judge", [number(one.mean) for one in judged]),
        Column(level, [interval(one.interval) for one in judged], rank=3),
        Column("corrected", [number(one.mean) for one in corrected_means]),
        Column(level, [interval(one.interval) for one in corrected_means]),
        Column("labels", [f"{one.n_labelled}" for one in corrected_means]),
        Column("weight", [number(one.weight) for one in corrected_means], rank=4),
    ]
    # Rogan-Gladen corrects a rate by the judge's two error rates: of a scale there are none.
    if scorecard.criteria[criterion].kind == "binary":
        columns.append(Column("Rogan-Gladen", [number(rate.rate) for rate in rates], rank=2))
        columns.append(Column(level, [interval(rate.interval) for rate in rates], rank=2))
    print_fitting(console, columns)
    for name, (_, mean) in found.items():
        rate = mean.rogan_gladen
        reason = rate and rate.reason and f"no Rogan-Gladen rate: {rate.reason}"
        if mean.reason or reason:
            why = f"no corrected mean: {mean.reason}" if mean.reason else reason
            print_prose(console, f"[dim]{shown(name)}: {shown(why or '')}[/dim]", indent=2)


def _print_preferences(console: Console, scorecard: Scorecard) -> None:
    found = scorecard.preferences_by_people
    if not found:
        return
    console.print("[bold]preferences[/bold]")
    columns = [
        words("candidate", [pair.candidate for pair in found]),
        words("baseline", [pair.baseline for pair in found]),
        Column("n", [f"{pair.n}" for pair in found]),
        Column("agreement", [percent(pair.agreement) for pair in found], rank=1),
        Column("kappa", [number(pair.kappa) for pair in found], rank=1),
        Column("AC1", [number(pair.ac1) for pair in found], rank=2),
        Column("people win", [percent(pair.win_rate) for pair in found]),
        Column("judge win", [percent(pair.judge_win_rate) for pair in found]),
        Column("corrected", [percent(pair.corrected_win_rate) for pair in found]),
        Column(percent(scorecard.confidence), [percent_interval(pair.interval) for pair in found]),
    ]
    print_fitting(console, columns)
    for pair in found:
        for one in pair.between_raters:
            print_prose(
                console,
                f"{shown(one.a)} and {shown(one.b)}: {one.n} pairs, agreement {percent(one.agreement)}, "
                f"kappa {number(one.kappa)}, AC1 {number(one.ac1)}",
            )
        if pair.reason:
            print_prose(console, f"[dim]{shown(pair.candidate)}: {shown(pair.reason)}[/dim]", indent=2)
    console.print()


def _print_differences(
    console: Console, scorecard: Scorecard, criterion: str, differences: Mapping[str, Sequence[ByPeople]]
) -> None:
    level, found = percent(scorecard.confidence), differences.get(criterion, ())
    if found:
        columns = [
            words("difference", [f"{pair.a} −\u00a0{pair.b}" for pair in found]),
            Column("judge", [signed(pair.judge) for pair in found]),
            Column("corrected", [signed(pair.difference) for pair in found]),
            Column(level, [interval(pair.interval) for pair in found]),
            Column("labels", [f"{pair.n_labelled}" for pair in found]),
        ]
        print_fitting(console, columns)
    reasons = {f"{pair.a} −\u00a0{pair.b}": pair.reason for pair in found if pair.reason}
    # Of a dozen candidates with few labels it is the same 66 times.
    if len(reasons) == len(found) > 1 and len(set(reasons.values())) == 1:
        reasons = {"all of them": next(iter(reasons.values()))}
    for name, reason in reasons.items():
        print_prose(console, f"[dim]{shown(name)}: {shown(reason)}[/dim]", indent=2)
    for favour in scorecard.calibration[criterion].favours if criterion in scorecard.calibration else ():
        if favour.favours is not None:
            print_prose(
                console, f"[yellow]the judge leans[/yellow] {shown(favour_in_words(criterion, favour))}"
            )


def print_export(console: Console, done: Exported, run: str) -> None:
    """Print what was drawn, where its page and sheet are, and what comes next."""
    sampling = done.sampling
    print_prose(
        console,
        f"{sampling.sample.responses} of {sampling.population.responses:,} responses: "
        f"{sampling.sample.records} of {sampling.population.records:,} records, drawn at random "
        f"(seed {sampling.seed})",
    )
    print_prose(console, f"page:  {shown(done.page)}")
    print_prose(console, f"sheet: {shown(done.sheet)}")
    console.print("\nnext, with the file that the page saves, or the filled sheet:")
    print_commands(console, [command("review", "import", "FILE", run)])


def print_import(console: Console, done: Imported | ImportedPreferences | ImportedVotes, run: str) -> None:
    """Print whose labels or preferences were stored, how many, and what comes next."""
    said, stored = _imported(done)
    print_prose(console, shown(said))
    for name, uri in stored.items():
        if uri is not None:
            print_prose(console, f"{name}: {shown(uri)}")
    console.print("\nnext:")
    print_commands(console, [command("calibrate", run, "--apply")])


def _imported(
    done: Imported | ImportedPreferences | ImportedVotes,
) -> tuple[str, Mapping[str, str | None]]:
    """Return what was stored in words, and where by what it is."""
    people = ", ".join(done.raters)
    if isinstance(done, ImportedVotes):
        return (
            f"preferences: {done.preferred:,}, scores: {done.scored:,}, by {people}; "
            "picked by hand, so they say how well the judge agrees, and correct no number unless they are of "
            "everything"
        ), {"preferences": done.preferences, "labels": done.labels}
    if isinstance(done, ImportedPreferences):
        return (f"{done.answered:,} preferences by {people}; {done.unanswered:,} not given"), {
            "preferences": done.preferences
        }
    return (
        f"{done.answered:,} labels by {people}; {done.skipped:,} passed on, {done.unanswered:,} not answered"
    ), {"labels": done.labels}
