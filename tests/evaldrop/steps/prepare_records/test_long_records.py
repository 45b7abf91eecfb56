"""What PrepareRecords and ValidateDataset make of records that are too long for a payload."""

import json
from pathlib import Path

import pytest

from evaldrop.bedrock.families.requests import native_body
from evaldrop.evaluation import Candidate
from evaldrop.evaluation.definition import Guardrail, Inference
from evaldrop.evaluation.prompts import Turn
from evaldrop.run.records import with_texts_restored
from evaldrop.run.request import RunRequest
from evaldrop.steps.prepare_records.long_records import MAX_BODY_BYTES, MAX_LINE_BYTES
from evaldrop.steps.prepare_records.prepare import prepare_records
from evaldrop.steps.validate_dataset.validate import validate_dataset
from tests.evaldrop.evaluations import JUDGE, LITE, PRO, ROW, SMALL, check, lines, prepare, write

QUOTA = 256 * 1024
HAIKU = {"name": "haiku", "model": "us.anthropic.claude-haiku-4-5-20251001-v1:0"}
LLAMA = {"name": "llama", "model": "us.meta.llama3-3-70b-instruct-v1:0", "api": "invoke_model"}
LONG = {**ROW, "id": "long", "context": "The start. " + "words " * 70_000 + "The end."}
UNKNOWN = {"name": "unknown", "model": "parrot.polly-v1:0"}


def size(value) -> int:
    return len(json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode())


def shown_to_judges(record, asked="judgements"):
    return [request["before"] for request in with_texts_restored(record["calls"])[asked]]


def body_of(record, candidate):
    return json.loads(Path(record["calls"]["long"][candidate]["arguments"]["Input"]["S3Uri"]).read_bytes())


def test_each_candidates_whole_request_waits_in_the_runs_folder_in_its_models_own_body(tmp_path):
    _, (short, long) = prepare(tmp_path, {**SMALL, "candidates": [LITE, HAIKU, LLAMA]}, [ROW, LONG])
    assert "long" not in short["calls"]
    assert long["calls"]["requests"] == {}
    assert long["calls"]["long"].keys() == {"lite", "haiku", "llama"}
    for candidate, own in (
        ("lite", "schemaVersion"),
        ("haiku", "anthropic_version"),
        ("llama", "max_gen_len"),
    ):
        assert own in body_of(long, candidate)
        assert LONG["context"] in json.dumps(body_of(long, candidate))


def test_its_arguments_name_the_model_and_both_places_below_the_runs_folder(tmp_path):
    guarded = {**LITE, "guardrail": {"id": "g", "version": "3"}}
    state, (record,) = prepare(tmp_path, {**SMALL, "candidates": [guarded]}, [LONG])
    long = record["calls"]["long"]["lite"]
    source, target = (long["arguments"][name]["S3Uri"] for name in ("Input", "Output"))
    assert long["arguments"] == {
        "ModelId": LITE["model"],
        "ContentType": "application/json",
        "Accept": "application/json",
        "GuardrailIdentifier": "g",
        "GuardrailVersion": "3",
        "Input": {"S3Uri": source},
        "Output": {"S3Uri": target},
    }
    folder = state["run"]["folder"]
    assert source.startswith(f"{folder}/requests/")
    assert target.startswith(f"{folder}/replies/")
    assert f"{long['reply']['Bucket']}/{long['reply']['Key']}" == target
    assert long["bytes"] == Path(source).stat().st_size


@pytest.mark.parametrize(
    "characters",
    [60_000, 85_000, 100_000, 170_000, 400_000, pytest.param(2_000_000, marks=pytest.mark.nightly)],
)
def test_no_line_and_no_childs_input_is_above_the_quota(tmp_path, characters):
    two = {**JUDGE, "name": "two", "repeats": 3}
    evaluation = {
        **SMALL,
        "candidates": [LITE, HAIKU],
        "judges": [JUDGE, two],
        "pairwise": {"all_pairs": True},
    }
    state, (record,) = prepare(tmp_path, evaluation, [{**ROW, "context": "é" * characters}])
    assert size(record) <= MAX_LINE_BYTES
    child = {"record": record["calls"], "candidates": state["candidates"], "judges": state["judges"]}
    assert size(child) <= 240 * 1024
    largest = max(with_texts_restored(record["calls"])["judgements"], key=size)
    call = {"call": state["judges"][largest["request_key"]]}
    assert size({**largest, **call, "shown": "r" * 40_000}) <= QUOTA


