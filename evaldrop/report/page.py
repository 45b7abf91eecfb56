"""
`report.html`: one file without server, network or build.

A strict Content-Security-Policy lets only this page's own style and script run, by their hashes. What models
and datasets wrote travels as compressed data and is shown as text nodes only.
"""

import base64
import gzip
import hashlib
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import orjson
from jinja2 import BytecodeCache, Environment, PackageLoader, StrictUndefined, Template
from jinja2.bccache import Bucket
from markupsafe import Markup

from evaldrop import storage
from evaldrop.checks import CHECKED_BY
from evaldrop.errors import StorageError
from evaldrop.evaluation import Evaluation
from evaldrop.evaluation.definition import layout
from evaldrop.report import behind, charts, first_screen, links, slices
from evaldrop.report.changes import baseline_axis
from evaldrop.report.columns import PAGE
from evaldrop.report.deliveries import deliveries
from evaldrop.report.escape import script_json
from evaldrop.report.failures import failed_criteria
from evaldrop.report.first_screen import best_first, fallen, gate_rules
from evaldrop.report.latency import LatencyCounts, latencies_drawn
from evaldrop.report.places import Behind
from evaldrop.report.plane import cost_quality_plane
from evaldrop.report.preferences import preference_pairs, preferences
from evaldrop.report.rows import Chunk, StratumCount
from evaldrop.report.sentences import again, free_checks, losses
from evaldrop.report.spoken import Spoken
from evaldrop.report.tables.answers import (
    by_field,
    confusion_matrix,
    field_scores,
    fields_of,
    label_scores,
    labels_by_category,
)
from evaldrop.report.tables.baseline import baseline_changes, by_decision, worst_records
from evaldrop.report.tables.guardrails import guardrail_pairs, guardrails, share_in_parts
from evaldrop.report.tables.operations import operations
from evaldrop.report.tables.pairs import pairs
from evaldrop.report.tables.perturbations import perturbations
from evaldrop.report.tables.prompts import improved_prompts, tuned_on
from evaldrop.report.tables.proof import proof_tables
from evaldrop.report.tables.ranking import ranking
from evaldrop.report.trust import trust_tables
from evaldrop.report.voting import places_by_criterion
from evaldrop.run.definition import criteria_by_name
from evaldrop.scorecard import figures
from evaldrop.scorecard.answers import ENOUGH
from evaldrop.scorecard.improved_prompts import improvement_in_words
from evaldrop.scorecard.model.recommendation import NOTHING_TO_SHIP
from evaldrop.scorecard.model.scorecard import Scorecard
from evaldrop.scorecard.recommendation import recommendation_of

_PACKAGE = "evaldrop.report"

# Slices below this many records are too small to read.
FEW_RECORDS = 10
# More of either are folded.
_MOST_UNDECIDED, _MOST_TRUST_ROWS = 12, 6

# The tables that templates ask for; those that need more than the scorecard are made here.
_TABLES = {
    "operations": operations,
    "pairs": pairs,
    "field_scores": field_scores,
    "by_field": by_field,
    "fields_of": fields_of,
    "label_scores": label_scores,
    "confusion_matrix": confusion_matrix,
    "labels_by_category": labels_by_category,
    "worst_records": worst_records,
    "guardrails": guardrails,
    "guardrail_pairs": guardrail_pairs,
    "share_in_parts": share_in_parts,
}

# In the order in which they need each other: they become one style and one script.
_STYLES = (
    "report.css",
    "styles/first_screen.css",
    "styles/tables.css",
    "styles/reading.css",
    "styles/bench.css",
    "styles/drill.css",
    "styles/groups.css",
    "styles/votes.css",
)
_SCRIPTS = (
    "data/elements.js",
    "data/tables.js",
    "lists/filters.js",
    "data/packed.js",
    "data/rows.js",
    "texts/unseen.js",
    "texts/json.js",
    "texts/markdown_spans.js",
    "texts/markdown.js",
    "texts/markdown_elements.js",
    "texts/difference.js",
    "texts/json_difference.js",
    "texts/reading.js",
    "lists/selection.js",
    "lists/controls.js",
    "lists/taking.js",
    "lists/groups.js",
    "lists/list.js",
    "record/grid.js",
    "record/preferences.js",
    "record/preferring.js",
    "lists/trust.js",
    "record/answer.js",
    "record/columns.js",
    "record/votes.js",
    "record/voting.js",
    "record/bench.js",
    "record/records.js",
)


