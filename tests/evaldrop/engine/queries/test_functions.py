"""Functions, operators and syntax, case by case: compiled and interpreted alike."""

import pytest

from evaldrop.engine.queries import UNDEFINED, ExpressionError, Frame, QuerySyntaxError, compile_expression
from evaldrop.engine.queries.compiled import UntranslatedError, translate
from evaldrop.engine.queries.interpreted import interpret
from evaldrop.engine.queries.syntax import parse_expression
from evaldrop.engine.queries.values import number_text

DATA = {
    "n": None,
    "list": [{"k": "x", "v": 1}, {"k": "y", "v": 2}, {"k": "x"}],
    "deep": [[{"k": "z"}], [{"k": "z"}]],
}


def both(expression, **variables):
    """Return what an expression gives, having seen that both ways agree; an error is ExpressionError."""
    frame, parsed = Frame({"in": DATA, **variables}), parse_expression(expression)
    results = []
    for way in (translate, interpret):
        try:
            results.append(way(parsed)(frame))
        except ExpressionError:
            results.append(ExpressionError)
        except UntranslatedError:
            continue
    assert all(type(result) is type(results[0]) and result == results[0] for result in results)
    return results[0]


VALUES = [
    ("$partition([1,2,3], 2)", [[1, 2], [3]]),
    ("$partition($no, 2)", UNDEFINED),
    ("$partition([1], $no)", UNDEFINED),
    ("$partition(1, 2)", ExpressionError),
    ("$partition([1], 0)", ExpressionError),
    ("$range(0, 1, 0.5)", [0, 0.5, 1]),
    ("$range(3, 1, -1)", [3, 2, 1]),
    ("$range(3, 1, 1)", []),
    ("$range(1, $no, 1)", UNDEFINED),
    # Recorded on AWS.
    ("$range(1, 9, 9)", 1),
    ("$range(1, 2, 0)", ExpressionError),
    ("$range('a', 2, 1)", ExpressionError),
    ("$range(1, 1001, 1)", ExpressionError),
    ("$hash('abc', 'MD5')", "900150983cd24fb0d6963f7d28e17f72"),
    ("$hash('abc') = $hash('abc', 'SHA-256')", True),
    ("$hash({'a': 1}, 'SHA-1')", "9f89c740ceb46d7418c924a78ac57941d5e96520"),
    ("$hash($no)", UNDEFINED),
    ("$hash('a', 'CRC')", ExpressionError),
    ("$random('x')", ExpressionError),
    ("$random() < 1", True),
    ("$parse($no)", UNDEFINED),
    ("$parse(1)", ExpressionError),
    ("$parse('[1,')", ExpressionError),
    ("$uuid(1)", ExpressionError),
    ("$number('-1.5e3')", -1500),
    ("$number('007')", 7),
    ("$number('0xff') + $number('0o17') + $number('0b11')", 273),
    *((f"$number('{text}')", ExpressionError) for text in ("1_0", " 1 ", "nan", "1e400", "+1", ".5", "")),
    ("$number($no)", UNDEFINED),
    ("$power(2, 0.5) > 1.4", True),
    ("$power(2, 1024)", ExpressionError),
    ("$power(-8, 0.5)", ExpressionError),
    ("$power(0, -1)", ExpressionError),
    ("$parse('null')", None),
    ("$type($parse('null'))", "null"),
    ("[1..3]", [1, 2, 3]),
    ("[3..1]", []),
    ("[$no..1]", []),
    ("[1.5..2]", ExpressionError),
    ("['a'..2]", ExpressionError),
    ("[0..10000000]", ExpressionError),
    ("-$in.list[0].v", -1),
    ("-$no", UNDEFINED),
    ("-'a'", ExpressionError),
    ("$string({'a': 1.0, 'b': [0.1, null, true], 'c': 'é\"'})", '{"a":1,"b":[0.1,null,true],"c":"é\\""}'),
    ("$string(null)", "null"),
    ("$string($no)", UNDEFINED),
    ("$join(['a', 'b'], '-')", "a-b"),
    ("$join(['a', 1])", ExpressionError),
    ("$join('a')", "a"),
    ("$join($no, '-')", UNDEFINED),
    ("$join(['a'], 1)", ExpressionError),
    ("$lookup($in.list, 'k')", ["x", "y", "x"]),
    ("$lookup($in, $no)", UNDEFINED),
    ("$lookup(5, 'k')", UNDEFINED),
    ("$lookup($in, 5)", ExpressionError),
    ("$merge([])", {}),
    ("$merge($no)", UNDEFINED),
    ("$merge([{}, 1])", ExpressionError),
    ("$keys($in.list)", ["k", "v"]),
    ("$keys([[{'a': 1}], 5])", "a"),
    ("$keys(5)", UNDEFINED),
    ("$average([1, 2])", 1.5),
    ("$sum([])", 0),
    ("$max([])", UNDEFINED),
    ("$sum(['a'])", ExpressionError),
    ("$length(1)", ExpressionError),
    ("$type(true)", "boolean"),
    ("$type([])", "array"),
    ("$type({})", "object"),
    ("$type($no)", UNDEFINED),
    ("$boolean([0, [0, 'x']])", True),
    ("$not($no)", UNDEFINED),
    ("$map($no, function($v) { 1 })", UNDEFINED),
    ("$map([1, 2], function($v, $i, $a) { $v * $i + $count($a) })", [2, 4]),
    ("$map([1], function() { 7 })", 7),
    ("$filter($no, function($v) { true })", UNDEFINED),
    ("$in.list.v", [1, 2]),
    ("$in.deep.k", ["z", "z"]),
    ("$in.deep.{k: 1}", [{"z": 1}, {"z": 1}]),
    ("$in.list.{'a': k, 'b': v}", [{"a": "x", "b": 1}, {"a": "y", "b": 2}, {"a": "x"}]),
    ("{$no: 1}", {}),
    ("{'a': 1, 'a': 2}", ExpressionError),
    ("{5: 1}", ExpressionError),
    ("()", UNDEFINED),
    ("($a := 1; ($a := 2; $a); $a)", 1),
    ("true and $no", False),
    ("false or 'x'", True),
    ("$in.n = null", True),
    ("$no = $no", False),
    ("$no != 1", False),
    ("{'a': [1, {}]} = {'a': [1, {}]}", True),
    ("'b' > 'a'", True),
    ("true < 1", ExpressionError),
    ("2 in $no", False),
    ("$in.list[v > 1].k", "y"),
    ("$in.list[[0, 2]].k", ["x", "x"]),
    ("$in.list[$no]", UNDEFINED),
    ("$sort([3, 1])", [1, 3]),
    # Elements of which none comes after the other keep their order.
    ("$sort(['b1', 'a2', 'b3', 'a4'], function($l, $r) { $substring($l, 0, 1) > $substring($r, 0, 1) })",
     ["a2", "a4", "b1", "b3"]),
    ("$replace('abc', /(x)?b/, function($m) { $string($m.start) & $count($m.groups) })", "a11c"),
    ("$replace('abc', /(a)(b)(c)/, '$10-$4-$$-$x')", "a0--$-$x"),
    ("$replace('a.a', '.', '$1')", "a$1a"),
    ("$replace('aaa', /a/, 'ba', 2)", "babaa"),
    ("$length('\\ud83d\\ude00')", 1),
    ("$string([1], true)", "[\n  1\n]"),
    ("'x' & $sort", "x"),
    ("7.5 % 2 ~> $string", "1.5"),
    ("[1, 2] ~> $map(function($v) { $v in [true, 2] })", [False, True]),
    ("$reduce([1, 2, 3], function($a, $b) { $a & $b })", "123"),
    ("$replace('abc', /b/, '-')", "a-c"),
    ("$contains('abc', 'b')", True),
    ("$contains('abc', /B/i)", True),
    ("$contains($no, 'b')", UNDEFINED),
    ("$contains('abc', 5)", ExpressionError),
    ("$contains($no, $no)", UNDEFINED),
    ("$contains('a', $no)", ExpressionError),
    ("$substringBefore('a-b-c', '-')", "a"),
    ("$substringBefore('a-b-c', 1)", ExpressionError),
    ("$substringAfter($no, '-')", UNDEFINED),
    ("$substringAfter('a-b-c', '-')", "b-c"),
    ("$substringAfter('abc', '-')", "abc"),
    ("$floor(-1.5)", -2),
    ("$ceil(1.2)", 2),
    ("$abs(-2.5)", 2.5),
    ("$floor($no)", UNDEFINED),
    ("$floor('1')", ExpressionError),
    ("$reduce([5], function($a, $b) { $a + $b })", 5),
    ("$reduce([], function($a, $b) { $a + $b })", UNDEFINED),
    ("$reduce($no, function($a, $b) { $a + $b })", UNDEFINED),
    ("$reduce([1, 2], function($a) { $a })", ExpressionError),
    ("$reduce([1, 2, 3], function($a, $b) { $a + $b }, 10)", 16),
    ("[1, 2] ~> $sum()", 3),
    ("/a/", ExpressionError),
    ("$f($in)", ExpressionError),
    ("1e300 * 1e300", ExpressionError),
]  # fmt: skip


