"""Order bias and panels: hand-worked values, and LLMBar's real judgments where they are at hand."""

import json
import os
from collections import defaultdict
from pathlib import Path

import pytest

from evaldrop.errors import NotEnoughData
from evaldrop.statistics import cohen_kappa, majority_vote, order_bias, panel_kappa, panel_spread

# Oracle judge_panel, by hand (PoLL, Verga et al. 2024, arXiv 2404.18796).
VOTES = [[1, 1, 0], [0, 0, 1], [1, 1, 1], [0, 1, 0]]
LIKERT = [[4, 5, 3], [2, 2, 5], [5, 5, 5], [1, 3, 2]]

# Oracle position_bias_llmbar_cot, 419 records: unscored in one order or both; unscored in both; agreement
# (two unscored orders are the same); first-shown rate; kappa with people in the plain order, unscored being a
# third category; score, where a conflict or one unscored order is a tie.
LLMBAR = {
    "GPT-4": (0, 0, 0.8926014319809069, 0.522673031026253, 0.6231370897043252, 0.8126491646778043),
    "ChatGPT": (5, 0, 0.5823389021479713, 0.6980676328502415, -0.18814890131616124, 0.4045346062052506),
    "ChatGPT-0301": (1, 0, 0.5560859188544153, 0.6901913875598086, -0.09223411007344273, 0.45346062052505964),
    "LLaMA2": (4, 0, 0.5823389021479713, 0.6698795180722892, -0.034754564214752204, 0.4737470167064439),
    "PaLM2": (5, 1, 0.4606205250596659, 0.7560386473429952, 0.12331263498920086, 0.5871121718377088),
    "Falcon": (3, 0, 0.12649164677804295, 0.9338942307692307, 0.05128548324131388, 0.522673031026253),
}


def test_panel_matches_the_hand_worked_values():
    assert majority_vote(VOTES).tolist() == [1, 0, 1, 0]
    assert panel_spread(LIKERT).tolist() == [2, 3, 0, 2]
    assert panel_kappa(VOTES) == pytest.approx(0.0, abs=1e-9)


def test_an_even_panel_may_be_split():
    assert majority_vote([[1, 0], [1, 1]]).tolist() == [0.5, 1]


def test_order_bias_of_a_judge_that_always_takes_the_first():
    bias = order_bias([1, 1, 1], [0, 0, 0])
    assert (bias.agreement, bias.first_shown_rate, bias.preference) == (0.0, 1.0, 0.5)


def test_order_bias_of_a_judge_that_does_not_look_at_order():
    bias = order_bias([1, 0, 0.5, 1], [1, 0, 0.5, 1])
    assert (bias.n, bias.agreement, bias.first_shown_rate, bias.preference) == (4, 1.0, 0.5, 0.625)


@pytest.mark.skipif("EVALDROP_SHARED_DATA" not in os.environ, reason="EVALDROP_SHARED_DATA is not set")
@pytest.mark.parametrize("judge", LLMBAR)
def test_order_bias_and_kappa_match_llmbar(judge):
    unscored, unscored_twice, agreement, first_shown_rate, kappa, conflict_as_tie = LLMBAR[judge]
    human, verdicts = _llmbar(judge)
    both = {record: pair for record, pair in verdicts.items() if None not in pair}
    assert len(verdicts) - len(both) == unscored
    bias = order_bias(*zip(*both.values(), strict=True))
    assert bias.first_shown_rate == pytest.approx(first_shown_rate, abs=1e-9)
    assert (bias.agreement * bias.n + unscored_twice) / 419 == pytest.approx(agreement, abs=1e-9)
    plain = [str(pair[0]) for pair in verdicts.values()]
    assert cohen_kappa([str(human[r]) for r in verdicts], plain) == pytest.approx(kappa, abs=1e-9)
    right = order_bias(*zip(*([float(v == human[r]) for v in pair] for r, pair in both.items()), strict=True))
    ties = 0.5 * (unscored - unscored_twice)
    assert (right.preference * right.n + ties) / 419 == pytest.approx(conflict_as_tie, abs=1e-9)


@pytest.mark.parametrize("panel", [majority_vote, panel_spread])
def test_a_panel_without_judges_says_nothing(panel):
    with pytest.raises(NotEnoughData, match="at least one judge"):
        panel([[], []])


def test_panels_refuse_what_is_no_vote():
    with pytest.raises(ValueError, match="0 or 1"):
        majority_vote([[1, 3]])
    with pytest.raises(ValueError, match="table"):
        panel_spread([1, 2])
    with pytest.raises(NotEnoughData, match="two judges"):
        panel_kappa([[1], [0]])


def test_order_bias_refuses_nothing_and_what_is_no_preference():
    with pytest.raises(NotEnoughData):
        order_bias([], [])
    with pytest.raises(ValueError, match="preferences"):
        order_bias([2], [1])


def _llmbar(judge):
    folder = Path(os.environ["EVALDROP_SHARED_DATA"]) / "llmbar"
    codes = {"output_1": 1.0, "output_2": 0.0, None: None}
    human = {row["record_id"]: codes[row["preferred"]] for row in _rows(folder / "human.jsonl")}
    verdicts = defaultdict(lambda: [None, None])
    for row in _rows(folder / "judgments.jsonl"):
        if row["judge"] == judge and row["judge_prompt"] == "CoT":
            verdicts[row["record_id"]][row["order"] == "output_2_first"] = codes[row["verdict"]]
    return human, verdicts


def _rows(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
