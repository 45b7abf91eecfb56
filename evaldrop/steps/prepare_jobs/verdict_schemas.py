"""
`outputConfig` of a judge's rows: its verdict as data, where its model is known to take a JSON Schema.

A judge's prompt asks for its verdict in text either way, which is read wherever a model does not keep to the
schema. Whether Bedrock takes the field in a job of Converse rows is documented and was not tried:
`VerdictSchemas` is the one place that sends it.
"""

from collections.abc import Sequence
from typing import Any

import orjson

from evaldrop.evaluation.model_limits import limits_of
from evaldrop.run.definition import RunDefinition
from evaldrop.steps.prepare_records.pair_texts import pair_tool
from evaldrop.verdicts.tool import verdict_tool

JSON = dict[str, Any]

_BOUNDS = frozenset({"minimum", "maximum"})


class VerdictSchemas:
    """The `outputConfig` of each judge's rows; None where a judge answers in text alone."""

    def __init__(self, run: RunDefinition) -> None:
        self._run = run
        self._judges = {
            judge.name
            for judge in run.judges
            # One letter is no data, and a judge that the evaluation has answer in text keeps to it.
            if judge.verdict == "text"
            and judge.api == "converse"
            and limits_of(judge.model, judge.family).structured
        }
        self._made: dict[tuple[str, ...], JSON] = {}

    def of_verdict(self, judge: str, criteria: Sequence[str]) -> JSON | None:
        """Return it for a judge's request about some criteria, by their names."""
        if judge not in self._judges:
            return None
        names = tuple(criteria)
        if names not in self._made:
            tool = verdict_tool([self._run.criteria[name] for name in names])
            self._made[names] = _output_config(tool)
        return self._made[names]

    def of_pair(self, judge: str) -> JSON | None:
        """Return it for a judge's comparisons."""
        pairwise = self._run.evaluation.pairwise
        if judge not in self._judges or pairwise is None:
            return None
        if () not in self._made:
            self._made[()] = _output_config(pair_tool(pairwise))
        return self._made[()]


def _output_config(tool: JSON) -> JSON:
    # The API takes the schema as a text.
    schema = orjson.dumps(_without_bounds(tool["input_schema"])).decode()
    structure = {"jsonSchema": {"name": tool["name"], "description": tool["description"], "schema": schema}}
    return {"textFormat": {"type": "json_schema", "structure": structure}}


def _without_bounds(schema: Any) -> Any:
    """Return a schema as structured output takes it: without bounds of numbers, and closed."""
    if isinstance(schema, list):
        return [_without_bounds(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    made = {key: _without_bounds(value) for key, value in schema.items() if key not in _BOUNDS}
    return {**made, "additionalProperties": False} if made.get("type") == "object" else made
