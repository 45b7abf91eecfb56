"""Whole runs that compare pairs: by tool, by words, by ranks; in both orders or in one that is drawn."""

import asyncio
import json

import pytest
import yaml

from evaldrop import storage
from evaldrop.cli import exits
from evaldrop.run.request import RunRequest
from evaldrop.running.workflow import run_locally
from evaldrop.scorecard.read import read_run

SONNET = "anthropic.claude-3-5-sonnet-20240620-v1:0"
ROWS = [
    {"id": "r1", "prompt": "One?", "responses": {"a": "better", "b": "worse"}},
    {"id": "r2", "prompt": "Two?", "responses": {"a": "same", "b": "same"}},
]


class ForgetfulJudge:
    """Prefers the response "better", and calls the tool only after a reminder (a sixth block)."""

    is_simulated = False

    def __init__(self, *, remembers=True):
        self.remembers = remembers
        self.asked = []

    async def converse(self, request):
        blocks = [block["text"] for block in request["messages"][0]["content"]]
        content = {"text": "Let me think."}
        if self._calls_the_tool(blocks):
            said = {"toolUseId": "t", "name": "submit_preference", "input": self._preference(blocks)}
            content = {"toolUse": said}
        return {
            "output": {"message": {"role": "assistant", "content": [content]}},
            "stopReason": "end_turn",
            "usage": {"inputTokens": 10, "outputTokens": 5, "totalTokens": 15},
            "metrics": {"latencyMs": 1},
        }

    async def invoke_model(self, request):
        body = json.loads(request["body"])
        blocks = [block["text"] for block in body["messages"][0]["content"]]
        content = {"type": "text", "text": "Let me think."}
        if self._calls_the_tool(blocks):
            content = {
                "type": "tool_use",
                "id": "t",
                "name": "submit_preference",
                "input": self._preference(blocks),
            }
        usage = {"input_tokens": 10, "output_tokens": 5}
        reply = {"content": [content], "stop_reason": "end_turn", "usage": usage}
        return {"body": json.dumps(reply).encode(), "contentType": "application/json"}

    async def close(self):
        pass

    def _calls_the_tool(self, blocks):
        self.asked.append(blocks)
        return len(blocks) == 6 and self.remembers

    def _preference(self, blocks):
        return {"rationale": "r", "preferred": "first" if blocks[1] == "better" else "second"}


def run(folder, judge, api="converse", rows=ROWS, *, verdict="tool", gate=(), **pairwise):
    evaluation = {
        "name": "pairs",
        "judges": [{"name": "judge", "model": SONNET, "api": api, "verdict": verdict}],
        "pairwise": {"baseline": "b", **pairwise},
        "gate": list(gate),
    }
    (folder / "evaluation.yaml").write_text(yaml.safe_dump(evaluation), encoding="utf-8")
    dataset = folder / "records.jsonl"
    dataset.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    request = RunRequest(run_id="run-1", dataset=str(dataset), out=str(folder / "runs"))
    place = storage.join(str(folder / "runs"), "pairs", "run-1")
    execution = asyncio.run(run_locally(request, judge, folder=place))
    assert execution.status == "SUCCEEDED", execution
    return read_run(place)


@pytest.mark.parametrize("api", ["converse", "invoke_model"])
def test_a_judge_that_forgets_its_tool_is_asked_once_more_and_then_counts(tmp_path, api):
    judge = ForgetfulJudge()
    found = run(tmp_path, judge, api)
    pair = found.scorecard.candidates["a"].pairwise
    # r1 is won in both orders, r2 is a tie that nobody was asked about.
    assert (pair.wins, pair.ties, pair.n_both_orders, pair.flip_rate) == (1, 1, 1, 0)
    assert [len(blocks) for blocks in judge.asked].count(6) == 2
    assert len(judge.asked) == 4
    assert all(
        blocks[5].startswith("You did not call submit_preference.")
        for blocks in judge.asked
        if len(blocks) == 6
    )
    health = found.scorecard.judges["judge"]
    assert (health.calls, health.asked_again, health.tokens_output) == (2, 2, 20)
    assert set(found.comparisons["first_shown"]) == {"a", "b"}


