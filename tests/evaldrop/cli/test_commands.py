"""The commands that call nobody: init, validate, plan, criteria, schema; and report."""

import json
from importlib.resources import files

import pytest
import yaml

from evaldrop.cli import main
from evaldrop.cli.options import Example
from tests.evaldrop.evaluations import JUDGE, LITE, ROW, SMALL, write

UNPRICED = {"name": "rare", "model": "cohere.nobody-knows-the-price-v1:0"}


@pytest.fixture(autouse=True)
def _wide_and_plain(monkeypatch, tmp_path):
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path)


# init


def test_init_writes_an_example_that_is_valid_and_says_what_is_next(tmp_path, capsys):
    assert main(["init", "mine"]) == 0
    out = capsys.readouterr().out
    assert out.splitlines()[-2:] == ["next:", "evaldrop run mine/records.jsonl --bedrock simulated"]
    assert (tmp_path / "mine" / "prompts" / "candidate" / "answer.v1.md").is_file()
    schema = json.loads((tmp_path / "mine" / "evaluation.schema.json").read_text())
    assert "candidates" in schema["properties"]
    assert main(["validate", "mine/records.jsonl"]) == 0
    assert "8 records" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("example", "holds"),
    [
        ("rag", "faithfulness.pass_rate >= 0.5 for every candidate"),
        ("guardrail", "guarded.guardrail.blocked_bad_rate >= 0.5"),
        ("pairwise", "pro.win_rate over lite"),
        ("scorer", "brevity.pass_rate >= 0.5: lite.brevity.pass_rate is 1"),
        ("prompts", "tuned is better than plain by 0.76 to 1.97 on correctness on 58 records it never saw"),
    ],
)
def test_each_example_runs_simulated_at_once(tmp_path, capfd, example, holds):
    # `support` is run by all that read the first evaluation.
    assert main(["init", "mine", "--example", example]) == 0
    code = main(["run", "mine", "--bedrock", "simulated:latency=0", "--out", "runs"])
    shown = capfd.readouterr()
    # A gate may be left open by so few records; a definition, a prompt or a record at fault would end in 64.
    assert code in (0, 1, 2)
    assert holds in shown.out
    assert "error " not in shown.err
    assert (tmp_path / "mine" / "evaluation.yaml").read_text().startswith("# yaml-language-server")


def test_every_example_has_its_folder_and_a_mistyped_one_its_nearest_name(capsys):
    folder = files("evaldrop") / "cli" / "examples"
    assert sorted(each.name for each in folder.iterdir()) == sorted(Example)
    assert main(["init", "mine", "--example", "pairwize"]) == 64
    assert "Did you mean pairwise?" in capsys.readouterr().err


def test_init_overwrites_nothing(tmp_path, capsys):
    (tmp_path / "records.jsonl").write_text("mine")
    assert main(["init", "."]) == 64
    assert "records.jsonl is there already; nothing was written" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["records.jsonl"]


# validate


BROKEN = {
    **SMALL,
    "candidates": [
        {**LITE, "prompt": "absent.v1"},
        {"name": "odd", "model": "us.nobody.new-model-v1:0", "api": "invoke_model"},
    ],
    "criteria": ["correctness", "faithfulnes"],
    "metrics": ["exact_mach"],
    "gate": ["corectness.pass_rate >= 0.5", "correctness.mean", "correctness.pass_rate >= 0.5 for odd"],
}
BAD_ROWS = [
    {"id": "r1", "prompt": "Why?", "reference": "So."},
    {"id": "r2"},
    {"id": "r1", "prompt": "Twice?"},
]


