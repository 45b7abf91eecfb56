"""However a run's results are split, tallied apart and merged, the scorecard is the same to the byte."""

import json
import pickle
import random
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaldrop.run.definition import RunDefinition
from evaldrop.run.results import find_manifests
from evaldrop.steps.build_scorecard.build import RunTally, build_scorecard, scorecard_of
from evaldrop.steps.build_scorecard.results import read_results
from evaldrop.steps.build_scorecard.tally import Tally
from tests.evaldrop.run_folders import (
    CORRECTNESS,
    HAIKU,
    LITE,
    PRO,
    TONE,
    converse,
    failed_response,
    failed_row,
    judgement,
    record,
    response,
    row,
    run_json,
    verdict,
    write_run,
)

HARM = {**CORRECTNESS, "name": "harm", "higher_is_better": False}
CHECKS = [
    {"name": "agrees", "contains": "yes"},
    {"name": "is_sure", "not_contains": "perhaps", "weight": 0},
    {"name": "answer", "label": ["yes", "perhaps", "a"], "weight": 0},
    {"name": "values", "fields": True, "weight": 0},
]
CRITERIA = {"correctness": CORRECTNESS, "tone": TONE, "harm": HARM}
ERRORS = ("Throttled", "ModelError", "States.Timeout")
# Sums of such costs differ in their last digit when they are added in another order.
PRICES = {LITE: {"input": 0.07, "output": 0.31}, PRO: {"input": 1.3, "output": 7.7}}


class RandomRun:
    """A run of a few records that has some of everything, in any order."""

    def __init__(self, chance):
        self.chance = chance
        models = {"lite": LITE, "haiku": HAIKU, "big": PRO, "other": LITE}
        self.candidates = chance.sample(list(models), chance.randint(1, 4))
        self.models = {name: models[name] for name in self.candidates}
        self.judges = chance.sample(["pro", "second", "third"], chance.randint(1, 3))
        self.criteria = chance.sample(list(CRITERIA), chance.randint(1, 3))
        self.names = [f"r{number}" for number in range(chance.randint(1, 12))]
        self.has = {
            kind: chance.random() < 0.5 for kind in ("pairs", "copies", "anchors", "groups", "parent")
        }
        self.records, self.rows, self.failed = [], [], []

    def write(self, folder):
        for name in self.names:
            if self.has["anchors"] and self.maybe(0.3):
                self.add_anchor(f"a-{name}")
            self.add_record(name)
        self.chance.shuffle(self.rows)
        repeated = [one for one in self.rows if self.maybe(0.1)]
        run = run_json(
            evaluation=self.evaluation(),
            criteria=[CRITERIA[name] for name in self.criteria],
            checks=CHECKS,
            prices={"date": "2026-11-21", "source": "test", "models": PRICES},
            **(
                {"parent": {"run_id": "run-0", "folder": "x", "how": "rescored"}}
                if self.has["parent"]
                else {}
            ),
        )
        write_run(folder, run=run, records=self.records, succeeded=self.rows + repeated, failed=self.failed)

    def maybe(self, share):
        return self.chance.random() < share

    def evaluation(self):
        chance, known = self.chance, {"prompt": "p", "response": "r", "passes": True}
        pairs = {
            "verdict": chance.choice(["preference", "scores"]),
            "unscored": chance.choice(["drop", "tie", "worst"]),
            **({"all_pairs": True} if self.maybe(0.5) else {"baseline": self.candidates[0]}),
        }
        return {
            "candidates": [{"name": name, "model": model} for name, model in self.models.items()],
            "judges": [{"name": name, "model": PRO} for name in self.judges],
            "criteria": [CRITERIA[name] for name in self.criteria],
            "metrics": ["length_words", "exact_match"],
            "unscored": chance.choice(["drop", "worst"]),
            "gate": [f"{self.candidates[0]}.{self.criteria[0]}.mean > 0.5", "cost_usd < 1"],
            **({"pairwise": pairs} if self.has["pairs"] and len(self.candidates) > 1 else {}),
            **({"robustness": {"perturbations": ["typos", "case"], "n": 2}} if self.has["copies"] else {}),
            **({"anchors": {"tolerance": 0.4, "records": [known]}} if self.has["anchors"] else {}),
        }

    def add_record(self, name):
        chance, has_result = self.chance, True
        group = chance.choice(["g1", "g2", "r1", None]) if self.has["groups"] else None
        fields = {
            "category": chance.choice(["billing", "travel", "food", None]),
            "group": group,
            "expected_blocked": chance.choice([True, False, None]),
        }
        fields["reference"] = [("yes", "perhaps", '{"a": "yes", "of": [1, 2]}')[len(self.records) % 3]]
        self.records.append(self.prepared(name, **fields))
        if self.maybe(0.1):
            has_result = False
            if self.maybe(0.7):
                self.failed.append(failed_row(name, chance.choice(ERRORS)))
        if has_result:
            responses = [self.response(candidate) for candidate in self.candidates if self.maybe(0.95)]
            self.rows.append(row(name, *responses, comparisons=tuple(self.comparisons())))
        copies = chance.sample([("typos", 1), ("typos", 2), ("case", 1)], chance.randint(0, 3))
        for kind, number in copies if self.has["copies"] else ():
            copy = f"{name}~{kind}-{number}"
            perturbed = {"of": name, "perturbation": kind}
            self.records.append(self.prepared(copy, group=group or name, perturbed=perturbed))
            self.rows.append(row(copy, *(self.response(candidate) for candidate in self.candidates)))

    def add_anchor(self, name):
        criteria = self.chance.sample(self.criteria, self.chance.randint(1, len(self.criteria)))
        known = {"id": name, "passes": self.maybe(0.5), "criteria": criteria}
        self.records.append(self.prepared(name, anchor=known))
        judged = [self.judgement(judge) for judge in self.judges if self.maybe(0.9)]
        self.rows.append(
            row(name, {"candidate": "_anchor", "given": True, "text": "r", "judgements": judged})
        )

    def prepared(self, name, **fields):
        unfit = {criterion: "no context" for criterion in self.criteria if self.maybe(0.1)}
        return record(
            name, judges=tuple(self.judges), criteria=tuple(self.criteria), not_applicable=unfit, **fields
        )

    def response(self, candidate):
        chance = self.chance
        if self.maybe(0.1):
            return failed_response(candidate, chance.choice(ERRORS), cause=f"it said {chance.random()}")
        text = " ".join(
            chance.choices(["yes", "a", "correctness:", "yes", "perhaps"], k=chance.randint(1, 6))
        )
        if text.startswith("a"):
            text = json.dumps({"a": text[-3:], "of": [2], text: 1})
        stop = chance.choice(["end_turn"] * 5 + ["max_tokens", "guardrail_intervened", "refusal"])
        judged = [self.judgement(judge) for judge in self.judges if self.maybe(0.9)]
        if self.maybe(0.1):
            return {"candidate": candidate, "given": True, "text": text, "judgements": judged}
        reply = converse(text, tokens=self.tokens(), latency_ms=chance.randint(1, 900), stop=stop)
        return response(candidate, reply=reply, judgements=judged, retries=chance.randint(0, 2))

    def judgement(self, judge):
        scores = {
            name: self.chance.randint(1, 5) if name == "tone" else self.maybe(0.6) for name in self.criteria
        }
        answered = judgement(scores, judge=judge)
        if self.maybe(0.15):
            del answered["reply"]
            error = {"Error": self.chance.choice(ERRORS), "Cause": f"judge {self.chance.random()}"}
            return {**answered, "error": error}
        if self.maybe(0.1):
            return {**answered, "reply": converse("I would rather not.", tokens=self.tokens())}
        answered["reply"]["Usage"]["InputTokens"] = self.tokens()[0]
        return answered

    def comparisons(self):
        if not self.has["pairs"]:
            return
        pairs = [(a, b) for place, a in enumerate(self.candidates) for b in self.candidates[:place]]
        for candidate, baseline in self.chance.sample(pairs, len(pairs)):
            for judge in self.chance.sample(self.judges, self.chance.randint(1, len(self.judges))):
                for first in (candidate, baseline)[: self.chance.randint(1, 2)]:
                    yield self.comparison(candidate, baseline, judge, first)

    def comparison(self, candidate, baseline, judge, first):
        said = {"rationale": "because", "preferred": self.chance.choice(["first", "second", "tie", "none"])}
        scores = {"first_score": self.chance.randint(1, 10), "second_score": self.chance.uniform(1, 10)}
        compared = {
            "judge": judge,
            "candidate": candidate,
            "baseline": baseline,
            "first": first,
            "api": "converse",
            "reply": verdict(said | scores, tokens=self.tokens()),
        }
        skipped = self.chance.choice([None] * 6 + ["identical", "missing"])
        return {**compared, "skipped": skipped} if skipped else compared

    def tokens(self):
        return self.chance.randint(1, 9999), self.chance.randint(1, 999)


