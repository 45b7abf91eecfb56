"""Whatever an expression says, it gives JSON or an error of the engine's: nothing else may end an execution."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaldrop.engine.errors import QueryError
from evaldrop.engine.payloads import to_json
from evaldrop.engine.queries import FUNCTION_NAMES, Frame
from evaldrop.engine.templates import compile_template

DATA = {
    "n": None, "t": "a1b22", "list": [{"k": "x", "v": 1}, {"k": "y"}, [2, "z"]], "o": {"a": {"b": [0, 0.5, -1]}},
    "time": "2016-03-05T21:29:29.243Z", "odd": "\ud83d", "big": 10**400,
}  # fmt: skip
LEAVES = st.sampled_from([
    "null", "true", "0", "-1", "2.5", "1e300", "''", "'a1'", "'[Y]-[M01]'", "'#,##0.0'", "'utf'", "/a(\\d)?/", "/^/",
    "[]", "{}", "[[]]", "$", "$$no", "$no", "*", "**", "%", "$states.input", "$states.input.list", "$states.input.o.a.b",
    "$states.input.t", "$states.input.time", "$states.input.n", "$states.input.odd", "$states.input.big", "$sum",
    "function($a){$a}", "function($a, $b){$a > $b}", "function($a)<s-:s>{$a}", "|list|{'a': 1}|",
])  # fmt: skip


def larger(inner):
    name = st.sampled_from(sorted(FUNCTION_NAMES - {"eval"}))
    operator = st.sampled_from(["+", "/", "%", "&", "=", "<", "in", "and", "~>", ".", ":=", "?", "..", "@", "#", "^"])
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
        st.builds("{}{}".format, inner, st.sampled_from([")", "(", "[", "{", "'", "/", "\\", "`", "<s:", "\ud800"])),
    )


@pytest.mark.fuzz
@given(st.recursive(LEAVES, larger, max_leaves=6))
def test_any_expression_gives_json_or_an_error_of_its_own(expression):
    problems = []
    template = compile_template(f"{{% {expression} %}}", "Output", "$.Output", lambda *told: problems.append(told))
    if problems:
        assert [path for path, _ in problems] == ["$.Output"]
        return
    try:
        given = template.evaluate(Frame({"states": {"input": DATA}}))
    except QueryError as error:
        assert error.location == "Output"
        assert expression.strip() in str(error.cause)
    else:
        to_json(given)
