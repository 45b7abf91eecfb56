"""
LLMBar: 419 pairs with a label by people, judged by six models in both orders, by two of them also apart.

Published per judge, prompt and category: how often the judge agrees with people in the plain order, in the
swapped one and in both, how often with itself over orders, and Cohen's kappa of the two orders.
"""

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from benchmarks.replay.recorded import Recorded
from benchmarks.replay.running import Figure, Reading, Replayed, Run, literal, read_lines, run_evaluation
from evaldrop.statistics.agreement import cohen_kappa

ONE, TWO = "output_1", "output_2"
PAIR_PROMPTS = ("CoT", "Vanilla")
_TURN = re.compile(r"<\|im_start\|>(system|user)\n(.*?)\n<\|im_end\|>", re.DOTALL)
_VARIABLES = {
    "input": "prompt",
    "output_1": "first_response",
    "output_2": "second_response",
    "output": "response",
}

# A record's preferences, None unread: in the plain order (output_1 first) and in the swapped one.
Both = tuple[str | None, str | None]
# Judge, record, candidate.
Scored = tuple[str, str, str]


class _Data:
    def __init__(self, folder: Path) -> None:
        self.judgments = list(read_lines(folder / "judgments.jsonl"))
        self.labels = {row["record_id"]: row["preferred"] for row in read_lines(folder / "human.jsonl")}
        self.stats = json.loads((folder / "published.json").read_text(encoding="utf-8"))["stats"]
        self.prompts = json.loads((folder / "judge_prompts.json").read_text(encoding="utf-8"))
        answers: dict[str, dict[str, str]] = defaultdict(dict)
        for answer in read_lines(folder / "answers.jsonl"):
            answers[answer["record_id"]][answer["model"]] = answer["output"]
        self.records = [
            {**record, "responses": answers[record["id"]]} for record in read_lines(folder / "records.jsonl")
        ]
        self.by_id = {record["id"]: record for record in self.records}

    def recorded(self, judgment: Mapping[str, Any], shown: tuple[str, ...]) -> Recorded:
        record = self.by_id[judgment["record_id"]]
        responses = tuple(record["responses"][name] for name in shown)
        model = _model(judgment["judge"], judgment["judge_prompt"])
        finish_reason = judgment.get("finish_reason") or "stop"
        return Recorded(model, record["prompt"], responses, judgment["raw_text"] or "", finish_reason)


def replay(data: Path, folder: Path) -> Replayed:
    """
    Replay the two prompts that compare, and the one that scores, a run each.

    Args:
        data: Where the recorded data is.
        folder: Where the runs go.
    """
    known = _Data(data)
    figures: list[Figure] = []
    readings: list[Reading] = []
    as_recorded: list[Figure] = []
    for prompt in PAIR_PROMPTS:
        own = [one for one in known.judgments if one["judge_prompt"] == prompt]
        run = _compare(known, folder / prompt, prompt, own)
        read = _preferences(run)
        figures += _pair_figures(known, prompt, run, read)
        readings += (otherwise := list(_pair_readings(prompt, own, read, run)))
        for judge, preferences in read.items():
            overlaid = _overlaid(preferences, own, judge, {reading.record_id for reading in otherwise})
            as_recorded += _figures(known, judge, prompt, overlaid)
    own = [one for one in known.judgments if one["judge_prompt"] == "Rating"]
    run = _rate(known, folder / "Rating", own)
    figures += _rating_figures(known, _scores(run))
    readings += (otherwise := list(_rating_readings(own, run)))
    records = {reading.record_id for reading in otherwise}
    recorded = {
        (one["judge"], one["record_id"], one["model"]): one["parsed_score"]
        for one in own
        if one["record_id"] in records
    }
    as_recorded += _rating_figures(known, {**_scores(run), **recorded})
    return Replayed(figures, readings, as_recorded)


