# ruff: noqa: E501 - cases stand on one line each
"""Whatever texts come in, by whichever door, no command sends a terminal what acts on it or is not seen."""

import io
import json
import unicodedata
from contextlib import suppress
from pathlib import Path

import pytest
import yaml
from rich.table import Table
from rich.text import Text

from evaldrop.cli import exits, main, output
from evaldrop.report.escape import UNSEEN

# A title set, a line wiped, C1's own CSI, text turned around, a tag, a mark without width, half a character.
HOSTILE = (
    "\x1b]0;owned\x07\x1b[2K\rgate: pass \x9b31m\x85\u202eevil\u2066\u200f\u061c\U000e0041\u200b\ufeff\x7f"
)
NAME = HOSTILE.replace("\x85", "")


def seen(text: str) -> bool:
    """Tell by Unicode's own classes, not by our pattern, whether a text is all seen; joiners count as seen."""
    return all(
        unicodedata.category(each) not in {"Cc", "Cf", "Cs", "Zl", "Zp"} or each in "\n\t\u200c\u200d"
        for each in text
    )


def _evaluation(**more: object) -> str:
    definition = {
        "name": "hostile",
        "description": HOSTILE,
        "candidates": [{"name": "first", "model": f"test.{HOSTILE}"}, {"name": "second", "model": "given"}],
        "judges": [{"name": "judge", "model": f"amazon.nova-pro-v1:0{HOSTILE}"}],
        "criteria": [
            "correctness",
            {"name": "tone", "question": f"Polite?{HOSTILE}", "scale": {1: "bad" + HOSTILE, 2: "good"}},
        ],
        "metrics": ["token_f1"],
        "gate": ["correctness.mean >= 5"],
        **more,
    }
    return yaml.safe_dump(definition)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder of a hostile name with a hostile dataset, evaluation, and a broken one of each."""
    place = tmp_path_factory.mktemp("x") / NAME
    place.mkdir()
    (place / "evaluation.yaml").write_text(_evaluation(), encoding="utf-8")
    rows = [
        {
            "id": f"{number}{HOSTILE}",
            "prompt": f"{number} {HOSTILE}",
            "reference": HOSTILE,
            "category": HOSTILE,
            "responses": {"second": f"{number}{HOSTILE}"},
            f"more{HOSTILE}": HOSTILE,
        }
        for number in range(3)
    ]
    (place / "records.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    twins = [rows[0], rows[0], {HOSTILE: HOSTILE}, [HOSTILE], {"prompt": 1, "id": HOSTILE}]
    broken = [
        *map(json.dumps, twins),
        f'{{"{HOSTILE}": 1, "{HOSTILE}": 2}}',
        HOSTILE,
        f'{{"prompt": {HOSTILE}',
    ]
    (place / "broken.jsonl").write_text("\n".join(broken), encoding="utf-8", newline="")
    (place / f"table{NAME}.csv").write_text(f'prompt,{NAME},{NAME}\n1,2,3\n"{HOSTILE}', encoding="utf-8")
    wrong = {HOSTILE: 1, "candidates": [{"name": HOSTILE, "model": 1, HOSTILE: 2}], "gate": [HOSTILE]}
    (place / "wrong.yaml").write_text(_evaluation(**wrong), encoding="utf-8")
    (place / "raw.yaml").write_text(f"name: {HOSTILE}", encoding="utf-8", newline="")
    (place / "prompts" / "candidate").mkdir(parents=True)
    (place / "prompts" / "candidate" / "odd.v1.md").write_text(f"{{{{ prompt }}}}{{{{ '{HOSTILE}' | {{")
    (place / "odd.yaml").write_text(_evaluation(prompt="odd.v1"), encoding="utf-8")
    return place


def _run(capfd, *arguments: object) -> tuple[int, str]:
    code = main([str(each) for each in arguments])
    said = capfd.readouterr()
    both = said.out + said.err
    assert seen(both), [line for line in both.splitlines() if not seen(line)][:3]
    return code, said.out


@pytest.fixture(scope="module")
def run(folder):
    """A finished run of it."""
    main(
        [
            "run",
            str(folder / "records.jsonl"),
            "--bedrock",
            "simulated:latency=0,hostile=0.5",
            "--out",
            str(folder / "runs"),
        ]
    )
    (found,) = folder.glob("runs/*/*/run.json")
    return found.parent


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_no_command_shows_a_run_of_hostile_texts_raw(run, folder, capfd, form, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    dataset = folder / "records.jsonl"
    for command in (
        ["validate", dataset], ["plan", dataset],
        ["run", dataset, "--bedrock", "simulated:latency=0", "--out", folder / "more"],
        ["run", "--resume", run], ["report", run], ["report", run, "--rebuild"], ["gate", run],
        ["calibrate", run], ["trend", "hostile", "--out", folder / "runs"], ["compare", run, run],
        ["rescore", run, "--out", folder / "again"], ["rejudge", run, "--out", folder / "again"],
        ["review", "export", run],
    ):  # fmt: skip
        code, out = _run(capfd, *command, *form)
        # 1 is a gate's.
        assert code in {
            exits.PASSED,
            exits.GATE_FAILED,
            exits.GATE_INCONCLUSIVE,
            exits.RUN_FAILED,
            exits.WRONG_USE,
        }, command
        if form and out:
            json.loads(out)


@pytest.mark.parametrize("form", ["md", "csv", "json", "html"])
def test_a_report_on_the_terminal_is_all_seen(run, capfd, form):
    code, out = _run(capfd, "report", run, "--format", form)
    assert code == exits.PASSED
    assert out.strip()


def test_json_on_the_terminal_is_the_same_value(run, capfd):
    """Escaped, and not replaced."""
    _, out = _run(capfd, "report", run, "--json")
    _, file = _run(capfd, "report", run, "--format", "json")
    assert json.loads(out)["candidates"]["first"]["model"] == f"test.{HOSTILE}"
    assert json.loads(file) == json.loads((run / "scorecard.json").read_bytes())


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_advice_on_hostile_input_is_all_seen(folder, capfd, form):
    for dataset in ("broken.jsonl", f"table{NAME}.csv", "absent" + NAME):
        assert _run(capfd, "validate", folder / dataset, *form)[0] == exits.WRONG_USE
    for evaluation in ("wrong.yaml", "raw.yaml", "odd.yaml"):
        command = ["validate", folder / "records.jsonl", "--evaluation", folder / evaluation, *form]
        assert _run(capfd, *command)[0] == exits.WRONG_USE


@pytest.mark.parametrize(
    "command",
    [
        [HOSTILE], ["run", f"--{HOSTILE}"], ["run", "--limit", HOSTILE, "x"], ["criteria", HOSTILE], ["view", HOSTILE],
        ["run", "x", "--bedrock", HOSTILE], ["report", HOSTILE], ["report", "x", "--format", HOSTILE],
        ["export", HOSTILE, "--to", HOSTILE], ["bless", HOSTILE], ["adopt", HOSTILE, HOSTILE], ["gate", HOSTILE], ["trend", HOSTILE],
        ["review", "import", HOSTILE, HOSTILE],
    ],
)  # fmt: skip
def test_what_is_typed_comes_back_seen(command, capfd, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert _run(capfd, *command)[0] in {exits.WRONG_USE, exits.RUN_FAILED}


def test_a_console_is_guarded_where_a_command_forgets():
    """A terminal's own styles are left, and so is rich's."""
    console = output.stdout()
    console.file = stream = io.StringIO()
    console._force_terminal, console._color_system = True, None
    table = Table(HOSTILE)
    table.add_row(Text(HOSTILE))
    for what in (HOSTILE, table, Text(f"{HOSTILE}\ntwo")):
        with suppress(ValueError):
            console.print(what, markup=False)
    assert seen(stream.getvalue())
    assert "\\x1b" in stream.getvalue()


def test_every_code_point_that_acts_or_is_not_seen_is_written_out():
    for point in range(0x110000):
        each = chr(point)
        if not seen(each) and not UNSEEN.search(each):
            # Signs that Unicode counts as formatting and fonts show: of numbers in Arabic, Kaithi, Egyptian.
            assert unicodedata.category(each) == "Cf"
            assert unicodedata.name(each).startswith(("ARABIC", "SYRIAC", "KAITHI", "EGYPTIAN")), hex(point)


@pytest.mark.parametrize("text", ["two\nlines\tand ü", "日本語 العربية हिन्दी", "👨‍👩‍👧 ❤️", "می‌خواهم"])
def test_texts_of_people_stay_as_they_are(text):
    assert output.plain(text) == text


def test_line_ends_of_windows_are_line_ends():
    assert output.plain("a\r\nb\rc") == "a\nb\\rc"


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_a_stream_that_lacks_characters_gets_json_all_the_same(encoding, monkeypatch):
    content = {"text": f"é😀{HOSTILE}\udcff"}
    written = io.BytesIO()
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(written, encoding=encoding))
    output.prepare_streams()
    output.print_json(content)
    assert json.loads(written.getvalue().decode(encoding)) == content


def test_a_name_that_is_no_text_is_shown_and_no_fault(tmp_path, capfd, monkeypatch):
    """Names of files are bytes: Python holds what is no UTF-8 as half characters."""
    monkeypatch.chdir(tmp_path)
    assert _run(capfd, "validate", "caf\udce9.jsonl")[0] == exits.WRONG_USE
    assert not list(Path(tmp_path).glob("evaldrop-crash-*"))
