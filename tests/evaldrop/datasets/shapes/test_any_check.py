"""Whatever peers' checks are made of, their rows are records or are rejected in words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaldrop.datasets import Record, Rejected
from evaldrop.datasets.shapes.promptfoo_checks import KNOWN_TYPES
from tests.evaldrop.datasets.reading_of import read_row

_WORDS = st.sampled_from([
    *sorted(KNOWN_TYPES), "not-contains", "not-word-count", "string_check", "text_similarity", "multi", "eq",
    "ne", "like", "ilike", "fuzzy_match", "bleu", "includes", "match", "exact", "answer", "letter", "end",
    "1", "{{ item.a }}", "{{a}}", "{{ sample.output_text }}", "{{sample.output_json.x[0].y}}", "file://x",
    "(?<x", "nan", "a,b", '"a', "a\rb", "", "equals", "not_json", "python",
])  # fmt: skip
_KEYS = st.sampled_from([
    "type", "value", "assert", "threshold", "metric", "weight", "transform", "name", "min", "max", "args",
    "mode", "arguments", "input", "reference", "operation", "evaluation_metric", "pass_threshold", "options",
    "location", "pattern", "numeric", "equals", "contains", "regex", "json_path", "path", "pass_at",
])  # fmt: skip
_ANY = st.recursive(
    _WORDS | st.none() | st.booleans() | st.integers(-9, 9) | st.floats(-1e308, 1e308),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=5),
    max_leaves=12,
)  # fmt: skip
_CHECKS = st.lists(st.dictionaries(_KEYS, _ANY, max_size=6), max_size=3) | _ANY
_ROWS = st.one_of(
    st.fixed_dictionaries({"vars": st.just({"a": "x"}) | _ANY, "assert": _CHECKS}),
    st.fixed_dictionaries({"prompt": st.just("q"), "checks": _CHECKS}),
    st.fixed_dictionaries({"item": st.fixed_dictionaries({"a": _ANY, "label": _ANY}), "graders": _CHECKS}),
    st.fixed_dictionaries({"input": st.just("q"), "target": _ANY, "scorers": _CHECKS}),
    st.fixed_dictionaries({"q": st.just("x"), "__expected1": _ANY, "__metric": _ANY, "__prefix": _ANY}),
    st.fixed_dictionaries({
        "prompt": st.just({"raw": "x"}), "response": st.just({"output": "y"}), "vars": _ANY,
        "testCase": st.fixed_dictionaries({"assert": _CHECKS}),
    }),
)  # fmt: skip


@pytest.mark.fuzz
@given(_ROWS)
def test_any_check_of_a_peers_row_is_read_kept_or_refused_in_words(row):
    outcome = read_row(row)
    assert isinstance(outcome, Record | Rejected)
    if isinstance(outcome, Rejected):
        assert all(problem.what and problem.do for problem in outcome.problems)
