"""What a rehearsal's candidates know."""

import json

from evaldrop.bedrock.families.requests import conversation
from evaldrop.bedrock.simulated.answer_key import AnswerKey
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
