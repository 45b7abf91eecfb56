"""
`report.html`: one file without server, network or build.

A strict Content-Security-Policy lets only this page's own style and script run, by their hashes. What models
and datasets wrote travels as compressed data and is shown as text nodes only.
"""

import base64
import hashlib
import shlex
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

import orjson
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from evaldrop.report import charts, figures
from evaldrop.report.escape import script_json
from evaldrop.report.rows import StratumCount
from evaldrop.scorecard.model import PairwiseEstimate, Scorecard

# Slices below this many records are too small to read.
FEW_RECORDS = 10


def html_report(
    scorecard: Scorecard, run: Mapping[str, Any], chunks: Sequence[bytes], counts: Sequence[StratumCount]
) -> str:
    """
    Return the report as one HTML page.

    Args:
        scorecard: The numbers.
        run: The content of `run.json`: what was run.
        chunks: The records carried, gzip chunks of JSON arrays.
        counts: What of the run is carried.
    """
    style, script = read_asset("report.css"), read_asset("report.js")
    page: str = template("report.html.j2").render(
        scorecard=scorecard,
        run=run,
        evaluation=_pretty(run.get("evaluation", {})),
        plan=_pretty(
            {
                key: run.get(key)
                for key in ("versions", "prompts", "workflow_sha256", "options")
                if run.get(key)
            }
        ),
        policy=content_security_policy(style, script),
        style=Markup(style),  # noqa: S704 - this package's own file
        script=Markup(script),  # noqa: S704 - this package's own file
        names=Markup(script_json(_names(scorecard))),  # noqa: S704 - escaped for a script element
        chunks=[base64.b64encode(chunk).decode() for chunk in chunks],
        counts=counts,
        seen=sum(count.seen for count in counts),
        kept=sum(count.kept for count in counts),
        dots={criterion: charts.dots(scorecard, criterion) for criterion in scorecard.criteria},
        plane=charts.cost_quality_plane(scorecard),
        categories=_categories(scorecard),
        metrics=_metrics(scorecard),
        compared=_compared(scorecard),
        again=_command(scorecard, run),
        few_records=FEW_RECORDS,
    )
    return page


def _compared(scorecard: Scorecard) -> list[tuple[str, str, PairwiseEstimate]]:
    """Return the rows of the table of preferences: against each baseline, then by each of several judges."""
    rows = []
    for name, card in scorecard.candidates.items():
        if card.pairwise is None:
            continue
        rows += [(name, baseline, pair) for baseline, pair in card.pairwise.by_baseline.items()]
        if len(card.pairwise.by_judge) > 1:
            rows += [(name, f"all, by {judge}", pair) for judge, pair in card.pairwise.by_judge.items()]
    return rows


def content_security_policy(style: str, script: str | None = None) -> str:
    """Return a policy under which nothing is loaded, and only this style and this script run."""
    scripts = "'none'" if script is None else _source(script)
    allowed = f"style-src {_source(style)}; script-src {scripts}"
    return f"default-src 'none'; {allowed}; base-uri 'none'; form-action 'none'"


def template(name: str) -> Any:
    """Return a template of this package; everything it prints is escaped."""
    return _environment().get_template(name)


@cache
def read_asset(name: str) -> str:
    """Return a style or a script of this package."""
    return files("evaldrop.report").joinpath("templates", name).read_text(encoding="utf-8")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("evaldrop.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(figures=figures, charts=charts)
    return environment


def _source(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _pretty(content: object) -> str:
    return orjson.dumps(content, option=orjson.OPT_INDENT_2).decode()


def _names(scorecard: Scorecard) -> dict[str, Any]:
    return {
        "run_id": scorecard.run_id,
        "candidates": list(scorecard.candidates),
        "models": [card.model for card in scorecard.candidates.values()],
        "criteria": list(scorecard.criteria),
        "scales": [[info.low, info.high, info.kind] for info in scorecard.criteria.values()],
        "judges": list(scorecard.judges),
        "metrics": _metrics(scorecard),
        "categories": _categories(scorecard),
    }


def _command(scorecard: Scorecard, run: Mapping[str, Any]) -> str:
    words = ["evaldrop", "run", scorecard.dataset.uri]
    if evaluation := run.get("evaluation_uri"):
        words += ["--evaluation", str(evaluation)]
    if scorecard.simulated:
        words += ["--bedrock", "simulated"]
    return shlex.join(words)


def _metrics(scorecard: Scorecard) -> list[str]:
    return list(dict.fromkeys(name for card in scorecard.candidates.values() for name in card.metrics))


def _categories(scorecard: Scorecard) -> list[str]:
    return list(dict.fromkeys(name for card in scorecard.candidates.values() for name in card.categories))