def _compare(known: _Data, folder: Path, prompt: str, judgments: list[dict[str, Any]]) -> Run:
    evaluation = {
        "name": "llmbar",
        "candidates": [{"name": name, "model": "given"} for name in (ONE, TWO)],
        "judges": _judges(judgments, prompt),
        "pairwise": {
            "baseline": TWO,
            "prompt": f"{prompt.lower()}.v1",
            "names": ["Output (a)", "Output (b)"],
            "tie": False,
        },
    }
    orders = {"output_1_first": (ONE, TWO), "output_2_first": (TWO, ONE)}
    return run_evaluation(
        folder,
        evaluation=evaluation,
        records=known.records,
        prompts={f"{prompt.lower()}.v1": judge_prompt(known.prompts[prompt])},
        replies=[known.recorded(judgment, orders[judgment["order"]]) for judgment in judgments],
    )


def _rate(known: _Data, folder: Path, judgments: list[dict[str, Any]]) -> Run:
    evaluation = {
        "name": "llmbar-rating",
        "candidates": [{"name": name, "model": "given"} for name in (ONE, TWO)],
        "judges": [{**judge, "prompt": "rating.v1"} for judge in _judges(judgments, "Rating")],
        "criteria": [
            {
                "name": "overall",
                "question": "How well does the output execute the instruction?",
                "scale": {"type": "range", "low": 0, "high": 9},
            }
        ],
    }
    return run_evaluation(
        folder,
        evaluation=evaluation,
        records=known.records,
        prompts={"rating.v1": judge_prompt(known.prompts["Rating"])},
        replies=[known.recorded(judgment, (judgment["model"],)) for judgment in judgments],
    )


def judge_prompt(text: str) -> str:
    """Return the authors' prompt as a prompt file."""
    parts = []
    for role, content in _TURN.findall(text):
        body = literal(content)
        for theirs, ours in _VARIABLES.items():
            body = body.replace(f"{{{theirs}}}", f"{{% endraw %}}{{{{ {ours} }}}}{{% raw %}}")
        parts.append(f"## {role}\n{body}\n")
    return "\n".join(parts)


def _judges(judgments: list[dict[str, Any]], prompt: str) -> list[dict[str, Any]]:
    names = dict.fromkeys(judgment["judge"] for judgment in judgments)
    return [{"name": name, "model": _model(name, prompt), "verdict": "text"} for name in names]


def _model(judge: str, prompt: str) -> str:
    return f"recorded.{judge}.{prompt}"


def _preferences(run: Run) -> dict[str, dict[str, Both]]:
    """Return what was read: by judge and record, in the plain and in the swapped order."""
    found: dict[tuple[str, str, str], str | None] = {
        (row["judge"], row["record_id"], row["first_shown"]): row["preferred"]
        for row in run.table("comparisons")
    }
    by_judge: dict[str, dict[str, Both]] = defaultdict(dict)
    for judge, record_id, _ in found:
        by_judge[judge][record_id] = found[judge, record_id, ONE], found[judge, record_id, TWO]
    return by_judge


def _pair_figures(
    known: _Data, prompt: str, run: Run, read: Mapping[str, Mapping[str, Both]]
) -> Iterator[Figure]:
    for judge, preferences in read.items():
        yield from _figures(known, judge, prompt, preferences)
        # The scorecard's own: preferences that changed with the order, of those read in both.
        pair = run.scorecard["candidates"][ONE]["pairwise"]["by_judge"][judge]
        equal = sum(_count(stats["equal"]) for stats in known.stats[judge][prompt].values())
        consistent = round(pair["n_both_orders"] * (1 - pair["flip_rate"]))
        unread = sum(both == (None, None) for both in preferences.values())
        yield Figure(f"{judge} {prompt}: agrees with itself, by the flip rate", equal, consistent + unread)


