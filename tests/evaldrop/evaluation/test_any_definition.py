# ruff: noqa: E501 - cases stand on one line each
"""Whatever `evaluation.yaml` says or is, it is an evaluation, or an error in words that names the file."""

import json
import os
import time
from contextlib import suppress
from itertools import pairwise

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from evaldrop.cli import exits, main
from evaldrop.errors import EvaldropError, EvaluationError
from evaldrop.evaluation.definition import Evaluation
from evaldrop.evaluation.load import parse_evaluation
from evaldrop.evaluation.yaml_text import MAX_BYTES
from evaldrop.run.request import RunRequest
from evaldrop.steps.validate_dataset.validate import check_dataset

BASE = "name: a\ncandidates: [{name: f, model: test.m-v1}]\nmetrics: [token_f1]\n"
_LETTERS = "abcdefghij"
LAUGHS = "a: &a [1, 1]\n" + "".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]\n" for old, new in pairwise(_LETTERS)
)
MERGES = "a: &a {x: 1}\n" + "".join(
    f"{new}: &{new}\n  <<: [{', '.join([f'*{old}'] * 9)}]\n" for old, new in pairwise(_LETTERS)
)

TOO_MUCH = {
    "aliases of aliases": (LAUGHS, "more than 100,000 values"),
    "merges of merges": (MERGES, "merge keys"),
    "an alias in itself": ("a: &a [*a]\n", "more than 100,000 values"),
    "levels": (BASE + "description: " + "[" * 10_000, "more than 100 levels"),
    "levels of blocks": (BASE + "".join(" " * n + "a:\n" for n in range(300)), "more than 100 levels"),
    "levels of JSON": ('{"a": ' * 10_000, "more than 100 levels"),
    "bytes": (BASE + "description: " + "x" * MAX_BYTES, "more than the 1,048,576"),
    "values": (BASE + "gate: [" + "a," * 120_000 + "]\n", "more than 100,000 values"),
    "unknown keys": (BASE + "".join(f"k{n}: 1\n" for n in range(3_000)), "2,900 more problems"),
    "digits": (BASE + "budget_usd: " + "9" * 10_000, "Line 4, column 13: too long a number"),
    "digits of a seed": (BASE + "robustness: {seed: " + "9" * 400 + "}", "too long a number"),
    "infinity": (BASE + "budget_usd: .inf", "Line 4, column 13: no number"),
    "minus infinity": (BASE + "budget_usd: -.INF", "no number"),
    "not a number": (BASE + "confidence: .nan", "no number"),
    "1e400": (BASE + "budget_usd: 1e400", "no number"),
    "infinity as text": (BASE + "budget_usd: 'inf'", "budget_usd: Input should be a finite number"),
    "an endless price": (BASE + "prices: {m: {input: 'Infinity', output: 1}}", "prices.m.input"),
    "an endless score": (BASE + "judges: [{name: j, model: m}]\npairwise: {scale: [1, 'inf']}", "finite"),
    "less than nothing": (BASE + "budget_usd: -1", "budget_usd: Input should be greater than 0"),
    "a key twice": (BASE + "metrics: []", "Line 4, column 1: 'metrics' is given twice, first in line 3"),
    "a key twice, deep": (
        BASE + "prices: {m: {input: 1, input: 2}}",
        "'input' is given twice, first in line 4",
    ),
    "Python": (BASE + "description: !!python/object/apply:os.system [ls]", "Line 4, column 14: !"),
    "a tag": (BASE + "description: !mine x", "! cannot begin a text"),
    "a tag on a list": (BASE + "description: !!str [a]", "a tag (!!)"),
    "another version": ("%YAML 9.9\n---\n" + BASE, "Leave the line with % out"),
    "two documents": (BASE + "---\n" + BASE, "a second document"),
    "a NUL": ("name: a\0b", "U+0000"),
    "half a character": (BASE + 'description: "\\ud800"', "escape"),
    "a list as a key": (BASE + "? [a]\n: 1\n", "a mapping cannot be a key"),
}