def test_what_fits_once_the_requests_are_apart_is_shown_to_judges_whole(tmp_path):
    row = {**ROW, "context": "c" * 100_000}
    _, (record,) = prepare(tmp_path, {**SMALL, "candidates": [LITE, HAIKU]}, [row])
    assert record["calls"]["long"].keys() == {"lite", "haiku"}
    assert "shortened" not in record["calls"]
    assert row["context"] in shown_to_judges(record)[0]


def test_judges_see_both_ends_of_what_is_too_long_and_how_much_is_missing(tmp_path):
    _, (record,) = prepare(tmp_path, SMALL, [LONG])
    shortened = record["calls"]["shortened"]
    assert shortened["characters"] == len(LONG["context"]) - shortened["limit"]
    (before,) = shown_to_judges(record)
    assert f"{shortened['characters']:,} characters are left out here" in before
    assert "The start." in before
    assert "The end." in before


def test_what_no_judge_is_shown_does_not_count_as_left_out(tmp_path):
    prompts = {"judge/blind.v1": "## user\n{{ prompt }}{{ criteria }}{{ response }}"}
    evaluation = {**SMALL, "judges": [{**JUDGE, "prompt": "blind.v1"}]}
    _, (record,) = prepare(tmp_path, evaluation, [LONG], prompts)
    assert record["calls"]["long"].keys() == {"lite"}
    assert "shortened" not in record["calls"]


def test_pairs_are_shown_the_same_shortened_texts(tmp_path):
    evaluation = {**SMALL, "candidates": [LITE, PRO], "pairwise": {"baseline": "lite"}}
    _, (record,) = prepare(tmp_path, evaluation, [LONG])
    assert len(record["calls"]["comparisons"]) == 2
    left_out = f"{record['calls']['shortened']['characters']:,} characters are left out"
    assert all(left_out in text for text in shown_to_judges(record, "comparisons"))


def test_a_given_response_is_not_asked_for_by_way_of_s3_either(tmp_path):
    row = {**LONG, "responses": {"lite": "30 days"}}
    _, (record,) = prepare(tmp_path, {**SMALL, "candidates": [LITE, HAIKU]}, [row])
    assert record["calls"]["long"].keys() == {"haiku"}


def test_perturbed_copies_of_a_long_record_have_requests_of_their_own(tmp_path):
    evaluation = {**SMALL, "robustness": {"perturbations": ["case"], "n": 1}}
    _, records = prepare(tmp_path, evaluation, [LONG])
    assert len(records) == 2
    bodies = [json.dumps(body_of(record, "lite")) for record in records]
    assert bodies[0] != bodies[1]


def test_preparing_again_writes_the_same_bytes(tmp_path):
    """The journal knows a request by its bytes: a run that goes on must not pay for it twice."""
    _, (record,) = prepare(tmp_path, SMALL, [LONG])
    path = Path(record["calls"]["long"]["lite"]["arguments"]["Input"]["S3Uri"])
    before = path.read_bytes()
    path.unlink()
    asked = RunRequest(run_id="run-1", dataset=str(tmp_path / "faq.jsonl"), out=str(tmp_path / "runs"))
    prepare_records(asked, validate_dataset(asked)["run"]["folder"])
    assert path.read_bytes() == before
    assert lines(tmp_path, "records.jsonl") == [record]


def test_checking_a_dataset_writes_no_request(tmp_path):
    assert check(tmp_path, SMALL, [LONG]).problems == ()
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    "place", [pytest.param(0, marks=pytest.mark.nightly), pytest.param(250, marks=pytest.mark.nightly), 499]
)
def test_validation_refuses_what_bedrock_does_not_take_with_its_line_and_size(tmp_path, place):
    rows = [{**ROW, "id": f"r{n}"} for n in range(500)]
    rows[place]["context"] = "c" * (MAX_BODY_BYTES + 1)
    checked = check(tmp_path, SMALL, rows)
    (problem,) = checked.problems
    assert problem.startswith(f"faq.jsonl line {place + 1}: the record is 20,000,")
    assert "bytes as a request of candidate lite; Bedrock takes 20,000,000. Shorten" in problem


def test_validation_refuses_what_cannot_be_written_as_its_models_own_body(tmp_path):
    (problem,) = check(tmp_path, {**SMALL, "candidates": [UNKNOWN]}, [ROW, LONG]).problems
    assert problem.startswith("faq.jsonl line 2: the record is 420,")
    assert 'the body layout of "parrot.polly-v1:0" is not known' in problem
    assert "family: anthropic, nova, llama, mistral or chat" in problem
    assert check(tmp_path, {**SMALL, "candidates": [{**UNKNOWN, "family": "chat"}]}, [LONG]).problems == ()


