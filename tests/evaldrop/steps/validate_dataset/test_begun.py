"""A run that has begun goes on with what it was asked, however that is spelt, and with nothing else."""

import json
import shutil
from pathlib import Path

import pytest

from evaldrop.errors import InputError
from evaldrop.run.definition import RunDefinition
from evaldrop.steps.validate_dataset.begun import differences
from evaldrop.steps.validate_dataset.validate import validate_dataset
from tests.evaldrop.evaluations import ROW, request

DATASETS = sorted(Path("datasets").glob("*/records.jsonl"))
HEAD = """
name: kinds
candidates:
  - {name: lite, model: us.amazon.nova-lite-v1:0}
  - {name: pro, model: us.amazon.nova-pro-v1:0}
judges: [{name: judge, model: us.anthropic.claude-haiku-4-5-20251001-v1:0}]
"""
CORRECT = "criteria: [correctness]\n"
LONG = "Is it polite? " * 2_000
TONE = 'criteria: [{{name: tone, question: "Is it polite?", scale: {}}}]\n'

# A kind of definition each; what follows HEAD, or the whole where it has a name of its own.
KINDS = {
    **{
        f"scale {scale}": TONE.format(scale)
        for scale in (
            "{1: rude, 2: flat, 3: polite}", "{1.0: rude, 2.5: flat}", "{1: 1, 2: 2}", "{01: a, 0o17: b}",
            "{1_000: a, 2_000: b}", "{-1: rude, 0: flat, +1: polite}", "{1e1: a, 2e1: b}",
            "{type: points, points: {0: bad, 1: good}, halves: yes}",
            "{type: binary, yes: it is so, no: it is not}", "{type: binary, yes: 1, no: 0}",
            "{choices: {A: 1, B: 0.5, yes: 0}}", "{choices: {2026-01-01: 1, 2026-01-02: 0}}",
            "{choices: {1: 1, 2: 0}}", "{choices: {null: 0, A: 1}}",
            "{type: range, low: 0, high: 10}", "{type: range, low: -0.0, high: 1e3}", "binary",
        )
    },
    "dates as text": CORRECT + "description: 2026-01-01 12:00\n",
    "dates in a model's settings": CORRECT.replace("criteria", "description: on\ncriteria"),
    "null for what is absent": CORRECT + "budget_usd: null\ndescription: ~\n",
    "numbers in many spellings": CORRECT + "budget_usd: 1_000.50\nmax_concurrency: 0x10\nconfidence: .95\n",
    "whole numbers for others": CORRECT + "budget_usd: 5\ntolerated_failure_percentage: 10\n",
    "a very small number": CORRECT + "prices: {m: {input: 1.0e-7, output: 0.1}}\n",
    "texts beyond ASCII": CORRECT + 'description: "Grüße \\U0001F600 \\u0000 \\x85 \\u2028 日本 \\t"\n',
    "a folded text": CORRECT + "description: >-\n  one\n  two\n\n  three\n",
    "a long text": f'criteria: [{{name: tone, question: "{LONG}", scale: binary}}]\n',
    "aliases": HEAD.replace("nova-pro-v1:0}", "nova-pro-v1:0, inference: &i {temperature: 0}}\n"
        "  - {name: other, model: us.amazon.nova-micro-v1:0, inference: *i }") + CORRECT,
    "anchors": CORRECT + "anchors: {records: [{prompt: Why, response: So, reference: So, passes: yes}]}\n",
    "pairs": CORRECT + "pairwise: {all_pairs: true, tie: no}\n",
    "scores of pairs": CORRECT + "pairwise: {baseline: lite, verdict: scores, scale: [1, 10]}\n",
    "a gate": CORRECT + 'gate: ["correctness.pass_rate >= 0.50", "cost_usd < 1"]\n',
    "robustness": CORRECT + "robustness: {perturbations: [typos], n: 1, seed: 7}\n",
    "prices": CORRECT + "prices: {us.amazon.nova-lite-v1:0: {input: 1, output: 2.0}}\n",
    "metrics": CORRECT + "metrics: [exact_match, rouge_l]\nunscored: worst\n",
    "a prompt's file": CORRECT + "prompt: own.v1\n",
    "settings": HEAD.replace("v1:0}\njudges", "v1:0, inference: {temperature: 0, max_tokens: 64, "
        "stop: [END, \"\\n\"]}, extra: {top_k: 5, since: 2026-01-01, deep: {1: a, yes: b}, none: null, "
        "big: 9007199254740993, list: [1, 1.0, true]}}\njudges") + CORRECT,
    "a prompt of instructions": HEAD.replace("v1:0}\njudges", "v1:0, prompt: {instructions: 'y: 1'}}\njudges")
        + CORRECT,
    "a guardrail": HEAD.replace("v1:0}\njudges", "v1:0, guardrail: {id: abc, version: '1'}}\njudges")
        + CORRECT,
}  # fmt: skip