def html_report(
    scorecard: Scorecard,
    run: Mapping[str, Any],
    chunks: Sequence[Chunk],
    counts: Sequence[StratumCount],
    *,
    latencies: LatencyCounts | None = None,
    behind: Behind | None = None,
) -> str:
    """
    Return the report as one HTML page; `run` is the content of `run.json`.

    Without `latencies` only their percentiles are drawn, and without `behind` the groups of failures and what
    rests on labels open nothing.
    """
    places = behind or Behind()
    # Rows name candidates by their number in the run's own order.
    names = _names(scorecard, run)
    scorecard = best_first(scorecard)
    baseline = scorecard.baseline
    prices = run.get("prices") or {}
    return rendered(
        "report.html.j2",
        style=read_assets("", _STYLES),
        script=read_assets("scripts", _SCRIPTS),
        scorecard=scorecard,
        run=run,
        evaluation=orjson.dumps(run.get("evaluation", {}), option=orjson.OPT_INDENT_2).decode(),
        prompts=run.get("prompts") or {},
        prices=prices.get("models") or {},
        price_source=prices.get("source"),
        names=Markup(script_json(names)),  # noqa: S704 - escaped for a script element
        chunks=[(_base64(chunk.packed), _base64(chunk.details)) for chunk in chunks],
        counts=counts,
        seen=sum(count.seen for count in counts),
        kept=sum(count.kept for count in counts),
        plots={
            name: (charts.dots(scorecard, name), charts.scale_ticks(scorecard, name))
            for name in charts.plotted(scorecard)
        },
        matrices=charts.matrices(scorecard),
        one_order=((run.get("evaluation") or {}).get("pairwise") or {}).get("orders", "both") != "both",
        preferences=preferences(scorecard),
        preference_pairs=preference_pairs(scorecard),
        recommendation=recommendation_of(scorecard),
        ranking=ranking(scorecard),
        trust=trust_tables(scorecard.model_dump(mode="json")),
        plane=cost_quality_plane(scorecard),
        delivered=deliveries(scorecard),
        latencies=latencies_drawn(scorecard, latencies or LatencyCounts()),
        baseline_changes=baseline
        and [
            baseline_changes(moved, baseline_axis(scorecard, baseline), baseline)
            for moved in by_decision(baseline)
        ],
        most_undecided=_MOST_UNDECIDED,
        most_trust_rows=_MOST_TRUST_ROWS,
        perturbed=perturbations(scorecard),
        proved=proof_tables(scorecard),
        improved=improved_prompts(scorecard),
        tuned_on=tuned_on(scorecard),
        improvements=[improvement_in_words(name, one) for name, one in scorecard.prompts.items()],
        categories=names["categories"],
        metrics=names["metrics"],
        category_wins=slices.category_wins(scorecard),
        most_categories=slices.MOST_CATEGORIES_OPEN,
        fallen=fallen(scorecard),
        most_fallen=first_screen.MOST_FALLEN,
        most_falls=first_screen.MOST_FALLS,
        rules=gate_rules(scorecard),
        alarms=first_screen.alarms(scorecard),
        losses=losses(scorecard),
        free_checks=free_checks(scorecard),
        said=Spoken(scorecard),
        again=again(scorecard, run),
        few_records=FEW_RECORDS,
        failed_criteria=failed_criteria(scorecard),
        groups=Markup(script_json(dict(places.groups))),  # noqa: S704 - escaped for a script element
        labels=Markup(script_json(dict(places.labels))),  # noqa: S704 - escaped for a script element
    )


def rendered(
    name: str, *, style: str, script: str | None = None, asks_server: bool = False, **values: Any
) -> str:
    """
    Return a page that loads nothing and on which only this style and this script run.

    `asks_server`: its script may ask the server that the page came from.
    """
    policy = policy_of(style, script, asks=("'self'",) if asks_server else ())
    return filled(template(name), style=style, script=script, policy=policy, **values)


def policy_of(style: str, script: str | None, *, asks: Sequence[str] = ()) -> str:
    """Return the policy of a page with this style and this script; `asks`: whom its script may ask."""
    scripts = "'none'" if script is None else _source(script)
    asked = f"; connect-src {' '.join(asks)}" if asks else ""
    allowed = f"style-src {_source(style)}; script-src {scripts}{asked}"
    return f"default-src 'none'; {allowed}; base-uri 'none'; form-action 'none'"


def filled(page: Template, *, style: str, script: str | None, **values: Any) -> str:
    """Return a template with this package's style and script in it; everything else it prints is escaped."""
    return page.render(
        style=Markup(style),  # noqa: S704 - this package's own file
        script=Markup(script or ""),  # noqa: S704 - this package's own file
        **values,
    )