@pytest.mark.parametrize(("text", "told"), TOO_MUCH.values(), ids=TOO_MUCH)
def test_too_much_or_too_odd_is_refused_by_its_name_in_no_time(text, told):
    began = time.process_time()
    with pytest.raises(EvaluationError) as error:
        parse_evaluation(text, source="evaluation.yaml")
    assert told in str(error.value)
    assert all(line.startswith("evaluation.yaml: ") for line in str(error.value).splitlines())
    assert len(str(error.value)) < 50_000
    assert time.process_time() - began < 5


def test_what_looks_odd_and_is_meant_is_read():
    text = "%TAG ! tag:x,2000:\n---\n" + BASE + "description: 2026-01-01\nbudget_usd: 1e3\n"
    assert parse_evaluation("\ufeff" + text, source="e.yaml").budget_usd == 1000


@pytest.mark.parametrize("kind", ["folder", "pipe", "device", "unreadable", "huge", "absent", "dangling"])
@pytest.mark.parametrize("what", ["evaluation", "dataset", "prompt", "anchors"])
def test_what_is_no_file_is_64_and_waited_for_by_nobody(kind, what, tmp_path, capsys):
    (tmp_path / "prompts" / "candidate").mkdir(parents=True)
    places = {
        "evaluation": tmp_path / "evaluation.yaml", "dataset": tmp_path / "records.jsonl",
        "prompt": tmp_path / "prompts" / "candidate" / "own.v1.md", "anchors": tmp_path / "anchors.jsonl",
    }  # fmt: skip
    places["dataset"].write_text('{"prompt": "a", "reference": "b"}', encoding="utf-8")
    judged = "prompt: own.v1\njudges: [{name: j, model: test.j-v1}]\ncriteria: [correctness]\n"
    places["evaluation"].write_text(f"{BASE}{judged}anchors: {{file: anchors.jsonl}}\n", encoding="utf-8")
    places["prompt"].write_text("{{ prompt }}", encoding="utf-8")
    anchor = {"prompt": "a", "response": "b", "expected": {"correctness": 1}}
    places["anchors"].write_text(json.dumps(anchor), encoding="utf-8")
    place = places[what]
    place.unlink()
    match kind:
        case "folder":
            place.mkdir()
        case "pipe":
            os.mkfifo(place)
        case "device":
            place.symlink_to("/dev/zero")
        case "dangling":
            place.symlink_to(tmp_path / "nowhere")
        case "unreadable":
            place.write_text("x", encoding="utf-8")
            place.chmod(0)
        case "huge":
            with place.open("wb") as file:
                file.truncate(20 << 30)  # takes no room
    # A dataset of 20 GB is read, and its one line refused: `tests/evaldrop/datasets` has that.
    if kind == "huge" and what == "dataset":
        return
    evaluation = ["--evaluation", str(places["evaluation"])]
    assert main(["validate", str(places["dataset"]), *evaluation]) == exits.WRONG_USE
    said = capsys.readouterr().err
    assert "error" in said
    assert "fault of its own" not in said


_ODD_TEXT = st.text(max_size=12) | st.sampled_from(
    [
        "",
        " ",
        "a",
        "\n",
        "\x00",
        "é",
        "=1",
        "1",
        "inf",
        "nan",
        "{{",
        "<<",
        "!!int",
        "correctness",
        "given",
        "answer.v1",
    ]
)
_ODD = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | _ODD_TEXT
    | st.sampled_from([0, 1, -1, 2**63, 2**70, 1e308]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_ODD_TEXT, inner, max_size=3),
    max_leaves=6,
)
_NAMES = st.sampled_from(["first", "second", "judge", "a.b", "tie"])
_MODELS = st.sampled_from(
    ["test.m-v1", "given", "amazon.nova-lite-v1:0", "anthropic.claude-v2", "", "arn:aws:bedrock:x"]
)


def _part(**known):
    """Return mappings with some of a part's keys, each as it should be or as odd as can be, and one unknown."""
    odd = {key: st.one_of(good, good, good, _ODD) for key, good in known.items()}
    return st.fixed_dictionaries({}, optional=odd) | st.tuples(
        st.fixed_dictionaries({}, optional=odd), st.dictionaries(_ODD_TEXT, _ODD, max_size=1)
    ).map(lambda pair: {**pair[0], **pair[1]})