def test_a_judge_that_never_calls_its_tool_leaves_the_pair_unscored(tmp_path):
    found = run(tmp_path, ForgetfulJudge(remembers=False), "converse")
    pair = found.scorecard.candidates["a"].pairwise
    assert (pair.n, pair.ties, pair.n_unscored, pair.bounds) == (1, 1, 1, (0.25, 0.75))
    assert set(found.comparisons["unscored_reason"].dropna()) == {"no_verdict"}


@pytest.mark.parametrize("gate", [[], ["a.win_rate >= 0.1"], ["error_rate <= 0.1"]])
def test_a_run_of_which_no_preference_could_be_read_has_failed(tmp_path, gate):
    rows = [{**ROWS[0], "id": f"r{number}"} for number in range(12)]
    found = run(tmp_path, ForgetfulJudge(remembers=False), rows=rows, gate=gate).scorecard
    assert found.gate.decision == "fail"
    assert exits.of_scorecard(found) == exits.RUN_FAILED
    assert found.coverage == 0
    said = "0 of 24 preferences of judge judge can be read (no_verdict: 24)."
    assert found.summary == f"This run failed, and nothing may rest on it: {said}"
    said = "No preference could be read, of 12 pairs (no_verdict: 24)"
    # Before it may stand that the judge's model is leaving Bedrock.
    assert [alarm.startswith(said) for alarm in found.alarms].count(True) == 1
    assert found.judges["judge"].unread == {"no_verdict": 24}


def test_unread_preferences_fail_a_gate_on_coverage(tmp_path):
    judge = ScriptedJudge("preferred: first", "I would rather not.")
    rows = [
        *better_by_a(3),
        *({"id": f"s{n}", "prompt": "?", "responses": {"a": "=", "b": "="}} for n in range(9)),
    ]
    found = run(tmp_path, judge, rows=rows, verdict="text", gate=["coverage >= 0.95"]).scorecard
    # Nine are alike, and nobody was asked about them; of three one order each could be read.
    assert (found.coverage, found.gate.decision) == (0.75, "fail")


def test_a_decided_preference_is_the_headline_and_passes_its_gate(tmp_path):
    judge = ScriptedJudge("preferred: first", "preferred: second")
    found = run(
        tmp_path, judge, rows=better_by_a(12), verdict="text",
        gate=["a.win_rate > 0.5", "win_rate over b >= 0.7 for every candidate", "coverage >= 0.95"],
    ).scorecard  # fmt: skip
    assert found.gate.decision == "pass"
    assert found.summary == "On preferences: a is preferred over b in 100 % of 12 pairs (74 to 100 %)."


class ScriptedJudge(ForgetfulJudge):
    """Gives the first answer where the response "better" is shown first, and else the second."""

    def __init__(self, *answers, tool=False):
        super().__init__()
        self.answers, self.tool = answers, tool

    async def converse(self, request):
        blocks = [block["text"] for block in request["messages"][0]["content"]]
        self.asked.append(blocks)
        said = self.answers[blocks[1] != "better"]
        content = {"text": said}
        if self.tool:
            content = {"toolUse": {"toolUseId": "t", "name": "submit_preference", "input": said}}
        return {
            "output": {"message": {"role": "assistant", "content": [content]}},
            "stopReason": "end_turn",
            "usage": {"inputTokens": 10, "outputTokens": 5, "totalTokens": 15},
            "metrics": {"latencyMs": 1},
        }


def better_by_a(count):
    return [
        {"id": f"r{number}", "prompt": f"{number}?", "responses": {"a": "better", "b": "worse"}}
        for number in range(count)
    ]


