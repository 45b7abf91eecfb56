"""
A run that is hard to read: many candidates and criteria, long structured texts, a panel, pairs, a baseline.

    python -m tests.browser.hard_run DIR
    python -m tests.browser.hard_run DIR --candidates 12 --criteria 10 --records 50000

It is the same every time, and calls nobody. DIR becomes what `--out` of `evaldrop run` is: a history, and the
folders of two runs of one evaluation, the first of which is blessed.
"""

import argparse
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from random import Random
from typing import Any

from evaldrop.report.history_index import renew_index
from evaldrop.scorecard.baseline.blessing import bless
from evaldrop.scorecard.calibration.label import Label, Population, Sampling
from evaldrop.scorecard.calibration.labels import response_digest, write_labels
from evaldrop.steps.build_scorecard.build import build_scorecard
from tests.browser import hard_texts
from tests.browser.hard_evaluation import (
    CANDIDATES,
    CRITERIA,
    JUDGES,
    LONG_NAME,
    REGRESSED,
    SCORES,
    SUFFERS,
)
from tests.evaldrop.run_folders import (
    converse,
    failed_response,
    failed_row,
    record,
    row,
    run_json,
    verdict,
    write_run,
)

EVALUATION = "support-desk"
BASELINE, RUN = "20261114T090000Z-0ba5e1", "20261121T090000Z-4a4d42"
# Above this a run has one judge, no pairs and short contexts: it is to be long, and not to take an hour.
MOST_WITH_A_PANEL = 500
MOST_RECORDS = 50_000


@dataclass(frozen=True)
class HardRun:
    """
    What is written: so many records, of the first candidates and criteria.

    `is_baseline`: the run of the week before, in which `REGRESSED` still answered billing and returns well.
    """

    records: int = 60
    candidates: int = 6
    criteria: int = 5
    is_baseline: bool = False

    @property
    def names(self) -> list[str]:
        """The candidates."""
        return list(CANDIDATES)[: self.candidates]

    @property
    def asked(self) -> list[str]:
        """The criteria."""
        return [criterion["name"] for criterion in CRITERIA[: self.criteria]]

    @property
    def has_panel(self) -> bool:
        """Whether there are several judges, pairs, and contexts of 20 KB."""
        return self.records <= MOST_WITH_A_PANEL

    @cached_property
    def judges(self) -> dict[str, tuple[str, int]]:
        """The judges; a long run has the first one, asked once."""
        first = next(iter(JUDGES))
        return JUDGES if self.has_panel else {first: (JUDGES[first][0], 1)}

    def definition(self, baseline: str | None) -> dict[str, Any]:
        """Return run.json."""
        criteria = list(CRITERIA[: self.criteria])
        models = {
            CANDIDATES[name][0]: dict(zip(("input", "output"), CANDIDATES[name][2], strict=True))
            for name in CANDIDATES
        }
        evaluation: dict[str, Any] = {
            "name": EVALUATION,
            "description": "Which model answers the support desk's mail?",
            "candidates": [{"name": name, "model": CANDIDATES[name][0]} for name in self.names],
            "judges": [
                {"name": name, "model": model, "repeats": repeats}
                for name, (model, repeats) in self.judges.items()
            ],
            "metrics": ["rouge_l"],
            "gate": self._gate(),
        }
        if self.has_panel:
            evaluation["pairwise"] = {"baseline": self.names[0]}
        return run_json(
            run_id=BASELINE if self.is_baseline else RUN,
            evaluation_name=EVALUATION,
            started_at=f"2026-11-{14 if self.is_baseline else 21}T09:00:00+00:00",
            dataset={**run_json()["dataset"], "uri": "data/support-desk.jsonl",
                     "records": {"read": self.records, "rejected": 0}},
            evaluation=evaluation,
            criteria=criteria,
            prices={"date": "2026-11-01", "source": "test", "models": models},
            baseline=baseline,
        )  # fmt: skip

    def _gate(self) -> list[str]:
        """Rules that pass, fail and cannot be decided; those of criteria that are there."""
        first = self.names[0]
        rules = [
            f"{first}.correctness.pass_rate >= 0.5",
            "correctness.pass_rate >= 0.95 for every candidate",
            f"{first}.tone.mean >= 4.2",
            f"{LONG_NAME}.pass_rate >= 0.7 for {self.names[1]}",
            "error_rate <= 0.2",
            *(() if self.is_baseline else ("no regression in correctness",)),
        ]
        absent = {criterion["name"] for criterion in CRITERIA} - set(self.asked)
        return [rule for rule in rules if not any(name in rule for name in absent)]

    def prepared(self) -> Iterator[dict[str, Any]]:
        """Yield the lines of records.jsonl."""
        for number in range(self.records):
            yield self._prepared(number)

    def _prepared(self, number: int) -> dict[str, Any]:
        form, category = form_of(number), category_of(number)
        prompt = hard_texts.question_of(form, number)
        context = hard_texts.context_of(number, category, 20_000 if self.has_panel else 300)
        made = record(
            record_id(number), line=number + 1, prompt=prompt, category=category, context=context,
            judges=(), system="You answer the support desk's mail.\nUse the policy, and nothing else.",
            reference=[f"{hard_texts.amount_of(number)} dollars; the customer pays for shipping."],
            metadata=metadata_of(number, form),
        )  # fmt: skip
        sent = {"Role": "user", "Content": [{"Text": f"{context}\n\n{prompt}"}]}
        made["calls"]["requests"] = {"answer.v1/converse": {"Messages": [sent]}}
        made["calls"]["judgements"] = [
            {
                "judge": judge, "api": "converse", "request_key": judge, "criteria": self.asked,
                "repeat": repeat, "after": "\nJudge it.",
                "before": f"The customer wrote:\n{prompt}\n\nThe response:\n",
                "fences": {name: {"open": f"<{name}>\n", "close": f"\n</{name}>"} for name in self.names},
            }
            for judge, (_, repeats) in self.judges.items() for repeat in range(repeats)
        ]  # fmt: skip
        return made

    def results(self) -> Iterator[dict[str, Any]]:
        """Yield what the children of all records gave; one failed."""
        for number in range(self.records):
            if number != FAILED_CHILD:
                answers = [Answer(self, number, name) for name in self.names]
                yield row(
                    record_id(number),
                    *(answer.raw() for answer in answers),
                    comparisons=tuple(self._compared(number, answers)) if self.has_panel else (),
                )

    def _compared(self, number: int, answers: list["Answer"]) -> Iterator[dict[str, Any]]:
        baseline, *others = answers
        for other in others:
            for judge in self.judges:
                for first, second in ((other, baseline), (baseline, other)):
                    pair = {
                        "judge": judge, "candidate": other.candidate, "baseline": baseline.candidate,
                        "first": first.candidate, "api": "converse", "retries": 0, "elapsed_ms": 700,
                    }  # fmt: skip
                    if baseline.text is None or other.text is None:
                        yield {**pair, "skipped": "missing"}
                    else:
                        yield {
                            **pair,
                            "reply": verdict(_preference(Random(f"{number} {pair}"), first, second)),
                        }


