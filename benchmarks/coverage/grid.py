"""All cells of the grid by name: what each measures, how often it is drawn, and its seed."""

from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple
from zlib import crc32

from benchmarks.coverage import decisions, estimates


class Cell(NamedTuple):
    """Something to be measured; `draws` of a whole run of the grid."""

    what: Any
    draws: int

    def measure(self, name: str, share: float = 1.0) -> dict[str, float]:
        """Return what was measured, by name; of a share of the draws. The same every time."""
        found: NamedTuple = self.what.measure(max(20, round(self.draws * share)), crc32(name.encode()))
        return {key: float(value) for key, value in found._asdict().items()}


@cache
def grid() -> Mapping[str, Mapping[str, Cell]]:
    """Return the cells by part and name."""
    return {
        "estimates": {
            f"{one.row}, n = {n}": Cell(one, 2000) for n in estimates.RECORDS for one in estimates.rows(n)
        },
        "alike": {one.row: _cell(one, 2000) for one in decisions.equal_candidates()},
        "skewed": {one.row: _cell(one, 3000) for one in decisions.skewed_changes()},
        "lost": {one.row: _cell(one, 1000) for one in decisions.losses()},
        "printed": {one.row: _cell(one, 2000) for one in decisions.printed_intervals()},
        "detectable": {one.row: _cell(one, 1000) for one in decisions.detectable_differences()},
    }


def _cell(what: Any, draws: int) -> Cell:
    """Return a cell of which a run with very many comparisons is drawn less often, for it takes long."""
    pairs = what.world.candidates * (what.world.candidates - 1) // 2
    tests = pairs * (len(what.world.kinds) + 1)
    return Cell(what, max(500, draws // max(1, tests // 6)) if tests > 6 else draws)
