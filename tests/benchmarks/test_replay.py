"""Published evaluations come out of a whole run as published, or differ by replies read otherwise."""

import os
from collections import Counter
from pathlib import Path

import orjson
import pytest

from benchmarks.endpoint import Request
from benchmarks.replay import llmbar, vicuna80
from benchmarks.replay.recorded import EMPTY, Recorded, RecordedBedrock
from benchmarks.replay.running import Figure

SHARED_DATA = os.environ.get("EVALDROP_SHARED_DATA")
needs_data = pytest.mark.skipif(SHARED_DATA is None, reason="EVALDROP_SHARED_DATA names no folder")


@pytest.fixture
def data():
    return Path(SHARED_DATA)


def of_one_baseline(data, folder, baseline):
    """Write the comparisons with one system alone, and what was published of them; return the folder."""
    folder.mkdir()
    for file in data.iterdir():
        (folder / file.name).symlink_to(file)
    lines = (data / "judgments.jsonl").read_bytes().splitlines(keepends=True)
    own = [line for line in lines if orjson.loads(line)["second"] == baseline]
    pairs = {orjson.loads(line)["pair"] for line in own}
    published = orjson.loads((data / "published.json").read_bytes())
    published["totals"] = {pair: totals for pair, totals in published["totals"].items() if pair in pairs}
    for name, content in (("judgments.jsonl", b"".join(own)), ("published.json", orjson.dumps(published))):
        (folder / name).unlink()
        (folder / name).write_bytes(content)
    return folder


@needs_data
@pytest.mark.parametrize(
    ("baseline", "figures"), [("vicuna-13b", 24), pytest.param(None, 78, marks=pytest.mark.nightly)]
)
def test_the_vicuna_totals_are_the_published_ones_but_for_two_scores_their_authors_misread(
    data, tmp_path, baseline, figures
):
    recorded = data / "vicuna80"
    if baseline:
        recorded = of_one_baseline(recorded, tmp_path / "data", baseline)
    replayed = vicuna80.replay(recorded, tmp_path / "runs")
    differing = {
        figure.name: (figure.published, figure.ours) for figure in replayed.figures if not figure.is_exact
    }
    # In both replies question 70 ends with "Assistant 1: 10, Assistant 2: 4"; the 2 is nowhere in them.
    assert differing == {
        "bard : vicuna-13b, total of vicuna-13b (published)": (655.5, 657.5),
        "llama-13b : vicuna-13b, total of vicuna-13b (published)": (694, 696),
    }
    assert [(one.record_id, one.recorded, one.read) for one in replayed.readings] == [
        ("vq70", "[10, 2]", "[10.0, 4.0]")
    ] * 2
    assert len(replayed.figures) == figures
    assert all(figure.is_exact for figure in replayed.as_recorded)
    # The blog's two sentences on ChatGPT: 92 % of its total, as good or better in 45 % of the questions.
    ours = {figure.name.partition("gpt35 : vicuna-13b, ")[2]: figure.ours for figure in replayed.figures}
    assert round(ours["total of vicuna-13b (published)"] / ours["total of gpt35 (published)"], 2) == 0.92
    assert (ours["ties"] + ours["losses"]) / 80 == 0.45


@pytest.mark.nightly
@needs_data
def test_the_llmbar_figures_are_the_published_ones_but_for_156_replies_read_by_their_conclusion(
    data, tmp_path
):
    replayed = llmbar.replay(data / "llmbar", tmp_path)
    assert (len(replayed.figures), sum(figure.is_exact for figure in replayed.figures)) == (362, 315)
    assert len(replayed.as_recorded) == 350
    assert all(figure.is_exact for figure in replayed.as_recorded)
    assert Counter(one.where for one in replayed.readings) == {
        "PaLM2 CoT": 147,
        "Falcon CoT": 4,
        "ChatGPT Rating": 2,
        "ChatGPT CoT": 1,
        "ChatGPT-0301 CoT": 1,
        "LLaMA2 CoT": 1,
    }
    differing = {
        figure.name.partition(":")[0].rsplit(" ", 1)[0] for figure in replayed.figures if not figure.is_exact
    }
    assert "GPT-4 CoT" not in differing
    assert not any(name.startswith("GPT-4") or "Vanilla" in name for name in differing)


REPLIES = [
    Recorded("judge", "Name a colour.", ("Red.", ""), "first"),
    Recorded("judge", "Name a colour. Or two.", ("Red.", ""), "second"),
    Recorded("judge", "Count.", ("1 2",), "4", "length"),
]


def ask(model, *blocks):
    content = [{"text": block} for block in blocks]
    body = orjson.dumps({"messages": [{"role": "user", "content": content}]})
    return RecordedBedrock(REPLIES).answer(Request("POST", f"/model/{model}/converse", {}, body))


def text_of(answer):
    return answer[1]["output"]["message"]["content"][0]["text"]


def test_a_reply_is_found_by_judge_responses_and_prompt():
    assert text_of(ask("judge", "Name a colour.\n", "Red.", "or", EMPTY, "Which?")) == "first"
    assert text_of(ask("judge", "Name a colour. Or two.\n", "Red.", "or", EMPTY, "Which?")) == "second"
    status, reply = ask("judge", "Count.", "1 2", "Score it.")
    assert (status, reply["stopReason"]) == (200, "max_tokens")


@pytest.mark.parametrize("request_", [
    ("other", "Name a colour.", "Red.", "or", EMPTY, "Which?"),
    ("judge", "Name a colour.", EMPTY, "or", "Red.", "Which?"),
    ("judge", "Name a shape.", "Red.", "or", EMPTY, "Which?"),
])  # fmt: skip
def test_what_was_never_recorded_is_refused_and_not_made_up(request_):
    assert ask(*request_)[0] == 404


def test_a_figure_is_exact_only_when_it_is():
    assert Figure("x", 0.1 + 0.2, 0.3).is_exact
    assert not Figure("x", 694, 696).is_exact