@pytest.mark.parametrize("mistyped", [{}, {"buget_usd": 1}])
def test_validate_tells_definition_gate_names_and_rows_in_one_round(tmp_path, capsys, mistyped):
    dataset = write(tmp_path, BROKEN | mistyped, BAD_ROWS)
    dataset.write_text(dataset.read_text().rstrip("\n") + '\n{"prompt": 7\n')
    assert main(["validate", "faq.jsonl", "--region", "eu-central-1"]) == 64
    err = capsys.readouterr().err
    for place, advice in (
        *((f"evaluation.yaml: {key}", 'Did you mean "budget_usd"?') for key in mistyped),
        ("evaluation.yaml: odd: the body layout", "Say family: anthropic"),
        ("evaluation.yaml: candidate lite: us.amazon", "Say model: geo.amazon.nova-lite-v1:0"),
        ("evaluation.yaml: criteria[1]", "faithfulness"),
        ("evaluation.yaml: metrics", "Did you mean exact_match?"),
        ("evaluation.yaml: gate[0]", 'did you mean "correctness"?'),
        ("evaluation.yaml: gate[1]", "position"),
        ('evaluation.yaml: prompt "absent.v1"', "evaldrop brings only answer.v1"),
        ("faq.jsonl line 2", "Give every record"),
        ("faq.jsonl line 3", "Make ids unique"),
        ("faq.jsonl line 4", "Correct the JSON"),
    ):
        (line,) = [each for each in err.splitlines() if each.startswith(f"error {place}")]
        assert advice in line
    # That its model is wrong is one fault: the rule that names it is right.
    assert "gate[2]" not in err


@pytest.mark.parametrize("said", ["option", "environment"])
def test_validate_tells_which_models_a_region_does_not_have(tmp_path, capsys, monkeypatch, said):
    write(tmp_path, SMALL, [ROW])
    given = ["--region", "eu-central-1"] if said == "option" else []
    monkeypatch.setenv("AWS_REGION", "us-east-1" if said == "option" else "eu-central-1")
    assert main(["validate", "faq.jsonl", *given]) == 64
    assert f"{LITE['model']} is called from Regions of us, not from eu-central-1" in capsys.readouterr().err
    assert main(["validate", "faq.jsonl", "--region", "us-west-2"]) == 0


def test_validate_names_what_it_found(tmp_path, capsys):
    write(tmp_path, SMALL, [ROW, {"id": "r2", "prompt": "Why?"}])
    assert main(["validate", "faq.jsonl"]) == 0
    shown = capsys.readouterr()
    assert "valid faq.jsonl: 2 records." in shown.out
    assert "candidates: 1, judges: 1, criteria: 1, checks: 0, metrics: 0" in shown.out
    assert "note faq.jsonl: 1 of 2 records have no reference" in shown.err


@pytest.mark.parametrize(("rows", "code"), [([ROW], 0), ([{"id": "r1"}], 64)])
def test_validate_can_answer_in_json(tmp_path, capsys, rows, code):
    write(tmp_path, SMALL, rows)
    assert main(["validate", "faq.jsonl", "--json"]) == code
    told = json.loads(capsys.readouterr().out)
    assert told["valid"] == (code == 0)
    assert told["records"]["read"] == 1
    assert bool(told["problems"]) == (code == 64)


def test_validate_of_a_file_that_is_not_there_can_answer_in_json(capsys):
    assert main(["validate", "none.jsonl", "--json"]) == 64
    told = json.loads(capsys.readouterr().out)
    assert (told["valid"], told["records"]) == (False, None)


def test_the_evaluation_can_be_named(tmp_path, capsys):
    write(tmp_path, SMALL, [ROW])
    (tmp_path / "evaluation.yaml").rename(tmp_path / "other.yaml")
    assert main(["validate", "faq.jsonl"]) == 64
    assert main(["validate", "faq.jsonl", "--evaluation", "other.yaml"]) == 0
    assert "(other.yaml)" in capsys.readouterr().out


def test_what_a_dataset_says_cannot_move_the_terminal(tmp_path, capsys):
    write(tmp_path, {**SMALL, "criteria": ["\x1b[2Jgone [red]x[/red]"]}, [ROW])
    assert main(["validate", "faq.jsonl"]) == 64
    err = capsys.readouterr().err
    assert "\x1b" not in err
    assert "[red]x[/red]" in err


# plan


def test_plan_is_a_row_per_candidate_and_judge_with_totals(tmp_path, capsys):
    write(tmp_path, {**SMALL, "budget_usd": 5}, [ROW, {**ROW, "id": "r2"}])
    assert main(["plan", "faq.jsonl", "--max-in-flight", "2"]) == 0
    out = capsys.readouterr().out
    assert "candidate lite" in out
    assert "judge judge" in out
    assert "2 records, 4 calls: $0." in out
    assert "guessed $0." in out
    assert "evaldrop's own guess" in out
    assert "2 records at a time" in out
    assert "budget: $5.00" in out
    assert not (tmp_path / "runs").exists()


