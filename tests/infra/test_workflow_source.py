"""The workflow's source, and how the deployed file is written from it."""

import json
import subprocess
import sys

import pytest

from infra.workflow_source import PIECES_SOURCE, SOURCE, WRITTEN, SourceError, one_line, workflow_json

MACHINE = """\
x-pieces:
  NAME: |-
    (?:Ada
    |Grace)
  GREETING: |-
    $replace($text,
      /I am <NAME>
        (?=, )/, 'I am  [somebody]')
x-retry: &retry
  - ErrorEquals: [States.ALL]
StartAt: Greet
States:
  Greet:
    Type: Pass
    Comment: No <NAME> here.
    Retry: *retry
    Output: |-
      {% $merge([
        $states.input,
        {'text': <GREETING>}
      ]) %}
"""


def test_the_deployed_file_is_what_the_source_says():
    written = workflow_json(SOURCE.read_text(encoding="utf-8"))
    assert written == WRITTEN.read_text(encoding="utf-8"), "run `make workflow` and commit what it writes"


def test_the_source_can_be_read():
    for source, most in ((SOURCE, 1720), (PIECES_SOURCE, 260)):
        lines = source.read_text(encoding="utf-8").splitlines()
        assert len(lines) <= most
        assert max(map(len, lines)) < 120


def test_pieces_aliases_and_layout_are_gone_from_what_is_written():
    assert json.loads(workflow_json(MACHINE)) == {
        "StartAt": "Greet",
        "States": {
            "Greet": {
                "Type": "Pass",
                "Comment": "No <NAME> here.",
                "Retry": [{"ErrorEquals": ["States.ALL"]}],
                "Output": "{% $merge([$states.input, {'text': $replace($text, /I am (?:Ada|Grace)(?=, )/, "
                "'I am  [somebody]')}]) %}",
            }
        },
    }


def test_keys_keep_their_order_and_merged_ones_come_first():
    source = "x-shared: &shared {b: 1, a: 2}\nOutput:\n  c: 3\n  <<: *shared\n"
    assert workflow_json(source) == '{\n  "Output": {\n    "b": 1,\n    "a": 2,\n    "c": 3\n  }\n}\n'


@pytest.mark.parametrize(
    ("laid_out", "written"),
    [
        ("{% $a\n  & $b %}", "{% $a & $b %}"),
        ("{% $sum(\n  [\n    1,\n    2\n  ]\n) %}", "{% $sum([1, 2]) %}"),
        ("{%\n  $a\n%}", "{% $a %}"),
        ("{% function($x) { $x } %}", "{% function($x) { $x } %}"),
        ("{% 'two  spaces, and ( \\' / ' &\n 'more' %}", "{% 'two  spaces, and ( \\' / ' & 'more' %}"),
        ('{% "it\'s  / " &\n `an  odd-name` %}', '{% "it\'s  / " & `an  odd-name` %}'),
        ("{% $match($a, /x y\n  |['(]z\\/\n  [ ]/) %}", "{% $match($a, /x y|['(]z\\/[ ]/) %}"),
        ("{% $a / 2 +\n $b / 3 %}", "{% $a / 2 + $b / 3 %}"),
        ("{% $a\n\n  + 1 %}", "{% $a + 1 %}"),
    ],
)
def test_only_line_breaks_are_layout(laid_out, written):
    assert one_line(laid_out) == written


def test_what_has_no_layout_stays_as_it_is():
    def expressions(value):
        if isinstance(value, dict | list):
            for each in value.values() if isinstance(value, dict) else value:
                yield from expressions(each)
        elif isinstance(value, str) and value.startswith("{%"):
            yield value

    found = list(expressions(json.loads(WRITTEN.read_bytes())))
    assert len(found) > 250
    assert [one_line(each) for each in found] == found


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("States:\n  A: {}\n  B: {}\n  A: {}\n", "line 4: the key A is there already"),
        ("States:\n  - {A: {b: 1, b: 2}}\n", "line 2: the key b"),
        ("Retry: *retry\n", "undefined alias 'retry'"),
        ("Output: '{% <NAME> %}'\n", "no piece <NAME>"),
        ("x-pieces: {A: <B>, B: b}\n", "<B> in x-pieces, or it comes later"),
        ("x-pieces: {A: <A>}\n", "<A> in x-pieces"),
        ("Output: |-\n  {% 'one\n  two' %}\n", "a string goes over lines: 'one"),
        ("Output: {\n", "expected"),
        ("Output: !!python/name:os.system\n", "could not determine a constructor"),
        ("- Output\n", "not a mapping"),
        ("", "not a mapping"),
    ],
)
def test_a_source_that_means_something_else_is_refused(source, message):
    with pytest.raises(SourceError) as raised:
        workflow_json(source)
    assert message in str(raised.value)


def test_it_is_written_without_cdk():
    code = "import sys, infra.workflow_source; print(*{'aws_cdk', 'constructs'} & sys.modules.keys())"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=SOURCE.parent.parent, check=True
    )
    assert done.stdout.strip() == ""
