"""Replies that outlive their process."""

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaldrop.bedrock.journal import Journal, KeepingRuntime, ReplayingRuntime
from evaldrop.bedrock.protocol import ServiceError

ASKED = {"modelId": "m", "messages": [{"role": "user", "content": [{"text": "Why?"}]}]}
BODY = {"modelId": "m", "body": b'{"prompt": "Why?"}'}


class Numbering:
    """A runtime whose replies are numbered, and which fails on demand."""

    is_simulated = True

    def __init__(self):
        self.calls = 0
        self.failing = False
        self.closed = False

    def _count(self):
        if self.failing:
            raise ServiceError("ThrottlingException", "busy")
        self.calls += 1
        return self.calls

    async def converse(self, request):
        return {"output": {"n": self._count()}}

    async def invoke_model(self, request):
        return {"body": b'{"n": %d}' % self._count(), "contentType": "application/json"}

    async def close(self):
        self.closed = True


def go_on(path, *calls):
    """Make calls as a new process would; return their replies and how many of them were new."""
    runtime = Numbering()
    journal = Journal(path)
    keeping = KeepingRuntime(runtime, path)
    journalled = ReplayingRuntime(keeping, journal)

    async def all_calls():
        return [await getattr(journalled, operation)(request) for operation, request in calls]

    replies = asyncio.run(all_calls())
    asyncio.run(journalled.close())
    return replies, runtime.calls


def test_a_kept_reply_survives_the_process_and_is_not_asked_for_again(tmp_path):
    path = tmp_path / "run" / "journal.jsonl"
    first, new = go_on(path, ("converse", ASKED), ("invoke_model", BODY))
    assert new == 2
    again, new = go_on(path, ("converse", ASKED), ("invoke_model", BODY))
    assert (again, new) == (first, 0)
    assert again[1]["body"] == b'{"n": 2}'


def test_equal_requests_stay_as_many_calls_each_with_its_own_reply(tmp_path):
    first, _ = go_on(tmp_path / "j", ("converse", ASKED), ("converse", ASKED))
    assert [reply["output"]["n"] for reply in first] == [1, 2]
    again, new = go_on(tmp_path / "j", ("converse", ASKED), ("converse", ASKED), ("converse", ASKED))
    assert [reply["output"]["n"] for reply in again] == [1, 2, 1]
    assert new == 1


def test_replies_that_were_used_are_there_again_for_the_process_after_next(tmp_path):
    go_on(tmp_path / "j", ("converse", ASKED))
    for _ in range(3):
        assert go_on(tmp_path / "j", ("converse", ASKED))[1] == 0


def test_the_order_of_keys_does_not_make_another_request_and_the_operation_does(tmp_path):
    go_on(tmp_path / "j", ("converse", ASKED))
    assert go_on(tmp_path / "j", ("converse", dict(reversed(ASKED.items()))))[1] == 0
    assert go_on(tmp_path / "j", ("invoke_model", {**ASKED, "body": b""}))[1] == 1
    assert go_on(tmp_path / "j", ("converse", {**ASKED, "modelId": "other"}))[1] == 1


def test_a_body_of_text_and_one_of_bytes_are_the_same_request(tmp_path):
    go_on(tmp_path / "j", ("invoke_model", BODY))
    assert go_on(tmp_path / "j", ("invoke_model", {**BODY, "body": BODY["body"].decode()}))[1] == 0


@settings(max_examples=40, deadline=None)
@given(cut=st.integers(0, 400))
def test_a_journal_cut_anywhere_keeps_every_whole_line_and_can_be_gone_on_with(tmp_path_factory, cut):
    path = tmp_path_factory.mktemp("journal") / "j"
    calls = [("converse", {**ASKED, "modelId": str(n)}) for n in range(5)]
    go_on(path, *calls)
    whole = path.read_bytes()
    path.write_bytes(whole[: min(cut, len(whole))])
    kept = whole[: min(cut, len(whole))].count(b"\n")
    Journal(path).close()
    assert path.read_bytes() == b"".join(whole.splitlines(keepends=True)[:kept])
    assert go_on(path, *calls)[1] == 5 - kept
    assert path.read_bytes().count(b"\n") == 5
    assert go_on(path, *calls)[1] == 0


def test_a_failed_call_is_not_kept(tmp_path):
    runtime, journal = Numbering(), Journal(tmp_path / "j")
    journalled = ReplayingRuntime(KeepingRuntime(runtime, tmp_path / "j"), journal)
    runtime.failing = True
    with pytest.raises(ServiceError):
        asyncio.run(journalled.converse(ASKED))
    with pytest.raises(ServiceError):
        asyncio.run(journalled.invoke_model(BODY))
    journal.close()
    assert (tmp_path / "j").read_bytes() == b""


def test_the_length_is_how_many_replies_wait(tmp_path):
    go_on(tmp_path / "j", ("converse", ASKED), ("converse", ASKED), ("invoke_model", BODY))
    journal = Journal(tmp_path / "j")
    assert len(journal) == 3
    journal.close()


def test_a_reply_is_on_the_disk_as_soon_as_it_was_given(tmp_path):
    runtime = Numbering()
    keeping = KeepingRuntime(runtime, tmp_path / "j")
    asyncio.run(keeping.converse(ASKED))
    assert (tmp_path / "j").read_bytes().endswith(b'{"output":{"n":1}}\n')
    asyncio.run(keeping.close())
    assert runtime.closed


def test_another_process_may_keep_what_this_one_replays(tmp_path):
    """The journal is read before the first reply is written, whoever writes it."""
    go_on(tmp_path / "j", ("converse", ASKED))
    journal, runtime = Journal(tmp_path / "j"), Numbering()
    elsewhere = KeepingRuntime(runtime, tmp_path / "j")
    replaying = ReplayingRuntime(elsewhere, journal)
    other = {**ASKED, "modelId": "other"}
    replies = [asyncio.run(replaying.converse(request)) for request in (other, ASKED)]
    assert [reply["output"]["n"] for reply in replies] == [1, 1]
    assert runtime.calls == 1
    asyncio.run(replaying.close())
    assert go_on(tmp_path / "j", ("converse", other), ("converse", ASKED))[1] == 0
