"""`evaldrop rejudge --bridge` in this process, with stand-ins for the models."""

import json
from pathlib import Path

import pytest
import yaml

from evaldrop.cli import main
from evaldrop.run.definition import RunDefinition
from tests.evaldrop.evaluations import JUDGE, LITE, PRO, ROW, write

SECOND = "us.amazon.nova-pro-v1:0"
EVALUATION = {
    "name": "small",
    "candidates": [LITE, {**PRO, "model": "us.amazon.nova-micro-v1:0"}],
    "judges": [JUDGE],
    "criteria": ["correctness", {"name": "tone", "question": "Is the tone warm?", "scale": "binary"}],
    "gate": ["coverage >= 0.5"],
}
ROWS = [{**ROW, "id": f"r{n}", "prompt": f"Question {n}: how long?"} for n in range(20)]


@pytest.fixture(scope="module")
def bridged(tmp_path_factory):
    """Return a folder with two runs, a bridge from both, and a run by the new judge."""
    folder = tmp_path_factory.mktemp("bridged")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("NO_COLOR", "1")
        write(Path(), EVALUATION, ROWS)
        for seed in (1, 2):
            assert main(["run", "faq.jsonl", "--bedrock", f"simulated:latency=0,seed={seed}"]) == 0
        parents = sorted(path.name for path in Path("runs/small").iterdir())
        assert main(["rejudge", "small", "--bridge", f"second={SECOND}"]) == 0
        evaluation = {**EVALUATION, "judges": [{"name": "second", "model": SECOND}]}
        Path("evaluation.yaml").write_text(yaml.safe_dump(evaluation), encoding="utf-8")
        assert main(["run", "faq.jsonl", "--bedrock", "simulated:latency=0,seed=3"]) == 0
    return folder, parents


def kept(folder):
    (found,) = json.loads((folder / "runs/small/bridges.json").read_text())["bridges"]
    return found


def test_the_last_runs_are_read_by_the_new_judge_and_no_candidate_is_called(bridged):
    folder, parents = bridged
    found = kept(folder)
    assert found["runs"] == parents[::-1]
    assert (found["old_judge"], found["new_judge"], found["simulated"]) == ("judge", "second", True)
    for parent, child in zip(found["runs"], found["judged"], strict=True):
        run = RunDefinition.load(str(folder / "runs/small" / child))
        assert run.parent.run_id == parent
        assert [judge.model for judge in run.judges] == [SECOND]
        card = json.loads((folder / "runs/small" / child / "scorecard.json").read_text())
        # What the responses had cost was paid by the first run.
        assert card["reused"]["responses"] == 40
        assert card["gate"]["decision"] == "no gate"


def test_every_criterion_and_overall_quality_have_their_line(bridged):
    folder, _ = bridged
    criteria = kept(folder)["criteria"]
    assert set(criteria) == {"correctness", "tone", "overall"}
    for name, links in criteria.items():
        assert links["score"]["line"]["n"] == 80, name
        assert links["score"]["line"]["clusters"] == 20
    assert criteria["tone"]["score"]["line"]["method"] == "mean"
    assert criteria["overall"]["passed"] is None


def test_the_trend_and_the_page_show_the_old_runs_as_linked(bridged, monkeypatch, capsys):
    folder, parents = bridged
    monkeypatch.chdir(folder)
    assert main(["trend", "small", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    linked = [
        [point["run_id"] for point in series["linked"]] for series in found["series"] if series["linked"]
    ]
    assert linked
    assert all(runs == parents for runs in linked)
    assert main(["trend", "small"]) == 0
    assert "linked: old judge judge on second's scale" in " ".join(capsys.readouterr().out.split())
    page = (folder / "runs/index.html").read_text()
    assert "linked: old judge judge on second&#39;s scale" in page
    assert 'class="series linked' in page
    assert "the last" not in page.partition("A point leads")[0], "what a bridge read again is not drawn twice"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--bridge", "third"], "no judge of this name"),
        (["--bridge", f"judge={JUDGE['model']}"], "it is the judge of"),
        (["--bridge", "x=m", "--replaces", "nobody"], "has the judges judge"),
        (["--bridge", "no name=m"], "--bridge no name=m"),
    ],
)
def test_a_judge_that_is_none_is_told_before_anything_is_called(bridged, monkeypatch, capsys, options, words):
    folder, parents = bridged
    monkeypatch.chdir(folder)
    before = sorted(path.name for path in Path("runs/small").iterdir())
    assert main(["rejudge", f"runs/small/{parents[0]}", *options]) == 64
    assert words in " ".join(capsys.readouterr().err.split())
    assert sorted(path.name for path in Path("runs/small").iterdir()) == before
