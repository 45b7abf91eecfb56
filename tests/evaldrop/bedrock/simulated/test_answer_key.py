"""What a rehearsal's candidates know."""

import json

from evaldrop.bedrock.families.requests import conversation
from evaldrop.bedrock.simulated.answer_key import AnswerKey, RunAnswerKey
from evaldrop.evaluation.prompts import Turn


def write(path, *records):
    path.write_text("".join(json.dumps(record) + "\n" for record in records))


def key_of(path):
    return AnswerKey(str(path))


def record(prompt, reference, **requests):
    return {"prompt": prompt, "reference": reference, "calls": {"requests": requests}}


def test_a_reference_is_found_by_the_prompt_whatever_its_spacing(tmp_path):
    key = key_of(tmp_path / "records.jsonl")
    write(tmp_path / "records.jsonl", record("Why  is\nit?", ["first", "second"]), record("No answer", []))
    assert key("Why is it?") == "first"
    assert key("No answer") is None
    assert key("Something else") is None


def test_the_file_is_read_when_first_asked_and_need_not_exist_before(tmp_path):
    key = key_of(tmp_path / "records.jsonl")
    write(tmp_path / "records.jsonl", record("Why?", ["because"]))
    assert key("Why?") == "because"
    (tmp_path / "records.jsonl").unlink()
    assert key("Why?") == "because"


def test_a_reference_is_found_by_the_last_message_in_every_layout(tmp_path):
    turns = [Turn("user", "Hi"), Turn("assistant", "Hello"), Turn("user", "Wrapped: why?")]
    for layout in ("converse", "anthropic", "nova", "chat"):
        key = key_of(tmp_path / f"{layout}.jsonl")
        write(tmp_path / f"{layout}.jsonl", record("why?", ["because"], a=conversation(turns, layout)))
        assert key("Wrapped: why?") == "because"
    for layout in ("llama", "mistral"):
        request = conversation(turns, layout)
        key = key_of(tmp_path / f"{layout}.jsonl")
        write(tmp_path / f"{layout}.jsonl", record("why?", ["because"], a=request))
        assert key(request["prompt"]) == "because"


def test_a_run_s_key_finds_the_records_of_each_turn_of_a_search_and_then_the_run_s_own(tmp_path):
    key = RunAnswerKey(str(tmp_path))
    assert key("Why?") is None
    turns = {2: "Why?", 4: "Where?"}
    for turn, prompt in turns.items():
        (tmp_path / "prompts" / f"turn-{turn}").mkdir(parents=True)
        write(tmp_path / "prompts" / f"turn-{turn}" / "records.jsonl", record(prompt, [f"of {turn}"]))
        assert key(prompt) == f"of {turn}"
    write(tmp_path / "records.jsonl", record("When?", ["of the run"]))
    assert [key(prompt) for prompt in ("When?", "Why?", "Who?")] == ["of the run", "of 2", None]


def test_a_run_s_key_looks_no_further_once_the_run_has_its_records(tmp_path):
    write(tmp_path / "records.jsonl", record("When?", ["of the run"]))
    key = RunAnswerKey(str(tmp_path))
    assert key("Why?") is None
    (tmp_path / "prompts" / "turn-1").mkdir(parents=True)
    write(tmp_path / "prompts" / "turn-1" / "records.jsonl", record("Why?", ["too late"]))
    assert key("Why?") is None