def _preference(source: Random, first: "Answer", second: "Answer") -> dict[str, Any]:
    if source.random() < 0.12:
        # A judge that leans to what it is shown first.
        return {"rationale": "Both are fine; the first reads better.", "preferred": "first"}
    if bool(first.cause) == bool(second.cause):
        return {"rationale": "Neither says more than the other.", "preferred": "tie"}
    worse = first if first.cause else second
    return {
        "rationale": worse.rationale(source, worse.cause),
        "preferred": "second" if worse is first else "first",
    }


FAILED_CHILD, EMPTY, BLANK, THROTTLED, FLAGGED, CUT_OFF, UNREADABLE = 41, 17, 27, 7, 11, 16, 23


class Answer:
    """
    What a candidate answers to a record.

    Attributes:
        text: None where the call failed.
        cause: Why it fails; None for a good one.
    """

    def __init__(self, run: HardRun, number: int, candidate: str) -> None:
        self.run, self.number, self.candidate = run, number, candidate
        self.form = form_of(number)
        # A model answers otherwise from week to week, now and then.
        week = run.is_baseline and number % 5 == 2
        self.source = Random(f"answer {number} {candidate} {week}")
        self.cause = self._cause()
        right = hard_texts.amount_of(number)
        self.wrong = f"{float(right) * 1.1:.2f}"
        self.text = self._text(right)

    def _cause(self) -> str | None:
        luck, causes = self.source.random(), ["amount", "amount", "policy", "invented", "second", "rude"]
        if self.form in hard_texts.LANGUAGES:
            causes.append("language")
        cause = self.source.choice(causes)
        if self.candidate == REGRESSED and category_of(self.number) in {"billing", "returns"}:
            if self.run.is_baseline:
                return None
            return "amount" if luck < 0.8 else cause
        return None if luck < CANDIDATES[self.candidate][1] else cause

    def _is(self, number: int, place: int) -> bool:
        """Whether this is the record, and the candidate in this place, to which something happens."""
        return self.number % 60 == number and self.run.names[place % len(self.run.names)] == self.candidate

    def _text(self, right: str) -> str | None:
        if self._is(THROTTLED, 1) or self._is(THROTTLED + 30, 3):
            return None
        if self._is(EMPTY, 0):
            return ""
        if self._is(BLANK, 1):
            return " \n\t\n  "
        form = "plain" if self.cause == "language" else self.form
        text = hard_texts.response_of(
            form, self.number, self.candidate, self.wrong if self.cause == "amount" else right
        )
        if self.cause == "invented":
            text += "\n\nCall us at +1 555 0100."
        if self._is(FLAGGED, 1) or self._is(FLAGGED + 20, 0):
            text += f"\n\n{hard_texts.INSTRUCTION}"
        return text

    def raw(self) -> dict[str, Any]:
        """Return the response as the workflow keeps it."""
        if self.text is None:
            return failed_response(self.candidate, "BedrockRuntime.ThrottlingException", "Too many requests.")
        latency = round(CANDIDATES[self.candidate][3] * self.source.lognormvariate(0, 0.35))
        tokens = (5_200 if self.run.has_panel else 120, max(1, len(self.text) // 4))
        stop = "max_tokens" if self._is(CUT_OFF, 0) else "end_turn"
        reply = converse(self.text, tokens=tokens, latency_ms=latency, stop=stop)
        if self.number % 4 == 0 and self.candidate in {"sonnet", "haiku", "deepseek-r1"}:
            thought = hard_texts.THOUGHT.format(amount=self.wrong)
            reply["Output"]["Message"]["Content"].insert(
                0, {"ReasoningContent": {"ReasoningText": {"Text": thought}}}
            )
        return {
            "candidate": self.candidate, "api": "converse", "reply": reply, "retries": self.number % 13 == 5,
            "elapsed_ms": latency + 40, "judgements": list(self._judgements()) if self.text.strip() else [],
            **({"reused": True} if self.number % 9 == 4 and self.candidate == "lite" else {}),
        }  # fmt: skip

    def _judgements(self) -> Iterator[dict[str, Any]]:
        for judge, (_, repeats) in self.run.judges.items():
            for repeat in range(repeats):
                source = Random(f"{self.number} {self.candidate} {judge} {repeat}")
                given = {"judge": judge, "criteria": self.run.asked, "repeat": repeat, "api": "converse",
                         "retries": 0, "elapsed_ms": 950}  # fmt: skip
                if self._is(UNREADABLE, 2) and judge == next(iter(self.run.judges)):
                    yield {**given, "reply": converse("I would rather not say.")}
                else:
                    yield {**given, "reply": verdict(self._verdicts(source), tokens=(5_600, 240))}

    def _verdicts(self, source: Random) -> dict[str, Any]:
        return {criterion: self._verdict(source, criterion) for criterion in self.run.asked}

    def _verdict(self, source: Random, criterion: str) -> dict[str, Any]:
        fails = self.fails(criterion)
        # Judges differ now and then, and the first one's second answer from its first. More often one
        # overlooks a fault than sees one where there is none: else every record had a failed verdict.
        if source.random() < (0.1 if fails else 0.006):
            fails = not fails
        cause = next((name for name in SUFFERS if criterion in SUFFERS[name]), "amount")
        if self.cause and criterion in SUFFERS[self.cause]:
            cause = self.cause
        said = self.rationale(source, cause if fails else None)
        # How good or how bad it is, the judges agree on but for one time in six.
        shared = Random(f"{self.number} {self.candidate} {criterion}")
        score = (shared if source.random() < 0.85 else source).choice(SCORES[criterion][fails])
        return {"rationale": said, "score": score}

    def fails(self, criterion: str) -> bool:
        """Whether it fails a criterion in truth."""
        return self.cause is not None and criterion in SUFFERS[self.cause]

    def rationale(self, source: Random, cause: str | None) -> str:
        """Return a judge's words."""
        return hard_texts.rationale_of(source, cause, self.number, self.wrong, self.form)


def record_id(number: int) -> str:
    """Return a record's id; one is long."""
    return (
        f"mail-{number:05}"
        if number != 5
        else f"mail-{number:05}-forwarded-from-the-desk-of-a-far-away-branch"
    )


def form_of(number: int) -> str:
    """Return what a record's responses look like."""
    return hard_texts.FORMS[number % len(hard_texts.FORMS)]


def category_of(number: int) -> str:
    """Return a record's category: not in step with its form."""
    return hard_texts.CATEGORIES[(number + number // 10) % len(hard_texts.CATEGORIES)]


def metadata_of(number: int, form: str) -> dict[str, Any]:
    """Return a record's metadata: words, numbers, a list, and one within another."""
    source = Random(f"metadata {number}")
    return {
        "channel": source.choice(("mail", "chat", "phone")),
        "language": hard_texts.LANGUAGES.get(form, "en"),
        "ticket": f"T-{number:06}",
        "urgent": source.random() < 0.2,
        "customer": {"tier": source.choice(("gold", "silver", "none")), "since": source.randint(2009, 2026)},
        "tags": source.sample(("refund", "late", "damaged", "voucher", "vip"), 2),
    }


def write_hard(out: Path | str, *, records: int = 60, candidates: int = 6, criteria: int = 5) -> Path:
    """
    Write and build a baseline, bless it, and then the run that is held to it; return the run's folder.

    Args:
        out: Where runs are kept.
        records: 1 to 50,000; above `MOST_WITH_A_PANEL` texts are short, with one judge and no pairs.
        candidates: 2 to 12.
        criteria: 1 to 10.
    """
    place = Path(out).absolute() / EVALUATION
    before = HardRun(records, candidates, criteria, is_baseline=True)
    _write(before, place / BASELINE, None)
    bless(str(place / BASELINE))
    run = HardRun(records, candidates, criteria)
    # Labels first: the scorecard of the run takes them in.
    write_labels(str(place / RUN), list(_labels(run)))
    _write(run, place / RUN, str(place / BASELINE))
    renew_index(str(Path(out).absolute()))
    return place / RUN


def _write(run: HardRun, folder: Path, baseline: str | None) -> None:
    failed = [failed_row(record_id(FAILED_CHILD))] if run.records > FAILED_CHILD else []
    # Streams: 50,000 records' texts are never held together.
    write_run(
        folder, run=run.definition(baseline), records=run.prepared(), succeeded=run.results(), failed=failed
    )
    _end(folder, run.definition(None)["started_at"])
    build_scorecard(str(folder))


def _end(folder: Path, started_at: str) -> None:
    """Let a run have ended 23 minutes after it began: its end is when its manifest was written."""
    ended = datetime.fromisoformat(started_at).timestamp() + 23 * 60
    (manifest,) = (folder / "results").glob("*/manifest.json")
    os.utime(manifest, (ended, ended))


def _labels(run: HardRun) -> Iterator[Label]:
    """Yield what a person says of correctness, on two thirds of the first 60 records; mostly what is true."""
    drawn = [n for n in range(min(run.records, 60)) if n % 3 < 2]
    sampling = Sampling(
        seed=1,
        population=Population(records=run.records, responses=run.records * run.candidates),
        sample=Population(records=len(drawn), responses=len(drawn) * run.candidates),
    )
    answers = [Answer(run, number, name) for number in drawn for name in run.names]
    for position, answer in enumerate((one for one in answers if one.text and one.text.strip()), start=1):
        is_good = not answer.fails("correctness")
        slips = Random(f"label {answer.number} {answer.candidate}").random() < 0.02
        yield Label(
            run_id=RUN, simulated=False, review_id="desk", position=position, sampling=sampling,
            record_id=record_id(answer.number), candidate=answer.candidate, criterion="correctness",
            question=CRITERIA[0]["question"], response_sha256=response_digest(answer.text), rater="ana",
            score=float(is_good != slips), reason=None, imported_at="2026-11-22T10:00:00+00:00",
        )  # fmt: skip


def main() -> None:
    """Write the run where the command line says."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("dir", type=Path)
    parser.add_argument("--candidates", type=int, default=6, choices=range(2, 13))
    parser.add_argument("--criteria", type=int, default=5, choices=range(1, 11))
    parser.add_argument("--records", type=int, default=60)
    given = parser.parse_args()
    if not 1 <= given.records <= MOST_RECORDS:
        parser.error(f"--records: 1 to {MOST_RECORDS:,}")
    run = write_hard(given.dir, records=given.records, candidates=given.candidates, criteria=given.criteria)
    sys.stdout.write(f"{run / 'report.html'}\n")


if __name__ == "__main__":
    main()
