"""Whatever an expression says, it gives JSON or an error of the engine's: no other ends an execution."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaldrop.engine.errors import QueryError
from evaldrop.engine.payloads import to_json
from evaldrop.engine.queries import FUNCTION_NAMES, Frame
from evaldrop.engine.templates import compile_template

DATA = {
    "n": None, "t": "a1b22", "list": [{"k": "x", "v": 1}, {"k": "y"}, [2, "z"]], "big": 10**400,
    "o": {"a": {"b": [0, 0.5, -1]}}, "time": "2016-03-05T21:29:29.243Z", "odd": "\ud83d",
}  # fmt: skip
INPUT = [f"$states.input.{path}" for path in ("list", "o.a.b", "t", "time", "n", "odd", "big")]
LEAVES = st.sampled_from([
    "null", "true", "0", "-1", "2.5", "1e300", "''", "'a1'", "'[Y]-[M01]'", "'#,##0.0'", "'utf'", "/a(\\d)?/",
    "/^/", "[]", "{}", "[[]]", "$", "$$no", "$no", "*", "**", "%", "$sum", "function($a){$a}",
    "function($a, $b){$a > $b}", "function($a)<s-:s>{$a}", "|list|{'a': 1}|", "$states.input", *INPUT,
])  # fmt: skip


def larger(inner):
    name = st.sampled_from(sorted(FUNCTION_NAMES - {"eval"}))
    operator = st.sampled_from(
        ["+", "/", "%", "&", "=", "<", "in", "and", "~>", ".", ":=", "?", "..", "@", "#", "^"]
    )
    return st.one_of(
        st.builds("${}({})".format, name, inner),
        st.builds("${}({}, {})".format, name, inner, inner),
        st.builds("${}({}, {}, {})".format, name, inner, inner, inner),
        st.builds("({}) {} ({})".format, inner, operator, inner),
        st.builds("{} {} {}".format, inner, operator, inner),
        st.builds("({})[{}]".format, inner, inner),
        st.builds("({}).({})".format, inner, inner),
        st.builds("({}){{{}: {}}}".format, inner, inner, inner),
        st.builds("({})^(>{})".format, inner, inner),
        st.builds("({}) ? ({}) : ({})".format, inner, inner, inner),
        st.builds("[{}, {}]".format, inner, inner),
        st.builds("($x := {}; {})".format, inner, inner),
        st.builds(
            "{}{}".format, inner, st.sampled_from([")", "(", "[", "{", "'", "/", "\\", "`", "<s:", "\ud800"])
        ),
    )


@pytest.mark.fuzz
@given(st.recursive(LEAVES, larger, max_leaves=6))
def test_any_expression_gives_json_or_an_error_of_its_own(expression):
    problems = []
    template = compile_template(
        f"{{% {expression} %}}", "Output", "$.Output", lambda *told: problems.append(told)
    )
    if problems:
        assert [path for path, _ in problems] == ["$.Output"]
        return
    # Nothing but a QueryError may come of it, and nothing but JSON.
    with contextlib.suppress(QueryError):
        to_json(template.evaluate(Frame({"states": {"input": DATA}})))
