"""
Records whose requests are longer than a payload of Step Functions may be.

Their candidates are called by way of S3: PrepareRecords writes each one's native InvokeModel body to
`requests/` in the run's folder, and the workflow invokes the model with `Input.S3Uri` and `Output.S3Uri`.
What judges are shown cannot wait in S3, since the response is not known: it is shortened in the middle when
it does not fit, and says so.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import orjson

from evaldrop import storage
from evaldrop.bedrock.families.registry import layout_named
from evaldrop.bedrock.families.requests import native_body, native_guardrail
from evaldrop.evaluation import Candidate, body_family
from evaldrop.evaluation.model_ids import families_in_words
from evaldrop.evaluation.prompts import Turn
from evaldrop.run.definition import REPLIES, REQUESTS
from evaldrop.run.records import with_texts_restored
from evaldrop.steps.prepare_records.shortening import LIMITS, shorten_values

JSON = dict[str, Any]

MAX_BODY_BYTES = 20_000_000
"""
The longest InvokeModel body that is sent. Bedrock's API takes 25,000,000 bytes, and 20 MB for Anthropic's
models; a model's context window is smaller than either.
"""

MAX_LINE_BYTES = 250 * 1024
"""A line of `records.jsonl` is an item of the Map: 256 KiB, envelope included."""

MOST_PARTS = 3
"""Parts that a refusal names."""

REPLY_ROOM_BYTES = 48 * 1024
"""What a long record's judge requests leave for responses: to be judged now, and to be judged again."""


class TooLongError(Exception):
    """Why a record cannot be sent; the message gives its size."""


class NoLayoutError(TooLongError):
    """A model whose InvokeModel body cannot be written, because its layout is not known."""


class Form(NamedTuple):
    """How a record's child gets its requests: what they share once, candidates' from S3, texts cut short."""

    is_shared: bool = True
    is_apart: bool = False
    limit: int | None = None


WHOLE = Form(is_shared=False)


def fitting(make: Callable[[Form], JSON], *, room: int, limit: int | None = None) -> JSON:
    """
    Return a record's calls in the first form that a child has room for.

    `room` is the most bytes that calls may have. `limit` is what the run that is judged again kept of a text:
    its judges' replies answer such requests.

    Raises:
        TooLongError: No form fits; the message gives the size that the smallest one has, and what fills it.
    """
    try:
        return _first_fitting(make, _forms(limit, is_apart=True), room)
    except NoLayoutError as no_layout:
        # The judges' part may be the long one, or the responses that the record brings.
        shortened = [form for form in _forms(limit, is_apart=False) if form.limit]
        try:
            return _first_fitting(make, shortened, room)
        except NoRoomError as error:
            if error.is_for_requests:
                raise no_layout from error
            raise


def _first_fitting(make: Callable[[Form], JSON], forms: Iterable[Form], room: int) -> JSON:
    calls: JSON = {}
    for form in forms:
        calls = make(form)
        if _size(calls) <= room and (form == WHOLE or _size_to_judge(calls) <= room - REPLY_ROOM_BYTES):
            return calls
    raise NoRoomError(calls, room)


def _forms(limit: int | None, *, is_apart: bool) -> Iterator[Form]:
    if limit is None:
        yield from dict.fromkeys((WHOLE, Form(), Form(is_apart=is_apart)))
    for each in LIMITS:
        # No more than the parent showed: its judges' replies would answer another text.
        if limit is None or each <= limit:
            yield Form(is_apart=is_apart, limit=each)


def _size(content: Any) -> int:
    return len(orjson.dumps(content))


def _size_to_judge(calls: JSON) -> int:
    """Return the bytes beside which responses need room: those that are shared, or of the longest request."""

    # Without what an earlier run brings: the same record is to be shortened the same when judged again.
    def requests(calls: JSON) -> list[JSON]:
        return [
            {key: value for key, value in request.items() if key not in {"kept", "kept_replies"}}
            for request in (*calls["judgements"], *calls["comparisons"])
        ]

    shared = _size([requests(calls), calls["texts"], calls.get("constants")])
    return max([shared, *map(_size, requests(with_texts_restored(calls)))])


class NoRoomError(TooLongError):
    """
    A record whose requests a child has no room for; the message names the largest parts.

    `is_for_requests`: those of candidates alone are what is too much.
    """

    def __init__(self, calls: JSON, room: int) -> None:
        size, beside = _size(calls), ""
        if size <= room:
            size, room, beside = _size_to_judge(calls), room - REPLY_ROOM_BYTES, " beside the responses"
        requests = _size(calls["requests"])
        self.is_for_requests = requests > size - room and requests > _size(calls["given"])
        parts = sorted(_parts(calls), reverse=True)[:MOST_PARTS]
        shown = "; ".join(f"{size:,} {what}" for size, what, _ in parts)
        do = ", or ".join(dict.fromkeys(do for _, _, do in parts))
        super().__init__(
            f"the requests of this record come to {size:,} bytes, its long texts shortened; a child workflow "
            f"has room for {room:,}{beside}. The most are: {shown}. "
            f"{do[:1].upper()}{do[1:]}."
        )