def begin(folder, text):
    text = text if text.startswith("\nname:") else HEAD + text
    (folder / "evaluation.yaml").write_text(text, encoding="utf-8")
    prompt = folder / "prompts/candidate/own.v1.md"
    prompt.parent.mkdir(parents=True)
    # Line ends and a byte order mark as an editor on Windows leaves them.
    prompt.write_bytes("\ufeffAnswer: {{ prompt }} é\r\n".encode())
    rows = [{**ROW, "id": f"r{n}", "prompt": f"Why {n}?"} for n in range(2)]
    (folder / "faq.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return request(folder)


@pytest.mark.parametrize("kind", KINDS)
def test_a_run_of_every_kind_of_definition_goes_on(tmp_path, kind):
    asked = begin(tmp_path, KINDS[kind])
    begun = validate_dataset(asked)
    assert validate_dataset(asked) == begun


@pytest.mark.parametrize("dataset", DATASETS, ids=lambda path: path.parent.name)
def test_a_run_of_every_shipped_dataset_goes_on(tmp_path, dataset):
    begun = request(tmp_path, dataset=str(dataset), evaluation=None)
    assert validate_dataset(begun) == validate_dataset(begun)


def test_there_are_shipped_datasets():
    assert len(DATASETS) >= 3


def test_a_run_that_was_begun_by_a_relative_path_goes_on_from_another_folder(tmp_path, monkeypatch):
    begin(tmp_path, CORRECT)
    monkeypatch.chdir(tmp_path)
    validate_dataset(request(Path(), out="runs"))
    definition = RunDefinition.load("runs/kinds/run-1")
    monkeypatch.chdir("/")
    again = request(
        tmp_path, dataset=definition.dataset.uri, evaluation=definition.evaluation_uri, out=definition.out
    )
    assert validate_dataset(again)["run"]["folder"] == str(tmp_path / "runs/kinds/run-1")


CHANGES = {
    "evaluation.yaml": [
        ("nova-lite", "nova-micro", 'candidates[0].model was "us.amazon.nova-lite-v1:0", is "us'),
        ("[correctness]", "[correctness, helpfulness]", 'criteria[1] was not there, is "helpfulness"'),
        ("name: judge,", "name: judge, repeats: 3,", "judges[0].repeats was 1, is 3"),
    ],
    "faq.jsonl": [("Why 1?", "Why not?", "its dataset changed since it began (")],
    "prompts/candidate/own.v1.md": [
        ("Answer", "Say", "its prompts changed since it began (candidate/own.v1)"),
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "before", "now", "said"),
    [(name, *change) for name, changes in CHANGES.items() for change in changes],
)
def test_a_run_does_not_go_on_with_something_else_and_says_what_differs(tmp_path, name, before, now, said):
    asked = begin(tmp_path, CORRECT + "prompt: own.v1\n")
    validate_dataset(asked)
    file = tmp_path / name
    file.write_bytes(file.read_bytes().replace(before.encode(), now.encode()))
    with pytest.raises(InputError) as refused:
        validate_dataset(asked)
    assert said in str(refused.value)
    assert "Undo that, or start a new run." in str(refused.value)


def test_a_run_whose_models_are_the_regions_at_hand_says_to_go_back_to_its_region(tmp_path):
    begin(tmp_path, CORRECT)
    file = tmp_path / "evaluation.yaml"
    file.write_text(file.read_text().replace("us.a", "geo.a"))
    began, elsewhere = (request(tmp_path, bedrock="aws", region=name) for name in ("us-west-2", "eu-west-1"))
    begun = validate_dataset(began)
    with pytest.raises(
        InputError, match=r'"us\.amazon.*"eu\.amazon.*call from the one it began in, or start'
    ):
        validate_dataset(elsewhere)
    assert validate_dataset(began) == begun


def test_a_comment_or_another_order_of_keys_changes_nothing(tmp_path):
    asked = begin(tmp_path, TONE.format("{1: rude, 2: flat}"))
    begun = validate_dataset(asked)
    file = tmp_path / "evaluation.yaml"
    text = file.read_text().replace("{1: rude, 2: flat}", "{2: 'flat', 1: \"rude\"}")
    file.write_text(text.replace("{name: lite, model: us.amazon.nova-lite-v1:0}",
                                 "{model: us.amazon.nova-lite-v1:0, name: lite}") + "# new\n")  # fmt: skip
    assert validate_dataset(asked) == begun


def test_a_run_that_was_moved_is_gone_on_with_where_it_is(tmp_path):
    asked = begin(tmp_path, CORRECT)
    validate_dataset(asked)
    moved = tmp_path / "elsewhere"
    shutil.move(tmp_path / "runs/kinds/run-1", moved)
    run = validate_dataset(asked.model_copy(update={"folder": str(moved), "out": str(tmp_path)}))["run"]
    assert run["folder"] == str(moved)
    definition = RunDefinition.load(str(moved))
    assert (definition.written_to, definition.out) == (str(moved), str(tmp_path))


def test_many_differences_are_cut_short():
    before, now = {"a": [1, 2], "b": "x" * 99}, {"a": [1], "b": "y", "c": None}
    assert list(differences(before, now)) == [
        "a[1] was 2, is not there",
        f'b was "{"x" * 59}…, is "y"',
        "c was not there, is null",
    ]