@pytest.mark.parametrize(("expression", "expected"), VALUES, ids=[expression for expression, _ in VALUES])
def test_an_expression_gives_what_jsonata_documents(expression, expected):
    result = both(expression)
    assert type(result) is type(expected)
    assert result == expected


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (1, "1"),
        (1.0, "1"),
        (-0.5, "-0.5"),
        (1e21, "1e+21"),
        (1e20, "100000000000000000000"),
        (1.5e-6, "0.0000015"),
        (1e-7, "1e-7"),
        (123456789.123, "123456789.123"),
        (0.1 + 0.2, "0.3"),
        (1 / 3, "0.333333333333333"),
    ],
)
def test_numbers_are_printed_as_javascript_prints_them(number, text):
    assert number_text(number) == text


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("$in.(a", "Expected ) before end of expression\n    $in.(a\n         ^"),
        ("1 +", "Unexpected end of expression"),
        ("'abc", "must be terminated"),
        ("{'a' 1}", "syntax error"),
        ("$in[", "syntax error"),
        ("function(", "syntax error"),
        ("$in.a := 1", "syntax error"),
        ("", "syntax error"),
        ("a ?: b", "JSONata 2.1"),
        ("$x.$eval('1')", "$eval is not supported"),
        ("$$", "$$ has no meaning"),
        ("$[0]", "$ has no meaning at the top level"),
    ],
)
def test_a_bad_expression_is_refused_with_its_place(expression, message):
    with pytest.raises(QuerySyntaxError) as refused:
        compile_expression(expression)
    assert message in str(refused.value)