def read_assets(folder: str, names: Sequence[str], *, package: str = _PACKAGE) -> str:
    """Return styles or scripts of a folder as one, in their order."""
    return "\n".join(read_asset(f"{folder}/{name}" if folder else name, package) for name in names)


def packed_json(content: Any) -> str:
    """Return JSON as a page carries it where it is large: `templates/scripts/data/packed.js` unpacks it."""
    # Without a time in it: the same content makes the same page.
    return _base64(gzip.compress(orjson.dumps(content), 6, mtime=0))


def template(name: str, package: str = _PACKAGE) -> Template:
    """Return a template of this package, or of another that has pages; everything it prints is escaped."""
    return _environment(package).get_template(name)


@cache
def read_asset(name: str, package: str = _PACKAGE) -> str:
    """Return a style or a script of this package, or of another that has pages."""
    return files(package).joinpath("templates", name).read_text(encoding="utf-8")


class _CompiledTemplates(BytecodeCache):
    """
    Keeps compiled templates in `__pycache__` beside them, as Python keeps modules.

    Compiling takes longer than rendering. Where nothing may be written, as in a Lambda, nothing is kept.
    """

    def __init__(self, package: str) -> None:
        self._package = package

    def load_bytecode(self, bucket: Bucket) -> None:
        with suppress(OSError), self._place(bucket).open("rb") as stream:
            bucket.load_bytecode(stream)

    def dump_bytecode(self, bucket: Bucket) -> None:
        if sys.dont_write_bytecode:
            return
        with suppress(StorageError):
            storage.write_bytes(str(self._place(bucket)), bucket.bytecode_to_string())

    def _place(self, bucket: Bucket) -> Path:
        return Path(str(files(self._package))) / "templates" / "__pycache__" / f"{bucket.key}.jinja"


@cache
def _environment(package: str) -> Environment:
    environment = Environment(
        loader=PackageLoader(package),
        bytecode_cache=_CompiledTemplates(package),
        autoescape=True,
        # A misspelt name must fail; by default it leaves a gap in the report.
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(
        figures=figures,
        charts=charts,
        tables=_TABLES,
        links=links,
        behind=behind,
        PAGE=PAGE,
        enough=ENOUGH,
        nothing_to_ship=NOTHING_TO_SHIP,
    )
    return environment


def _source(text: str) -> str:
    # The hash is of the element's text to the byte: a template must add no blank to it.
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _base64(packed: bytes) -> str:
    return base64.b64encode(packed).decode()


def _names(scorecard: Scorecard, run: Mapping[str, Any]) -> dict[str, Any]:
    """Return what rows name by number; a request's key is the one under which PrepareRecords wrote it."""
    evaluation = Evaluation.model_validate(run["evaluation"])
    cards = scorecard.candidates.values()
    return {
        "run_id": scorecard.run_id,
        "candidates": list(scorecard.candidates),
        "models": [card.model for card in cards],
        "request_keys": [
            f"{evaluation.prompt_of(candidate)}/{layout(candidate)}" for candidate in evaluation.candidates
        ],
        "criteria": list(scorecard.criteria),
        "scales": [
            [info.low, info.high, info.kind, info.higher_is_better, info.pass_at]
            for info in scorecard.criteria.values()
        ],
        "checks": [info.check is not None for info in scorecard.criteria.values()],
        "weights": [info.weight for info in scorecard.criteria.values()],
        "menus": _menus(run),
        "places": places_by_criterion(run),
        "baseline": scorecard.baseline and (scorecard.baseline.run_id or scorecard.baseline.uri),
        # Behind the judges, as rows number them.
        "judges": [*scorecard.judges, *([CHECKED_BY] if _has_checks(scorecard) else [])],
        "metrics": list(dict.fromkeys(name for card in cards for name in card.metrics)),
        "categories": list(dict.fromkeys(name for card in cards for name in card.categories)),
    }


def _has_checks(scorecard: Scorecard) -> bool:
    return any(info.check is not None for info in scorecard.criteria.values())


def _menus(run: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """Return the names of answers on each menu, by their worth as JavaScript writes a number."""
    criteria = criteria_by_name(run.get("criteria") or (), path="criteria")
    return {
        name: {f"{point.value:.15g}": point.label for point in criterion.scale.points}
        for name, criterion in criteria.items()
        if criterion.scale.kind == "choices"
    }