def in_one_pass(run, lines):
    tally = RunTally(run)
    for line in lines:
        tally.add(*line)
    return as_json(run, tally)


def in_parts(run, lines, places, chance):
    """Tally the lines whose place is the same together, in any order; merge any two until one is left."""
    tallies = []
    for place in set(places):
        tallies.append(RunTally(run))
        part = [line for line, own in zip(lines, places, strict=True) if own == place]
        for line in chance.sample(part, len(part)):
            tallies[-1].add(*line)
    # Parts are tallied in other processes, and come from there as bytes.
    tallies = [pickle.loads(pickle.dumps(tally)) for tally in tallies]
    while len(tallies) > 1:
        chance.shuffle(tallies)
        tallies[0].merge(tallies.pop())
    return as_json(run, tallies[0])


def as_json(run, tally: RunTally):
    return scorecard_of(run, tally.result(), ended_at=None).model_dump_json(indent=1)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32), st.data())
def test_any_parts_merged_in_any_order_give_the_scorecard_of_one_pass(seed, data):
    with tempfile.TemporaryDirectory() as folder:
        RandomRun(random.Random(seed)).write(folder)
        run = RunDefinition.load(folder)
        lines = list(read_results(run, find_manifests(folder)))
    places = data.draw(st.lists(st.integers(0, 4), min_size=len(lines), max_size=len(lines)))
    chance = data.draw(st.randoms(use_true_random=False))
    assert in_parts(run, lines, places, chance) == in_one_pass(run, lines)


def test_every_tally_of_a_run_is_one():
    with tempfile.TemporaryDirectory() as folder:
        RandomRun(random.Random(1)).write(folder)
        tally: Tally[object] = RunTally(RunDefinition.load(folder))
    parts: list[Tally[object]] = list(vars(tally).values())
    assert all(callable(getattr(part, name)) for part in parts for name in ("add", "merge", "result"))


@pytest.mark.parametrize("seed", range(6))
def test_the_scorecard_that_is_written_is_that_of_its_parts(tmp_path, seed):
    folder = str(tmp_path / "support" / "run-1")
    RandomRun(random.Random(seed)).write(folder)
    build_scorecard(folder)
    run = RunDefinition.load(folder)
    lines = list(read_results(run, find_manifests(folder)))
    chance = random.Random(seed)
    merged = json.loads(in_parts(run, lines, [chance.randrange(3) for _ in lines], chance))
    written = json.loads(Path(folder, "scorecard.json").read_text())
    assert {**written, "duration_s": None} == {**merged, "duration_s": None}