def _parts(calls: JSON) -> Iterator[tuple[int, str, str]]:
    """Yield what fills a record's room: its bytes, what it is, what to do about it."""
    for name, given in calls["given"].items():
        yield _size(given), f"the response given as {name}", f"shorten the response of {name}"
    if calls["requests"]:
        yield _size(calls["requests"]), "what candidates are asked", "shorten the prompt or context"
    by_judge: dict[str, list[JSON]] = {}
    for request in (*calls["judgements"], *calls["comparisons"]):
        by_judge.setdefault(request["judge"], []).append(request)
    for judge, asked in by_judge.items():
        what = f"in {len(asked):,} requests of judge {judge}"
        yield _size(asked), what, f"have judge {judge} asked less (criteria, repeats, pairs, candidates)"
    if texts := calls.get("texts"):
        longest = max(texts, key=len)
        # Untrusted: on one line, and no more of it than shows which it is.
        begins = " ".join("".join(each if each.isprintable() else " " for each in longest[:60]).split())
        what = f'in {len(texts):,} texts that requests share, the longest "{begins[:40]} …"'
        yield _size(texts), what, "shorten references, criteria or the judge's prompt"
    if constants := calls.get("constants"):
        what = f"in the tools and settings of {len(constants):,} calls"
        yield _size(constants), what, "list fewer criteria, or put them to a judge together (mode: joint)"


class LongRequests:
    """The candidates' requests of a run that wait in S3; on one machine, `root` is used as the bucket."""

    def __init__(self, folder: str, root: str) -> None:
        self._folder, self._root = folder, root

    def request(self, record_id: str, candidate: Candidate, body: bytes) -> JSON:
        """
        Return what the workflow invokes a candidate with, where its reply will be, and the body's size.

        Raises:
            TooLongError: Bedrock does not take such a body.
        """
        if len(body) > MAX_BODY_BYTES:
            raise TooLongError(
                f"the record is {len(body):,} bytes as a request of candidate {candidate.name}; "
                f"Bedrock takes {MAX_BODY_BYTES:,}. Shorten its prompt or context, or split it."
            )
        reply = self._uri(REPLIES, record_id, candidate)
        place = storage.place(reply, root=self._root)
        return {
            "arguments": {
                "ModelId": candidate.model,
                "ContentType": "application/json",
                "Accept": "application/json",
                **native_guardrail(candidate),
                "Input": {"S3Uri": self._uri(REQUESTS, record_id, candidate)},
                "Output": {"S3Uri": reply},
            },
            "reply": {"Bucket": place.bucket, "Key": place.key},
            "bytes": len(body),
        }

    def write(self, record_id: str, candidate: Candidate, body: bytes) -> None:
        """Write a candidate's request where its arguments say it is."""
        storage.write_bytes(self._uri(REQUESTS, record_id, candidate), body)

    def _uri(self, kind: str, record_id: str, candidate: Candidate) -> str:
        # By digest: an ID may hold anything, and a key of S3 or a file's name may not.
        place = hashlib.blake2b(record_id.encode(errors="surrogatepass"), digest_size=8).hexdigest()
        return storage.join(self._folder, kind, place, f"{candidate.name}.json")


def long_body(candidate: Candidate, turns: Sequence[Turn]) -> bytes:
    """
    Return a candidate's request as its model's own body, whichever its `api` is.

    Raises:
        NoLayoutError: The layout of its model's bodies is not known.
    """
    if body_family(candidate) is None:
        size = sum(len(turn.text.encode(errors="surrogatepass")) for turn in turns)
        raise NoLayoutError(
            f"the record is {size:,} bytes as a request of candidate {candidate.name}, which is too long for "
            f'a payload of Step Functions, and the body layout of "{candidate.model}" is not known, so that '
            "it cannot go by way of S3. Shorten the record, or say the candidate's family: "
            f"{families_in_words()}."
        )
    if candidate.tools and layout_named(str(body_family(candidate))).tools is None:
        raise NoLayoutError(
            f"the record is too long for a payload of Step Functions as a request of candidate "
            f"{candidate.name}, and bodies of {body_family(candidate)} are given no tools here. Shorten the "
            "record, or leave the tools out."
        )
    return orjson.dumps(native_body(candidate, turns))


def fitting_line(line: JSON) -> JSON:
    """
    Return a line of `records.jsonl` that an item of the Map has room for.

    Its calls and its reference stay as they are; what is kept of the record's other texts, for those who read
    the report, is shortened when need be, and `is_cut` says so.

    Raises:
        TooLongError: It does not fit even so.
    """
    size = len(orjson.dumps(line))
    if size <= MAX_LINE_BYTES:
        return line
    texts = {name: line[name] for name in ("prompt", "system", "context", "metadata")}
    rest = size - len(orjson.dumps(texts))
    for limit in LIMITS:
        shown = shorten_values(texts, limit).values
        if rest + len(orjson.dumps(shown)) <= MAX_LINE_BYTES:
            return {**line, **shown, "is_cut": True}
    reference, given = _size(line["reference"]), _size(line["calls"]["given"])
    raise TooLongError(
        f"the record comes to {size:,} bytes, and its long texts shortened still to more than the "
        f"{MAX_LINE_BYTES:,} of an item. Shorten its reference ({reference:,} bytes) or the responses it "
        f"gives ({given:,})."
    )