def test_an_expression_knows_what_it_reads():
    expression = compile_expression("$map($a, function($b) { $b + $c + $states.context.State.RetryCount })")
    assert expression.reads >= {"a", "c", "states"}
    assert "b" not in expression.reads
    assert expression.uses_context
    assert expression.is_translated


@pytest.mark.parametrize(
    ("expression", "uses"),
    [
        ("$states.input.context", False),
        ("$states.context.Execution", True),
        ("$states . `context`", True),
        ("$string($states)", True),
        ("$states.input", False),
        ("$statesman", False),
    ],
)
def test_only_expressions_that_may_look_at_the_context_make_it(expression, uses):
    assert compile_expression(expression).uses_context is uses


def test_undefined_is_false_and_prints_as_undefined():
    assert not UNDEFINED
    assert repr(UNDEFINED) == "undefined"


def test_calling_what_is_no_function_prints_nothing(capsys):
    with pytest.raises(ExpressionError, match="T1006"):
        compile_expression("($f := 5; $f(1))").evaluate(Frame())
    assert capsys.readouterr().out == ""


def test_null_stays_null_and_undefined_nothing_in_the_interpreter():
    frame = Frame({"in": {"a": [None, {"b": None}], "c": None}})
    before = repr(frame)
    result = compile_expression("$sift($in, function($v) { true })").evaluate(frame)
    assert result == {"a": [None, {"b": None}], "c": None}
    assert repr(frame) == before
    assert compile_expression("$sort($in.nothing)").evaluate(frame) is UNDEFINED


def test_an_endless_recursion_ends_as_an_error():
    with pytest.raises(ExpressionError):
        compile_expression("($f := function($n) { 1 + $f($n + 1) }; $f(0))").evaluate(Frame())


def test_a_local_variable_may_hide_a_function_in_the_interpreter():
    assert compile_expression("($sum := 5; $sum)").evaluate(Frame()) == 5


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("$number('x')", 'D3030: Unable to cast value to a number: "x"'),
        ("$sqrt(-4)", "D3060: The sqrt function cannot be applied to a negative number: -4"),
        ("$single([])", "D3139: The $single() function expected exactly 1 matching result"),
        (
            "$split('Object must', ',', -1)",
            "D3020: Third argument of split function must evaluate to a positive",
        ),
        ("$power(0, -1)", "D3061: The power function has resulted in a value .*: base=0, exponent=-1"),
    ],
)
def test_errors_of_functions_are_worded_as_in_javascript(expression, said):
    with pytest.raises(ExpressionError, match=said.replace("$", r"\$").replace("()", r"\(\)")):
        compile_expression(expression).evaluate(Frame({}))
