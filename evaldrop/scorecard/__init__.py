"""A run's scorecard: its types, and how it is computed from result files."""

from evaldrop.scorecard.model.scorecard import Scorecard

__all__ = ["Scorecard", "build_scorecard"]


def build_scorecard(folder: str, manifest: str | None = None) -> Scorecard:
    """Compute a run's scorecard and write every file of its folder; see `evaldrop.scorecard.build`."""
    # Imported here: the reports import this package's types, and reading a scorecard needs no pyarrow.
    from evaldrop.scorecard.build import build_scorecard as build

    return build(folder, manifest)
