"""Compiled expressions give what jsonata-python gives, on data and expressions nobody thought of."""

import copy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaldrop.engine.queries.compiled import UntranslatedError, translate
from evaldrop.engine.queries.interpreted import interpret
from evaldrop.engine.queries.syntax import parse_expression
from evaldrop.engine.queries.values import ExpressionError, Frame

NAMES = ["a", "b", "c"]
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 9),
    st.sampled_from([0.5, -1.25, 2.0]),
    st.sampled_from(["", "x", "é"]),
)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(NAMES), inner, max_size=3)
    ),
    max_leaves=12,
)
ONE_ARGUMENT = [
    "exists", "count", "string", "not", "boolean", "type", "sum", "max", "min", "average", "keys", "merge",
    "join", "length", "uppercase", "abs", "floor", "ceil",
]  # fmt: skip
LITERALS = st.sampled_from(["1", "0", "-2", "2.5", "true", "false", "null", "'x'", "''", "[]", "{}", "[[1]]"])


def expressions():
    leaves = st.one_of(LITERALS, st.sampled_from(["$in", "$in.a", "$in.b.c", "$no", "$v", "$in.a.b.c"]))
    return st.recursive(leaves, larger, max_leaves=8)


def larger(inner):
    name = st.sampled_from(NAMES)
    binary = st.sampled_from(
        ["+", "-", "*", "&", "=", "!=", "<", "<=", ">", ">=", "and", "or", "in", "%", "/"]
    )
    one = st.sampled_from(ONE_ARGUMENT)
    two = st.sampled_from(["append", "lookup", "join", "contains"])
    return st.one_of(
        st.builds("({}).{}".format, inner, name),
        st.builds("{}.{}.{}".format, st.sampled_from(["$in", "$v"]), name, name),
        st.builds("$in.{}[{}]".format, name, inner),
        st.builds("$in.{}[{} = {}]".format, name, name, inner),
        st.builds("$in.{}[].{}".format, name, name),
        st.builds("$in.{}[{}][]".format, name, inner),
        st.builds("$in.{}.{{'k': {}}}".format, name, name),
        st.builds("$in.{}.({})".format, name, inner),
        st.builds("({})[{}]".format, inner, st.integers(-3, 3)),
        st.builds("({}) {} ({})".format, inner, binary, inner),
        st.builds("({}) ? ({}) : ({})".format, inner, inner, inner),
        st.builds("({}) ? ({})".format, inner, inner),
        st.builds("[{}, {}]".format, inner, inner),
        st.builds("[{}]".format, inner),
        st.builds("{{'p': {}, 'q': {}}}".format, inner, inner),
        st.builds("{{$string({}): {}}}".format, inner, inner),
        st.builds("${}({})".format, one, inner),
        st.builds("${}({}, {})".format, two, inner, inner),
        st.builds("( $x := {}; [$x, {}] )".format, inner, inner),
        st.builds("$map({}, function($v, $i) {{ {} }})".format, inner, inner),
        st.builds("$filter({}, function($v) {{ {} }})".format, inner, inner),
        st.builds("$map({}, function($v) {{ $filter($v, function($w) {{ {} }}) }})".format, inner, inner),
        st.builds("$filter({}, function($v) {{ $v > 1 }})[{}]".format, inner, st.integers(-1, 1)),
        st.builds("$reduce({}, function($v, $w, $i) {{ {} }})".format, inner, inner),
        st.builds("({} ~> ${}())".format, inner, one),
        st.builds("({} ~> $append({}))[0]".format, inner, inner),
        st.builds("[{}..{}]".format, st.integers(-1, 2), st.integers(-1, 3)),
        st.builds("-({})".format, inner),
    )


def outcome(evaluate, frame):
    try:
        return evaluate(frame)
    except ExpressionError:
        return "an error"


def strictly(value):
    """Tell 1 from true, but not 1 from 1.0."""
    if isinstance(value, list):
        return [strictly(element) for element in value]
    if isinstance(value, dict):
        return {key: strictly(member) for key, member in value.items()}
    return (isinstance(value, bool), value)


@settings(max_examples=400, deadline=None, derandomize=True)
@given(expression=expressions(), data=JSON, other=JSON)
def test_translated_and_interpreted_expressions_agree(expression, data, other):
    parsed = parse_expression(expression)
    frame = Frame({"in": data, "v": other})
    before = copy.deepcopy(dict(frame))

    translated = outcome(translate(parsed), frame)

    assert strictly(translated) == strictly(outcome(interpret(parsed), frame))
    assert dict(frame) == before


OUTSIDE = [
    "$in^(a)", "$in{a: b}", "$in ~> $count", "$in.*", "$in.**", "a#$i", "a@$b.c", "$f(1)", "$string", "/x/",
    "function($x){$x}", "$map($in, $string)", "$in.[a]", "($sum := 1; $sum)", "$substring('a', 0)",
    "$count()",
    "$in ~> | a | {} |", "a.%.b", "$map($in, function($x)<n:n>{$x})", "$x[]", "$map[0]",
]  # fmt: skip


@pytest.mark.parametrize("expression", OUTSIDE)
def test_what_is_outside_the_common_part_is_left_to_the_interpreter(expression):
    with pytest.raises(UntranslatedError):
        translate(parse_expression(expression))


@pytest.mark.parametrize("expression", [
    "$contains($in, /B/i)", "$contains($in, /q/)", "$replace($in, /b+/, 'x')",
    "$replace($in, /(a)|b/, '<$1>')", "$replace($in, /a/, '$$')", "$replace($in, /a/, '$0$0')",
    "$contains($no, /a/)", "$replace($no, /a/, 'x')",
    "$contains($n, /a/)", "$replace($n, /a/, 'x')",
])  # fmt: skip
def test_patterns_written_in_place_agree(expression):
    parsed = parse_expression(expression)
    frame = Frame({"in": "abbc $1", "n": 1})
    assert strictly(outcome(translate(parsed), frame)) == strictly(outcome(interpret(parsed), frame))


@pytest.mark.parametrize("expression", [
    "$replace($in, /a/, 'x', 1)", "$replace($in, /a/, $v)", "$replace($in, /(a)/, '$2')",
    "$replace($in, /a/, '$x')", "$match($in, /a/)", "$contains($in, $p := /a/)",
    f"$replace($in, /{'(a)' * 10}/, '$1')",
])  # fmt: skip
def test_other_patterns_are_left_to_the_interpreter(expression):
    with pytest.raises(UntranslatedError):
        translate(parse_expression(expression))


def test_a_pattern_that_matches_nothing_at_all_is_an_error_as_in_javascript():
    replace = translate(parse_expression("$replace($in, /x*/, 'y')"))
    with pytest.raises(ExpressionError, match="D1004"):
        replace(Frame({"in": "abc"}))