def test_plan_says_what_is_called_first(tmp_path, capsys):
    write(tmp_path, SMALL, [ROW])
    assert main(["plan", "faq.jsonl"]) == 0
    assert "every candidate and judge is called by a few records first" in capsys.readouterr().out


def test_plan_says_unknown_where_a_price_is_unknown(tmp_path, capsys):
    write(tmp_path, {**SMALL, "candidates": [LITE, UNPRICED]}, [ROW])
    assert main(["plan", "faq.jsonl"]) == 0
    shown = capsys.readouterr()
    row = next(line for line in shown.out.splitlines() if "candidate rare" in line)
    assert row.split()[-2:] == ["unknown", "unknown"]
    assert "$" not in row
    assert f"price unknown: {UNPRICED['model']}" in shown.out
    assert "for the models with a known price" in shown.out


def test_plan_refuses_what_is_above_the_budget(tmp_path, capsys):
    prices = {LITE["model"]: {"input": 1_000_000, "output": 0}}
    write(tmp_path, {**SMALL, "prices": prices, "budget_usd": 1}, [ROW])
    assert main(["plan", "faq.jsonl"]) == 64
    assert "above budget_usd: 1" in capsys.readouterr().err


def test_plan_can_answer_in_json(tmp_path, capsys):
    write(tmp_path, SMALL, [{**ROW, "id": f"r{n}"} for n in range(3)])
    assert main(["plan", "faq.jsonl", "--limit", "2", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["records"], told["calls"]) == (2, 4)
    assert told["cost_usd"]["low"] <= told["cost_usd"]["likely"] <= told["cost_usd"]["high"]


def test_plan_says_what_max_tokens_takes_of_a_quota_and_how_long_limits_hold_a_run_back(tmp_path, capsys):
    write(
        tmp_path, {**SMALL, "limits": {LITE["model"]: {"rpm": 2}}}, [{**ROW, "id": f"r{n}"} for n in "1234"]
    )
    assert main(["plan", "faq.jsonl"]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "takes its input and max_tokens when it begins" in out
    assert f"limits: at least 2 min, by rpm 2 of {LITE['model']}" in out
    assert main(["plan", "faq.jsonl", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)["quotas"]
    assert [(each["role"], each["max_tokens"], each["factor"]) for each in told["lines"]] == [
        ("candidate", 1024, 1),
        ("judge", 2048, 5),
    ]
    assert told["held_back"][0]["seconds"] == 120


def test_plan_of_something_broken_tells_its_problems(tmp_path, capsys):
    write(tmp_path, {**SMALL, "judges": [{**JUDGE, "repeats": 0}]}, [ROW])
    assert main(["plan", "faq.jsonl"]) == 64
    assert "judges[0].repeats" in capsys.readouterr().err


# criteria and schema


def test_criteria_lists_the_built_in_ones_with_what_they_need(capsys):
    assert main(["criteria"]) == 0
    row = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("correctness "))
    assert "reference" in row


def test_criteria_shows_the_exact_prompt_of_one(capsys):
    assert main(["criteria", "correctness"]) == 0
    out = capsys.readouterr().out
    assert '<criterion name="correctness">' in out
    assert '<response mark="<random>">' in out
    assert "submit_verdicts" in out


def test_a_criterion_nobody_knows_is_wrong_use(capsys):
    assert main(["criteria", "correctnes"]) == 64
    assert "correctness" in capsys.readouterr().err


def test_the_schema_is_of_the_evaluation_and_valid_json(capsys):
    assert main(["schema"]) == 0
    assert json.loads(capsys.readouterr().out)["title"] == "Evaluation"


def test_the_examples_comment_names_the_schema_init_writes(tmp_path):
    main(["init", "mine"])
    first = (tmp_path / "mine" / "evaluation.yaml").read_text().splitlines()[0]
    assert first == "# yaml-language-server: $schema=./evaluation.schema.json"
    assert yaml.safe_load((tmp_path / "mine" / "evaluation.yaml").read_text())["name"] == "first-evaluation"


# report


def test_report_of_a_folder_that_is_no_run_is_wrong_use(tmp_path, capsys):
    assert main(["report", str(tmp_path)]) == 64
    assert "no run.json there" in capsys.readouterr().err
