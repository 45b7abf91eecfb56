"""
The Vicuna comparison: 80 questions, 13 pairs of systems, a judge that gives two scores from 1 to 10.

The judge saw each pair in one order. It gave an answer that is not there a 0, which its own prompt does not
offer: the published totals need a scale from 0.
"""

import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.replay.recorded import Recorded
from benchmarks.replay.running import Figure, Reading, Replayed, Run, literal, read_lines, run_evaluation

JUDGE = "recorded.gpt-4-0328"
PROMPT = "vicuna.v1"
_VARIABLES = {"question": "prompt", "answer_1": "first_response", "answer_2": "second_response"}


def replay(data: Path, folder: Path) -> Replayed:
    """
    Replay every comparison, a run for each system that others are compared with.

    Args:
        data: Where the recorded data is.
        folder: Where the runs go.
    """
    judgments = list(read_lines(data / "judgments.jsonl"))
    baselines: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for judgment in judgments:
        baselines[judgment["second"]].append(judgment)
    runs = {name: _run(data, folder / name, name, own) for name, own in baselines.items()}
    published = json.loads((data / "published.json").read_text(encoding="utf-8"))["totals"]
    figures = [
        figure for pair in dict.fromkeys(one["pair"] for one in judgments) for figure in _figures(
            pair, [one for one in judgments if one["pair"] == pair], runs, published
        )
    ]  # fmt: skip
    readings = [reading for name, run in runs.items() for reading in _readings(run, baselines[name])]
    return Replayed(figures, readings, list(_as_recorded(judgments, readings, runs, published)))


def _run(data: Path, folder: Path, baseline: str, judgments: list[dict[str, Any]]) -> Run:
    answers: dict[str, dict[str, str]] = defaultdict(dict)
    for answer in read_lines(data / "answers.jsonl"):
        answers[answer["record_id"]][answer["model"]] = answer["output"]
    candidates = list(dict.fromkeys(judgment["first"] for judgment in judgments))
    records = list(read_lines(data / "records.jsonl"))
    prompts = {record["id"]: record["prompt"] for record in records}
    evaluation = {
        "name": "vicuna80",
        "candidates": [{"name": name, "model": "given"} for name in (*candidates, baseline)],
        "judges": [{"name": "judge", "model": JUDGE, "verdict": "text"}],
        "pairwise": {
            "baseline": baseline,
            "verdict": "scores",
            "scale": [0, 10],
            "prompt": PROMPT,
            "orders": "candidate_first",
        },
    }
    return run_evaluation(
        folder,
        evaluation=evaluation,
        records=[
            {**record, "responses": {name: answers[record["id"]][name] for name in (*candidates, baseline)}}
            for record in records
        ],
        prompts={PROMPT: judge_prompt(data)},
        replies=[
            Recorded(
                JUDGE,
                prompts[one["record_id"]],
                (answers[one["record_id"]][one["first"]], answers[one["record_id"]][one["second"]]),
                one["raw_text"],
            )
            for one in judgments
        ],
    )


def judge_prompt(data: Path) -> str:
    """Return the authors' three prompts, by a record's category, as one prompt file."""
    prompts = json.loads((data / "judge_prompts.json").read_text(encoding="utf-8"))["prompt.jsonl"]
    by_category = {prompt["category"]: prompt for prompt in prompts}
    parts = [f"## system\n{literal(prompts[0]['system_prompt'])}\n\n## user"]
    for place, category in enumerate(("coding", "math")):
        condition = "elif" if place else "if"
        parts.append(f'{{% {condition} category == "{category}" %}}\n{_template(by_category[category])}')
    parts.append(f"{{% else %}}\n{_template(by_category['general'])}\n{{% endif %}}")
    return "\n".join(parts) + "\n"


def _template(prompt: dict[str, Any]) -> str:
    text = literal(prompt["prompt_template"].replace("{prompt}", prompt["defaults"]["prompt"]))
    for theirs, ours in _VARIABLES.items():
        text = text.replace(f"{{{theirs}}}", f"{{% endraw %}}{{{{ {ours} }}}}{{% raw %}}")
    return text


def _figures(
    pair: str, judgments: list[dict[str, Any]], runs: dict[str, Run], published: dict[str, list[float]]
) -> Iterator[Figure]:
    first, second = judgments[0]["first"], judgments[0]["second"]
    compared = runs[second].scorecard["candidates"][first]["pairwise"]["by_baseline"][second]
    totals = [sum(one["parsed_scores"][place] for one in judgments) for place in (0, 1)]
    name = f"{first} : {second}"
    for place, (system, side) in enumerate(((first, "candidate"), (second, "baseline"))):
        source = "published" if pair in published else "recorded"
        total = published.get(pair, totals)[place]
        yield Figure(f"{name}, total of {system} ({source})", total, compared["scores"][side])
    results = [(one["parsed_scores"][0] - one["parsed_scores"][1]) for one in judgments]
    yield Figure(f"{name}, wins", sum(result > 0 for result in results), compared["wins"])
    yield Figure(f"{name}, ties", sum(result == 0 for result in results), compared["ties"])
    yield Figure(f"{name}, losses", sum(result < 0 for result in results), compared["losses"])
    rate = sum((result > 0) + (result == 0) / 2 for result in results) / len(results)
    yield Figure(f"{name}, win rate", rate, compared["win_rate"])


def _as_recorded(
    judgments: list[dict[str, Any]],
    readings: list[Reading],
    runs: dict[str, Run],
    published: dict[str, list[float]],
) -> Iterator[Figure]:
    otherwise = {(reading.where, reading.record_id) for reading in readings}
    for pair, totals in published.items():
        own = [one for one in judgments if one["pair"] == pair]
        first, second = own[0]["first"], own[0]["second"]
        rows = {
            row["record_id"]: (row["first_score"], row["second_score"])
            for row in runs[second].table("comparisons")
            if row["candidate"] == first
        }
        for place, total in enumerate(totals):
            ours = sum(
                (one["parsed_scores"] if (pair, one["record_id"]) in otherwise else rows[one["record_id"]])[
                    place
                ]
                for one in own
            )
            yield Figure(f"{first} : {second}, total of {(first, second)[place]}", total, ours)


def _readings(run: Run, judgments: list[dict[str, Any]]) -> Iterator[Reading]:
    rows = {(row["record_id"], row["candidate"]): row for row in run.table("comparisons")}
    for judgment in judgments:
        row = rows[judgment["record_id"], judgment["first"]]
        read = [row["first_score"], row["second_score"]]
        if read != judgment["parsed_scores"]:
            yield Reading(
                where=judgment["pair"],
                record_id=judgment["record_id"],
                recorded=str(judgment["parsed_scores"]),
                read=row["unscored_reason"] or str(read),
                reply=judgment["raw_text"],
            )