@pytest.mark.parametrize(("answers", "tool"), [
    (("Reasons.\npreferred: m", "Reasons.\npreferred: M"), False),
    (("Model m is better than model M.", "Model M is better than model m."), False),
    (({"rationale": "r", "preferred": "m"}, {"rationale": "r", "preferred": "M"}), True),
])  # fmt: skip
def test_a_judge_that_always_prefers_the_candidate_gives_it_every_win_though_names_differ_in_case_only(
    tmp_path, answers, tool
):
    judge = ScriptedJudge(*answers, tool=tool)
    found = run(
        tmp_path, judge, rows=better_by_a(4), verdict="tool" if tool else "text", names=["m", "M"], tie=False
    )
    pair = found.scorecard.candidates["a"].pairwise
    assert (pair.win_rate, pair.n, pair.n_unscored, pair.flip_rate) == (1.0, 4, 0, 0)


def ranks(best, other):
    ordered = [{"model": best, "rank": 1}, {"model": other, "rank": 2}]
    return json.dumps({"concise_explanation": f"{other} is worse", "ordered_models": ordered})


@pytest.mark.parametrize(("answers", "win_rate"), [
    ((ranks("m", "M"), ranks("M", "m")), 1.0),
    (("1. m\n2. M", "1. M\n2. m"), 1.0),
    (('[{"model": "m", "rank": 1}, {"model": "M", "rank": 1}]',) * 2, 0.5),
])  # fmt: skip
def test_a_judge_that_ranks_the_two_is_read(tmp_path, answers, win_rate):
    found = run(tmp_path, ScriptedJudge(*answers), rows=better_by_a(3), verdict="text", names=["m", "M"])
    pair = found.scorecard.candidates["a"].pairwise
    assert (pair.win_rate, pair.n, pair.n_unscored) == (win_rate, 3, 0)


@pytest.mark.parametrize("tool", [False, True])
def test_a_declared_word_for_a_tie_is_offered_kept_and_read(tmp_path, tool):
    said = {"rationale": "r", "preferred": "0"} if tool else "Both name the date.\n[[0]]"
    judge = ScriptedJudge(said, said, tool=tool)
    found = run(
        tmp_path, judge, rows=better_by_a(2), verdict="tool" if tool else "text", names=["1", "2"],
        tie_words=["0", "C"],
    )  # fmt: skip
    pair = found.scorecard.candidates["a"].pairwise
    assert (pair.ties, pair.n, pair.n_unscored) == (2, 2, 0)
    kept = json.loads((tmp_path / "runs" / "pairs" / "run-1" / "run.json").read_text())
    assert kept["evaluation"]["pairwise"]["tie_words"] == ["0", "C"]


def test_a_drawn_order_takes_half_the_calls_and_shows_what_a_place_is_given(tmp_path):
    judge = ScriptedJudge("preferred: first", "preferred: first")
    found = run(tmp_path, judge, rows=better_by_a(40), verdict="text", orders="drawn")
    pair = found.scorecard.candidates["a"].pairwise
    assert len(judge.asked) == len(found.comparisons) == pair.n == 40
    # Whoever was shown first was preferred, whichever it was: the place is seen, a flip cannot be.
    assert (pair.first_shown_rate, pair.flip_rate, pair.n_both_orders) == (1.0, None, 0)
    assert pair.wins == sum(blocks[1] == "better" for blocks in judge.asked)
    # A fair coin, 40 throws: four standard errors are 13.
    assert 7 < pair.wins < 33


def test_a_drawn_order_that_is_judged_fairly_gives_the_better_one_its_wins(tmp_path):
    judge = ScriptedJudge("preferred: first", "preferred: second")
    found = run(
        tmp_path, judge, rows=[*better_by_a(6), {**ROWS[1], "id": "same"}], verdict="text", orders="drawn"
    )
    pair = found.scorecard.candidates["a"].pairwise
    assert (pair.wins, pair.ties, pair.n, len(judge.asked)) == (6, 1, 7, 6)
