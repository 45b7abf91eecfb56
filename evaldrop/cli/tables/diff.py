"""Two runs on a terminal: what each answered beside what the other did, with the words that differ."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from evaldrop.cli.output import plain, shown
from evaldrop.cli.prose import print_prose
from evaldrop.cli.tables.words import folded, has_colour, styled
from evaldrop.report.two_runs import Answer, AnswerPair, AnswerPlace, MovedScore, TwoRuns
from evaldrop.report.word_differences import word_differences
from evaldrop.scorecard.figures import count, score

# Below this two columns hold too few words to be read.
_TWO_COLUMNS = 60
_MOST_PROMPT = 400
_MOST_RATIONALE = 300

_TONES = {"worse": "red", "better": "green", "same": "dim"}


def print_diff(
    console: Console, runs: TwoRuns, places: Sequence[AnswerPlace], *, limit: int, is_whole: bool
) -> None:
    """Print what is decided about two runs, then the first responses; `is_whole`: no text is folded."""
    _print_about(console, runs)
    if not places:
        print_prose(console, "\nno response is to be shown: nothing is like that.")
        return
    for pair in runs.pairs(places[:limit]):
        _print_pair(console, runs, pair, is_whole=is_whole)
    if (rest := len(places) - limit) > 0:
        print_prose(
            console,
            f"\n[dim]and {count(rest)} more: --limit {len(places)} shows all, --open a page of them[/dim]",
        )


def _print_about(console: Console, runs: TwoRuns) -> None:
    if runs.now.simulated or runs.then.simulated:
        print_prose(console, "[bold yellow]SIMULATED[/bold yellow]: stand-ins answered, no model did.")
    print_prose(console, shown(runs.comparison.summary))
    for change in runs.comparison.changes:
        print_prose(console, f"changed: {shown(change)}", indent=2)
    print_prose(console, shown(runs.in_common))


def _print_pair(console: Console, runs: TwoRuns, pair: AnswerPair, *, is_whole: bool) -> None:
    place = pair.place
    console.print()
    console.rule(
        Text(f"{plain(place.record_id)} · {plain(place.candidate)}", "bold"), align="left", style="dim"
    )
    for moved in pair.scores:
        _print_score(console, moved)
    console.print(
        Text(_cut(f"asked: {plain(pair.prompt)}", None if is_whole else _MOST_PROMPT), "dim"), soft_wrap=False
    )
    then, now = _marked(pair.then, pair.now, has_colour=has_colour(console), is_whole=is_whole)
    heads = f"then: {plain(runs.then.run_id)}", f"now: {plain(runs.now.run_id)}"
    if not place.changed:
        console.print(_beside(console, ["both the same"], [then]), soft_wrap=False)
    elif console.width < _TWO_COLUMNS:
        for head, text in zip(heads, (then, now), strict=True):
            console.print(_beside(console, [head], [text]), soft_wrap=False)
    else:
        console.print(_beside(console, heads, [then, now]), soft_wrap=False)


def _beside(console: Console, heads: Sequence[str], texts: Sequence[Text]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim", width=console.width)
    for head in heads:
        # Folded: a word that is longer than the column must be read, too.
        table.add_column(Text(head), ratio=1, overflow="fold")
    table.add_row(*texts)
    return table


def _print_score(console: Console, moved: MovedScore) -> None:
    was, now = (score(round(one, 2)) if one is not None else "none" for one in (moved.was, moved.now))
    if moved.was == moved.now:
        console.print(Text(f"{plain(moved.criterion)} {now}", "dim"))
        return
    console.print(Text(f"{plain(moved.criterion)} {was} → {now}  {_word(moved)}", _TONES[moved.change]))
    if moved.why_now:
        # Of a panel one judge's reason: a page and --json have all of them.
        first, _, more = plain(moved.why_now).partition("\n")
        said = _cut(first, _MOST_RATIONALE) + (
            f" (and {count(more.count(chr(10)) + 1)} more)" if more else ""
        )
        console.print(Text(f"  {said}"), soft_wrap=False)


def _word(moved: MovedScore) -> str:
    return "" if moved.change == "same" else moved.change


def _marked(then: Answer, now: Answer, *, has_colour: bool, is_whole: bool) -> list[Text]:
    if then.response is None or now.response is None:
        return [_whole(answer) for answer in (then, now)]
    parts = word_differences(plain(then.response), plain(now.response))
    return [styled(folded(part, is_whole=is_whole), has_colour=has_colour) for part in parts]


def _whole(answer: Answer) -> Text:
    if answer.response is None:
        return Text(f"no response: {plain(answer.error or 'no reason is known')}", "red")
    return Text(plain(answer.response))


def _cut(text: str, most: int | None) -> str:
    line = " ".join(text.split())
    return line if most is None or len(line) <= most else f"{line[:most]}…"
