"""Replies that outlive their process."""

import asyncio
import errno
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaldrop.bedrock import journal
from evaldrop.bedrock.journal import Journal, KeepingRuntime, ReplayingRuntime
from evaldrop.bedrock.protocol import ServiceError
from evaldrop.errors import StorageError

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
    kept = Journal(path)
    keeping = KeepingRuntime(runtime, path)
    journalled = ReplayingRuntime(keeping, kept)

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


CALLS = [("converse", {**ASKED, "modelId": str(n)}) for n in range(5)]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The journal of five calls."""
    path = tmp_path_factory.mktemp("whole") / "j"
    go_on(path, *CALLS)
    return path.read_bytes()


def replies_of(path, calls=CALLS):
    """The replies that a journal has to calls: each its number, or None."""
    journal = Journal(path)
    kept = [journal.take(*call) for call in calls]
    journal.close()
    return [None if each is None else each["output"]["n"] for each in kept]


@pytest.mark.fuzz
@given(cut=st.integers(0, 600))
def test_a_journal_cut_anywhere_keeps_every_whole_line_and_can_be_gone_on_with(tmp_path_factory, whole, cut):
    path = tmp_path_factory.mktemp("journal") / "j"
    path.write_bytes(whole[:cut])
    # A line is whole without its line feed, too.
    kept = (whole[:cut] + b"\n").count(b"}}\n")
    assert replies_of(path) == [n + 1 if n < kept else None for n in range(5)]
    assert go_on(path, *CALLS)[1] == 5 - kept
    assert go_on(path, *CALLS)[1] == 0


DAMAGE = st.lists(
    st.tuples(
        st.sampled_from(["flip", "cut", "insert", "null", "write over"]),
        st.integers(0, 600),
        st.integers(1, 90),
        st.binary(min_size=1, max_size=40),
    ),
    min_size=1,
    max_size=4,
)


def damaged(content, marks, kind, place, length, noise):
    """Content after an accident, and the marks of its bytes that are as they were."""
    place = min(place, len(content))
    end = place + length
    if kind == "flip":
        if place == len(content):
            return content, marks
        other = bytes([content[place] ^ (1 << length % 8)])
        return content[:place] + other + content[place + 1 :], [*marks[:place], None, *marks[place + 1 :]]
    if kind == "cut":
        return content[:place] + content[end:], marks[:place] + marks[end:]
    filling = {"insert": noise, "null": bytes(length), "write over": noise}[kind]
    rest = place if kind == "insert" else place + len(filling)
    return content[:place] + filling + content[rest:], marks[:place] + [None] * len(filling) + marks[rest:]


@pytest.mark.fuzz
@given(damage=DAMAGE)
def test_a_damaged_journal_loses_the_damaged_lines_and_no_other(tmp_path_factory, whole, damage):
    """Bits flipped, bytes cut out, put in or written over: no other reply, no fault, nothing else lost."""
    content, marks = whole, list(range(len(whole)))
    for each in damage:
        content, marks = damaged(content, marks, *each)
    path = tmp_path_factory.mktemp("journal") / "j"
    path.write_bytes(content)

    replies = replies_of(path)

    start = 0
    for n, line in enumerate(whole.splitlines()):
        # Undamaged is a line whose bytes are all there in one piece, at the end of a line.
        place = marks.index(start) if start in marks else None
        is_there = (
            place is not None
            and marks[place : place + len(line)] == list(range(start, start + len(line)))
            and content[place + len(line) : place + len(line) + 1] in (b"", b"\n")
        )
        assert replies[n] == n + 1 or (replies[n] is None and not is_there)
        start += len(line) + 1
    # What is lost is called again, and then all of it is there.
    missing = sum(reply is None for reply in replies)
    assert go_on(path, *CALLS)[1] == missing
    assert go_on(path, *CALLS)[1] == 0


@pytest.mark.parametrize(
    ("how", "lost"),
    [
        (lambda lines: [lines[0], b"\0" * 4096 + lines[1], *lines[2:]], 0),
        (lambda lines: [lines[0], lines[1][:30] + lines[2], *lines[3:]], 1),
        (lambda lines: [lines[0], b"\xff\xfe" + lines[1][2:], *lines[2:]], 1),
        (lambda lines: [lines[0], lines[1].replace(b'"n":2', b'"n":7'), *lines[2:]], 1),
        (lambda lines: [*lines[:4], lines[4][:-9]], 1),
        (lambda lines: [b"\n", lines[0], b"\n\n", *lines[1:]], 0),
        (lambda lines: [lines[0][:40] + lines[1] + lines[0][40:], *lines[2:]], 1),
    ],
    ids=[
        "zeros after a power cut", "a line into which the next ran", "not UTF-8", "another reply",
        "killed while writing", "empty lines", "two that were written at once",
    ],
)  # fmt: skip
def test_a_damaged_line_costs_that_line_and_is_counted(tmp_path, whole, how, lost):
    (tmp_path / "j").write_bytes(b"".join(how(whole.splitlines(keepends=True))))
    read = Journal(tmp_path / "j")
    found = len(read), bool(read.damaged)
    read.close()
    assert found == (5 - lost, bool(lost))


def test_a_journal_of_an_earlier_version_is_read_without_its_checksums(tmp_path, whole):
    lines = [line[:32] + b" " + line[41:] for line in whole.splitlines(keepends=True)]
    (tmp_path / "j").write_bytes(b"".join(lines))
    assert replies_of(tmp_path / "j") == [1, 2, 3, 4, 5]
    (tmp_path / "j").write_bytes(b"".join(lines)[:-4])
    assert replies_of(tmp_path / "j") == [1, 2, 3, 4, None]
    (tmp_path / "j").write_bytes(b"".join(lines).replace(b'{"n":2}', b'{"n:2}}'))
    assert replies_of(tmp_path / "j") == [1, None, 3, 4, 5]


class Sipping(io.BytesIO):
    """A file that takes three bytes at a time, and at `full` none."""

    def __init__(self):
        super().__init__()
        self.full = False

    def write(self, content):
        if self.full and len(self.getvalue()) % 50 > 40:
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().write(bytes(content)[:3])

    def fileno(self):
        return -1

    def close(self):
        self.content = self.getvalue()
        super().close()


def test_what_the_system_takes_in_pieces_is_written_whole(tmp_path, whole):
    file = Sipping()
    keeping = KeepingRuntime(Numbering(), tmp_path / "j", open_file=lambda _: file)

    async def run():
        for operation, request in CALLS:
            await getattr(keeping, operation)(request)
        await keeping.close()

    asyncio.run(run())
    assert file.content == whole


def test_a_reply_that_the_disk_has_no_room_for_is_an_error_and_is_written_when_there_is_room(tmp_path, whole):
    file = Sipping()
    keeping = KeepingRuntime(Numbering(), tmp_path / "j", open_file=lambda _: file)

    async def run():
        file.full = True
        for operation, request in CALLS[:3]:
            with pytest.raises(StorageError, match="No space left on device"):
                await getattr(keeping, operation)(request)
        file.full = False
        for operation, request in CALLS[3:]:
            await getattr(keeping, operation)(request)
        await keeping.close()

    asyncio.run(run())
    assert file.content == whole


def test_a_request_that_was_refused_for_what_it_is_is_not_sent_again_where_that_is_wanted(tmp_path):
    class Refusing(Numbering):
        async def converse(self, request):
            self.calls += 1
            raise ServiceError(request["modelId"], "no")

    async def both(runtime):
        codes = []
        for code in ("ValidationException", "ExpiredTokenException"):
            with pytest.raises(ServiceError) as caught:
                await runtime.converse({**ASKED, "modelId": code})
            codes.append(caught.value.code)
        await runtime.close()
        return codes

    first, second, third = Refusing(), Refusing(), Refusing()
    asyncio.run(both(KeepingRuntime(first, tmp_path / "j")))
    kept = Journal(tmp_path / "j", with_refusals=True)
    again = asyncio.run(both(ReplayingRuntime(second, kept)))
    # A run that goes on asks again: whoever goes on may have mended what was refused.
    asyncio.run(both(ReplayingRuntime(third, Journal(tmp_path / "j"))))
    assert again == ["ValidationException", "ExpiredTokenException"]
    assert (first.calls, second.calls, third.calls) == (2, 1, 2)


def test_half_a_surrogate_pair_and_bytes_that_are_no_text_are_kept(tmp_path):
    class Odd(Numbering):
        async def converse(self, request):
            return {"output": {"text": "\ud83d", "n": self._count()}}

        async def invoke_model(self, request):
            return {"body": b"\xff%d" % self._count()}

    half = {**ASKED, "system": [{"text": "\udc00"}]}

    async def ask(runtime):
        replies = [await runtime.converse(half), await runtime.invoke_model(BODY)]
        await runtime.close()
        return replies

    asyncio.run(ask(KeepingRuntime(Odd(), tmp_path / "j")))
    fresh = Odd()
    kept = asyncio.run(ask(ReplayingRuntime(fresh, Journal(tmp_path / "j"))))
    assert kept == [{"output": {"text": "\ud83d", "n": 1}}, {"body": "\ufffd2".encode()}]
    assert fresh.calls == 0


def test_what_is_written_is_asked_to_be_on_the_disk_beside_the_calls(tmp_path, monkeypatch):
    synced = []
    monkeypatch.setattr(journal, "SYNC_EVERY_S", 0)
    monkeypatch.setattr(journal, "_sync", synced.append)

    class Real(Numbering):
        is_simulated = False

    async def run():
        keeping = KeepingRuntime(Real(), tmp_path / "j")
        for operation, request in CALLS:
            await getattr(keeping, operation)(request)
        await keeping.close()

    asyncio.run(run())
    assert synced


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