def test_a_model_of_no_known_body_is_asked_whole_when_only_the_judges_part_is_long(tmp_path):
    evaluation = {**SMALL, "candidates": [UNKNOWN], "judges": [{**JUDGE, "repeats": 4}]}
    _, (record,) = prepare(tmp_path, evaluation, [{**ROW, "context": "c" * 60_000}])
    assert "long" not in record["calls"]
    assert record["calls"]["requests"]["answer.v1/converse"]
    assert shown_to_judges(record)[3].count("c" * 60_000) == 1


def test_many_judge_requests_share_the_room_of_one_text(tmp_path):
    """Ten questions about one context: each is asked with as much of it as one would be."""
    criteria = [{"name": f"c{n}", "question": f"Is it right, {n}?", "scale": "binary"} for n in range(10)]
    evaluation = {**SMALL, "criteria": criteria, "judges": [{**JUDGE, "mode": "per_criterion"}]}
    _, (record,) = prepare(tmp_path, evaluation, [LONG])
    asked = shown_to_judges(record)
    assert len(asked) == 10
    assert record["calls"]["shortened"]["limit"] >= 90_000
    assert all("The start." in text and "The end." in text for text in asked)


def test_as_many_long_records_as_are_tolerated_are_warned_of_and_rejected(tmp_path):
    evaluation = {**SMALL, "candidates": [UNKNOWN], "tolerated_invalid_percentage": 50}
    checked = check(tmp_path, evaluation, [ROW, LONG])
    assert checked.problems == ()
    assert any("line 2: the record is 420," in warning for warning in checked.warnings)
    _, records = prepare(tmp_path, evaluation, [ROW, LONG])
    assert [record["record_id"] for record in records] == ["r1"]
    assert "the record is 420," in lines(tmp_path, "rejected.jsonl")[0]["reason"]


def test_a_row_beyond_any_request_is_refused_by_its_size_before_it_is_parsed(tmp_path):
    problem = check(tmp_path, SMALL, [ROW, {**ROW, "id": "r2", "context": "c" * 34_000_000}]).problems[0]
    assert "line 2: the row has 34,000," in problem
    assert "more than the 33,554,432 a record may have" in problem


def test_a_plan_counts_each_long_record_as_what_it_is(tmp_path):
    """A sample of 200 could miss two among a thousand, or take one for five."""
    rows = [{**ROW, "id": f"r{n}"} for n in range(1_000)]
    usual = check(tmp_path, SMALL, rows).plan.lines[0].input_tokens.likely
    rows[17] |= {"context": "c" * 400_000}
    rows[500] |= {"context": "c" * 400_000}
    with_long = check(tmp_path, SMALL, rows).plan.lines[0]
    assert with_long.calls == 1_000
    assert with_long.input_tokens.likely - usual == pytest.approx(200_000, rel=0.01)


def test_a_budget_is_held_against_long_records(tmp_path):
    rows = [{**ROW, "id": "a"}, {**ROW, "id": "b", "context": "c" * 4_000_000}]
    write(tmp_path, {**SMALL, "candidates": [HAIKU], "budget_usd": 0.5}, rows)
    asked = RunRequest(run_id="run-1", dataset=str(tmp_path / "faq.jsonl"), out=str(tmp_path / "runs"))
    with pytest.raises(Exception, match=r"likely cost is \$1\.\d+, above budget_usd: 0\.5"):
        validate_dataset(asked)


TURNS = [Turn("system", "Be kind."), Turn("user", "Why?")]


MODELS = [
    LITE["model"],
    HAIKU["model"],
    LLAMA["model"],
    "mistral.mixtral-8x7b-v0:1",
    "openai.gpt-oss-20b-1:0",
]


@pytest.mark.parametrize("model", MODELS)
def test_a_native_body_is_the_same_whichever_the_candidates_api(model):
    inference = Inference(max_tokens=300, temperature=0.5)
    bodies = [
        native_body(Candidate(name="c", model=model, api=api, inference=inference), TURNS)
        for api in ("converse", "invoke_model")
    ]
    assert bodies[0] == bodies[1]
    assert "300" in json.dumps(bodies[0])