_CALLED = {
    "name": _NAMES,
    "model": _MODELS,
    "api": st.sampled_from(["converse", "invoke_model"]),
    "timeout_s": st.integers(0, 4000),
    "family": st.sampled_from(["claude", "nova", "titan", "x"]),
    "extra": st.dictionaries(_ODD_TEXT, _ODD, max_size=2),
    "inference": _part(
        max_tokens=st.integers(0, 9),
        temperature=st.floats(0, 2),
        top_p=st.floats(0, 1),
        stop=st.lists(_ODD_TEXT),
    ),
}
_CANDIDATE = _part(**_CALLED, prompt=st.just("answer.v1"), guardrail=_part(id=_ODD_TEXT, version=_ODD_TEXT))
_JUDGE = _part(
    **_CALLED,
    prompt=st.just("criteria.v1"),
    verdict=st.sampled_from(["tool", "text", "yes_no"]),
    repeats=st.integers(0, 21),
    mode=st.sampled_from(["joint", "per_criterion"]),
    mask_identity=st.booleans(),
)
_POINT = st.integers(-2, 6) | st.floats(-2, 6) | st.sampled_from(["yes", "no", "1", "good", "bad", ".5"])
_SCALE = st.one_of(
    st.dictionaries(_POINT, _ODD_TEXT, max_size=5),
    st.lists(_POINT, max_size=5),
    st.sampled_from(["yes_no", "1..5", "1-5", "binary"]),
    st.fixed_dictionaries({"range": st.lists(_POINT, min_size=2, max_size=2)}),
    _ODD,
)
_CRITERION = st.sampled_from(["correctness", "faithfulness", "nothing"]) | _part(
    name=_NAMES,
    question=_ODD_TEXT,
    scale=_SCALE,
    pass_at=_POINT,
    weight=st.floats(-1, 2),
    choices=st.lists(_ODD_TEXT),
    ordered=st.booleans(),
    examples=st.lists(_part(response=_ODD_TEXT, score=_POINT, why=_ODD_TEXT), max_size=2),
    higher_is_better=st.booleans(),
    use=st.just("correctness"),
)
_RULE = st.sampled_from(
    [
        "correctness.mean >= 1",
        "first.overall.pass_rate > 0.5",
        "cost_usd <= 1",
        "a",
        ">=",
        "first.win_rate >= 1e999",
        "overall.mean >= -1 (hard)",
    ]
) | st.text(st.sampled_from("correctness.mean_pass_rate <>=!0123456789e-+()% "), max_size=30)
_PARTS = {
    "name": st.just("small"),
    "candidates": st.lists(_CANDIDATE, max_size=3),
    "judges": st.lists(_JUDGE, max_size=2),
    "prompt": st.just("answer.v1"),
    "criteria": st.lists(_CRITERION, max_size=3),
    "metrics": st.lists(st.sampled_from(["token_f1", "exact_match", "x"])),
    "gate": st.lists(_RULE, max_size=2),
    "pairwise": _part(
        baseline=_NAMES,
        all_pairs=st.booleans(),
        names=st.lists(_ODD_TEXT, max_size=3),
        tie=st.booleans(),
        verdict=st.sampled_from(["preference", "scores"]),
        scale=st.lists(_POINT, max_size=2),
        tie_words=st.lists(_ODD_TEXT, max_size=2),
    ),
    "robustness": _part(
        perturbations=st.lists(st.sampled_from(["typos", "case"])), n=st.integers(0, 9), seed=st.integers()
    ),
    "anchors": _part(
        records=st.lists(
            _part(
                prompt=_ODD_TEXT, response=_ODD_TEXT, expected=st.dictionaries(st.just("correctness"), _POINT)
            ),
            max_size=2,
        ),
        file=_ODD_TEXT,
        tolerance=st.floats(),
    ),
    "budget_usd": st.floats(-1, 9),
    "max_concurrency": st.integers(-1, 20_000),
    "confidence": st.floats(0, 1),
    "unscored": st.sampled_from(["drop", "worst"]),
    "tolerated_failure_percentage": st.floats(-1, 101),
    "tolerated_invalid_percentage": st.floats(-1, 101),
    "description": _ODD_TEXT,
    "fields": st.dictionaries(st.sampled_from(["prompt", "reference", "id", "x"]), _ODD_TEXT, max_size=2),
    "notify": st.just("always"),
    "prices": st.dictionaries(_MODELS, _part(input=st.floats(), output=st.floats()), max_size=2),
}
# A whole evaluation, of which a part is taken away or in the way of each that is drawn. With all parts drawn, one in
# 150 came past the reader, and drawing took most of the time.
_WHOLE = {
    "name": "small",
    "candidates": [{"name": "first", "model": "test.m-v1"}, {"name": "second", "model": "given"}],
    "judges": [{"name": "judge", "model": "amazon.nova-pro-v1:0"}],
    "prompt": "answer.v1",
    "criteria": ["correctness"],
    "metrics": ["token_f1"],
}


