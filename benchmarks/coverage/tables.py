"""Results as Markdown, and where they are kept."""

import json
import math
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from benchmarks.coverage.estimates import RECORDS

Cells = Mapping[str, Mapping[str, float]]
Results = dict[str, dict[str, dict[str, float]]]

KEPT = Path(__file__).parent / "results.json"
"""What the tables of docs/method.md were made of."""

_MARKED = re.compile(r"(<!-- coverage: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def load() -> Results:
    """Return the kept results; none where none are kept."""
    if not KEPT.exists():
        return {}
    found: Results = json.loads(KEPT.read_text(encoding="utf-8"))
    return found


def save(results: Results) -> None:
    """Keep results."""
    # A tenth of a per mille: no simulation is as exact, and the file is read by people.
    rounded = {
        part: {name: {key: _rounded(value) for key, value in cell.items()} for name, cell in cells.items()}
        for part, cells in results.items()
    }
    KEPT.write_text(json.dumps(rounded, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def with_tables(page: str, results: Results) -> str:
    """Return a page with the tables between its marks, `<!-- coverage: PART -->` and `<!-- end -->`."""
    return _MARKED.sub(lambda mark: f"{mark[1]}\n{rendered(mark[2], results[mark[2]])}\n\n{mark[3]}", page)


def rendered(part: str, cells: Cells) -> str:
    """Return a part's table."""
    return _TABLES[part](cells)


def _estimates(cells: Cells) -> str:
    rows: dict[str, dict[int, Mapping[str, float]]] = {}
    for name, cell in cells.items():
        row, n = name.rsplit(", n = ", 1)
        rows.setdefault(row, {})[int(n)] = cell
    lines = []
    for row, by_n in rows.items():
        covers = " / ".join(_percent(by_n[n]["covers"]) if n in by_n else "–" for n in RECORDS)
        width = " / ".join(f"{by_n[n]['width']:.2f}" if n in by_n else "–" for n in RECORDS)
        passes = [max(cell["passes_at_least"], cell["passes_at_most"]) for cell in by_n.values()]
        lines.append((row, covers, _percent(max(passes)), width))
    numbers = " / ".join(map(str, RECORDS))
    return _table(
        ("what", f"covers, %, n = {numbers}", "gate passes at its limit, at most %", "width"), lines
    )


def _alike(cells: Cells) -> str:
    lines = [
        (row, _percent(cell["of_criteria"]), _percent(cell["of_overall"])) for row, cell in cells.items()
    ]
    return _table(("candidates", "false on a criterion, %", "false overall, %"), lines)


def _worst_of(cells: Cells) -> str:
    """Return a line per kind of change, over the numbers of records."""
    kinds: dict[str, dict[str, float]] = {}
    for name, cell in cells.items():
        scale, change = name.split(", ", 1)
        rare, rest = change.split(" of ", 1)
        records, how = rest.split(" ", 1)
        kinds.setdefault(f"{scale}, {rare} {how}", {})[records] = cell["of_criteria"]
    lines = [
        (kind, " / ".join(by_n), " / ".join(_percent(value) for value in by_n.values()))
        for kind, by_n in kinds.items()
    ]
    return _table(("records expected to change", "of", "false, %"), lines)


def _printed(cells: Cells) -> str:
    lines = [
        (
            row,
            f"{cell['decided']:.1f}",
            _percent(max(cell["by_criteria"], cell["by_overall"])),
            _percent(cell["covers"]),
            _percent(cell["single_covers"]),
        )
        for row, cell in cells.items()
        # Of almost no run that decides anything a coverage cannot be told.
        if cell["decided"] >= 0.05
    ]
    heads = (
        "candidates × criteria",
        "decided a run",
        "false coverage rate, %",
        "family intervals of the decided cover, %",
        "single intervals would, %",
    )
    return _table(heads, lines)


def _detectable(cells: Cells) -> str:
    lines = [
        (row, f"{cell['detectable']:.2f}", _percent(cell["power"]))
        for row, cell in cells.items()
        if cell["power"] is not None and math.isfinite(cell["power"])
    ]
    return _table(("candidates × criteria", "said to be seen", "is decided, %"), lines)


_TABLES: Mapping[str, Callable[[Cells], str]] = {
    "estimates": _estimates,
    "alike": _alike,
    "skewed": _worst_of,
    "lost": _alike,
    "printed": _printed,
    "detectable": _detectable,
}


def _table(heads: Iterable[str], lines: Iterable[Iterable[str]]) -> str:
    heads = list(heads)
    rows = [heads, ["---"] * len(heads), *lines]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _percent(share: float) -> str:
    return f"{100 * share:.1f}"


def _rounded(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else round(value, 4)