def test_additional_fields_go_to_their_own_places_in_a_native_body():
    """Converse merges them into the model's body; a member replaced whole would lose what is beside them."""
    candidate = Candidate(
        name="c",
        model=LITE["model"],
        inference=Inference(max_tokens=300),
        extra={"inferenceConfig": {"topK": 20}},
        guardrail=Guardrail(id="g"),
    )
    assert native_body(candidate, TURNS) == {
        "schemaVersion": "messages-v1",
        "inferenceConfig": {"maxTokens": 300, "topK": 20},
        "system": [{"text": "Be kind."}],
        "messages": [{"role": "user", "content": [{"text": "Why?"}]}],
    }


def many(**more):
    """An evaluation that asks seventy-two questions about each response."""
    criteria = [
        {"name": f"c{n}", "question": f"Is it right in respect {n}?", "scale": "binary"} for n in range(8)
    ]
    judges = [{**JUDGE, "name": f"j{n}", "mode": "per_criterion", "repeats": 3} for n in range(3)]
    return {**SMALL, "criteria": criteria, "judges": judges, **more}


@pytest.mark.parametrize("characters", [10, 500, 1_000, 1_500, 1_999, 2_000, 3_000, 20_000])
def test_a_short_record_with_many_requests_fits_as_a_longer_one_does(tmp_path, characters):
    evaluation = many(candidates=[LITE, HAIKU])
    _, (record,) = prepare(tmp_path, evaluation, [{**ROW, "context": "c" * characters}])
    assert "long" not in record["calls"], "what fits once texts are shared is not sent by way of S3"
    assert "shortened" not in record["calls"]
    asked = shown_to_judges(record)
    assert len(asked) == 72
    assert all("c" * characters in text for text in asked)


def test_many_requests_of_a_model_of_no_known_body_fit_too(tmp_path):
    _, (record,) = prepare(tmp_path, many(candidates=[UNKNOWN]), [{**ROW, "context": "c" * 1_500}])
    assert record["calls"]["requests"]["answer.v1/converse"]


def test_constants_beyond_the_states_room_are_shared_by_the_repeats_that_need_them(tmp_path):
    """Sixty tools are more than the state holds: forty of them travelled three times with each record."""
    criteria = [
        {"name": f"c{n}", "question": f"Is it right in respect {n}? " + "Look. " * 60, "scale": "binary"}
        for n in range(20)
    ]
    judges = [{**JUDGE, "name": f"j{n}", "mode": "per_criterion", "repeats": 3} for n in range(2)]
    state, (record,) = prepare(tmp_path, {**SMALL, "criteria": criteria, "judges": judges})
    constants = record["calls"]["constants"]
    keys = {request["request_key"] for request in record["calls"]["judgements"]}
    assert constants.keys() | state["judges"].keys() == keys
    assert not constants.keys() & state["judges"].keys()
    assert not [request for request in record["calls"]["judgements"] if "call" in request]


@pytest.mark.parametrize("candidate", [LITE, UNKNOWN])
def test_a_given_response_that_is_too_long_is_refused_with_its_own_size(tmp_path, candidate):
    """It was refused with the size of the record as a request: 82 bytes."""
    row = {**ROW, "responses": {"old": "r" * 200_000}}
    (problem,) = check(tmp_path, {**SMALL, "candidates": [candidate]}, [ROW, {**row, "id": "r2"}]).problems
    assert problem.startswith("faq.jsonl line 2: the requests of this record come to 20")
    assert "The most are: 200,011 the response given as old" in problem
    assert "Shorten the response of old" in problem
    assert "body layout" not in problem


def test_a_refusal_names_what_fills_the_room_and_what_to_do(tmp_path):
    criteria = [{"name": f"c{n}", "question": f"Is it right, {n}? " + "x" * 4_000} for n in range(60)]
    evaluation = {**SMALL, "criteria": criteria, "judges": [{**JUDGE, "mode": "per_criterion"}]}
    (problem,) = check(tmp_path, evaluation, [ROW]).problems
    assert "in 60 requests of judge judge" in problem
    assert "judge judge asked less (criteria, repeats, pairs, candidates)" in problem


def test_the_beginning_of_a_text_that_is_named_is_safe_to_print(tmp_path):
    texts = [f"\x1b[31mred\n{n}\u202e" + "t" * 980 for n in range(110)]
    (problem,) = check(tmp_path, many(), [{**ROW, "reference": texts}]).problems
    assert "texts that requests share" in problem
    assert problem.isprintable()