@st.composite
def _evaluations(draw):
    changed = {}
    for name in draw(st.lists(st.sampled_from(sorted(_PARTS)), min_size=1, max_size=3, unique=True)):
        changed[name] = draw(st.one_of(_PARTS[name], _PARTS[name], _PARTS[name], _ODD, st.just(_ABSENT)))
    if draw(st.integers(0, 9)) == 0:
        changed |= draw(st.dictionaries(_ODD_TEXT, _ODD, max_size=1))
    return {name: part for name, part in {**_WHOLE, **changed}.items() if part is not _ABSENT}


_ABSENT = object()
EVALUATIONS = _evaluations()
_YAML = st.text(
    st.sampled_from("ab1:-?,[]{}#&*!|>'\"%@`\\ \t\n\r.~<=\u0085\u2028\ufeff\x00éname"), max_size=80
)


def _may_be_read(text):
    """Read a definition; whatever it is, it is an evaluation or an error that names the file."""
    try:
        return parse_evaluation(text, source="evaluation.yaml")
    except EvaldropError as error:
        lines = str(error).splitlines()
        assert lines
        assert lines[0].startswith("evaluation.yaml: ")
        assert len(str(error)) < 100_000  # noqa: PT017
        return None


@pytest.mark.fuzz
@given(st.one_of(_YAML, _YAML.map(lambda text: BASE + text), st.binary(max_size=60), st.text(max_size=40)))
def test_any_text_is_an_evaluation_or_an_error_with_its_place(text):
    _may_be_read(text)


@pytest.mark.fuzz
@given(EVALUATIONS, st.booleans())
def test_any_mapping_is_an_evaluation_or_an_error_with_its_place(content, is_json):
    found = None
    with suppress(yaml.YAMLError, UnicodeEncodeError):
        found = _may_be_read(json.dumps(content) if is_json else yaml.safe_dump(content, allow_unicode=True))
    if found is not None:
        # What was read is what run.json will say. By its JSON: YAML's keys may be numbers.
        said = found.model_dump_json()
        assert Evaluation.model_validate_json(said).model_dump_json() == said


@pytest.mark.fuzz
@given(content=EVALUATIONS)
@example(content={"prompt": ["answer.v1"]})
@example(content={"name": "small", "\r\r": None, "a\nb\u2028c": 1})
def test_validate_tells_of_any_definition_in_words(tmp_path_factory, content):
    """All the way: criteria, gate, prompts, prices and the plan as well."""
    folder = tmp_path_factory.getbasetemp() / "any-definition"
    folder.mkdir(exist_ok=True)
    text = None
    with suppress(yaml.YAMLError, UnicodeEncodeError):
        text = yaml.safe_dump(content, allow_unicode=True).encode()
    if text is None:
        return
    (folder / "evaluation.yaml").write_bytes(text)
    (folder / "records.jsonl").write_text('{"id": "a", "prompt": "b", "reference": "c"}', encoding="utf-8")
    request = RunRequest(
        run_id="x", dataset=str(folder / "records.jsonl"), out=str(folder), bedrock="simulated"
    )
    check = check_dataset(request)
    assert check.problems or (check.plan and check.definition)
    assert all(isinstance(problem, str) and problem.strip() for problem in check.problems)