def _figures(known: _Data, judge: str, prompt: str, preferences: Mapping[str, Both]) -> Iterator[Figure]:
    for category, stats in known.stats[judge][prompt].items():
        own = [
            (both, known.labels[record_id])
            for record_id, both in preferences.items()
            if known.by_id[record_id]["category"] == category
        ]
        counts: dict[str, Callable[[Both, str], bool]] = {
            "correct_False": lambda both, label: both[0] == label,
            "correct_True": lambda both, label: both[1] == label,
            "correct_both": lambda both, label: both == (label, label),
            "equal": lambda both, _: both[0] == both[1],
        }
        for name, holds in counts.items():
            ours = sum(holds(both, label) for both, label in own)
            yield Figure(f"{judge} {prompt} {category}: {name}", _count(stats[name]), ours)
        # The authors' code counts everything that is not output_1 as the other one.
        plain, swapped = ([float(both[place] == ONE) for both, _ in own] for place in (0, 1))
        kappa = cohen_kappa(plain, swapped)
        yield Figure(f"{judge} {prompt} {category}: kappa_agreement", stats["kappa_agreement"], kappa)


def _count(published: str) -> int:
    """Return 94 of "94 / 100 = 94.0%"."""
    return int(published.partition("/")[0])


def _pair_readings(
    prompt: str, judgments: list[dict[str, Any]], read: Mapping[str, Mapping[str, Both]], run: Run
) -> Iterator[Reading]:
    reasons = {
        (row["judge"], row["record_id"], row["first_shown"]): row["unscored_reason"]
        for row in run.table("comparisons")
    }
    for one in judgments:
        place = ("output_1_first", "output_2_first").index(one["order"])
        preferred = read[one["judge"]][one["record_id"]][place]
        if preferred != one["verdict"]:
            reason = reasons[one["judge"], one["record_id"], (ONE, TWO)[place]]
            yield Reading(
                where=f"{one['judge']} {prompt}",
                record_id=one["record_id"],
                recorded=one["verdict"] or "nothing",
                read=preferred or reason,
                reply=one["raw_text"],
            )


def _overlaid(
    preferences: Mapping[str, Both], judgments: list[dict[str, Any]], judge: str, records: set[str]
) -> dict[str, Both]:
    """Return preferences with the recorded ones for some records."""
    recorded = {
        (one["record_id"], one["order"]): one["verdict"] for one in judgments if one["judge"] == judge
    }
    return {
        record_id: (recorded[record_id, "output_1_first"], recorded[record_id, "output_2_first"])
        if record_id in records
        else both
        for record_id, both in preferences.items()
    }


def _scores(run: Run) -> dict[Scored, float | None]:
    return {(row["judge"], row["record_id"], row["candidate"]): row["score"] for row in run.table("verdicts")}


def _rating_figures(known: _Data, scores: Mapping[Scored, float | None]) -> Iterator[Figure]:
    by_judge: dict[str, dict[str, Both]] = defaultdict(dict)
    for judge, record_id, _ in scores:
        by_judge[judge][record_id] = _by_scores(scores[judge, record_id, ONE], scores[judge, record_id, TWO])
    for judge, preferences in by_judge.items():
        yield from _figures(known, judge, "Rating", preferences)


def _by_scores(one: float | None, two: float | None) -> Both:
    """Return the published rule's preferences: a tie is the second one plainly, the first one swapped."""
    if one is None or two is None:
        return ONE, TWO
    if one == two:
        return TWO, ONE
    return (ONE, ONE) if one > two else (TWO, TWO)


def _rating_readings(judgments: list[dict[str, Any]], run: Run) -> Iterator[Reading]:
    rows = {(row["judge"], row["record_id"], row["candidate"]): row for row in run.table("verdicts")}
    for one in judgments:
        row = rows[one["judge"], one["record_id"], one["model"]]
        if row["score"] != one["parsed_score"]:
            yield Reading(
                where=f"{one['judge']} Rating",
                record_id=one["record_id"],
                recorded=str(one["parsed_score"]),
                read=row["unscored_reason"] or str(row["score"]),
                reply=one["raw_text"],
            )
