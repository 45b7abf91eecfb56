"""Every fenced block that holds data or a program is what the product reads, writes or runs."""

import contextlib
import io
import json
import re
import runpy

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from rich.console import Console

from evaldrop.cli import main
from evaldrop.cli.tables.trend import print_trend
from evaldrop.evaluation import Candidate, Evaluation, Judge
from evaldrop.evaluation.definition import Pairwise
from evaldrop.evaluation.yaml_text import read_yaml
from evaldrop.run.tables import robustness_schema
from evaldrop.scorecard.model.scorecard import Scorecard
from evaldrop.scorecard.trend import trend_of
from tests.evaldrop.scorecard.trend.test_trend import candidate, entry
from tests.pages import PAGES, RUN_FOLDER, RUN_ID, blocks, looks_as_shown, spans
from tests.whole_runs import ROOT, called

LANGUAGES = {
    "bash", "console", "csv", "ebnf", "json", "jsonl", "mermaid", "python", "sh", "text", "tsv", "yaml",
}  # fmt: skip


def each(*languages):
    return pytest.mark.parametrize("block", blocks(*languages), ids=lambda block: block.place)


def test_every_block_has_a_language_that_is_held_to_something():
    assert not [block.place for block in blocks() if block.language not in LANGUAGES]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "160")
    return tmp_path


@pytest.fixture
def validated(folder, capsys):
    """Validates rows by an evaluation, as a user would; returns the exit code and what is told."""

    def validate(definition, *rows, name="faq.jsonl"):
        (folder / "evaluation.yaml").write_text(definition, encoding="utf-8")
        lines = (row if isinstance(row, bytes) else json.dumps(row).encode() for row in rows)
        # A Parquet file ends with its mark.
        end = b"" if name.endswith(".parquet") else b"\n"
        (folder / name).write_bytes(b"\n".join(lines) + end)
        code = main(["validate", name])
        return code, "".join(capsys.readouterr())

    return validate


REST = {
    "name": "rest",
    "candidates": [
        {"name": "lite", "model": "us.amazon.nova-lite-v1:0"},
        {"name": "haiku", "model": "us.anthropic.claude-haiku-4-5-20251001-v1:0"},
        {
            "name": "guarded",
            "model": "us.amazon.nova-lite-v1:0",
            "guardrail": {"id": "abc123def456"},
            # A job has none.
            "delivery": "on_demand",
        },
    ],
    "judges": [{"name": "pro", "model": "us.amazon.nova-pro-v1:0"}],
    "criteria": ["correctness", {"name": "tone", "question": "Is it warm?"}, "langchain.harmfulness"],
    "metrics": ["exact_match"],
}
"""What is round an example of a few keys: the names that the pages use."""

PAIRS = {"pairwise": {"baseline": "lite"}}
"""Round an example with rules on win rates, too."""


def row_with(fields):
    """Return a row that has a value at every path that `fields:` names, beside a record of one's own."""
    row = {} if "prompt" in fields else {"prompt": "Why?", "reference": "So.", "expected_blocked": True}
    for path in fields.values():
        place = row
        *keys, last = path.split(".")
        for key in keys:
            name, _, position = key.partition("[")
            place = place.setdefault(name, [{}] if position else {})
            place = place[int(position.rstrip("]"))] if position else place
        place[last] = "text"
    return row


def write_scorers(folder):
    """Write the scorers that pages name, as the page on scorers has them."""
    page = (ROOT / "docs" / "scorers.md").read_text(encoding="utf-8")
    (folder / "my_scorers.py").write_text(re.search(r"```python\n(# my_scorers.*?)```", page, re.DOTALL)[1])


@pytest.mark.parametrize(
    "block", [block for block in blocks("yaml") if block.page != "docs/ci.md"], ids=lambda block: block.place
)
def test_an_example_of_a_definition_is_valid_alone_or_beside_the_rest(block, folder, validated):
    shown = read_yaml(block.text)
    whole = block.text
    if "name" not in shown:
        round_it = REST | (PAIRS if "win_rate" in block.text else {})
        rest = {key: value for key, value in round_it.items() if key not in shown}
        whole += "\n".join(f"{key}: {json.dumps(value)}" for key, value in rest.items())
    for prompt in re.findall(r"\bprompt: (answer\.v[2-9])", block.text):
        (folder / "prompts" / "candidate").mkdir(parents=True, exist_ok=True)
        (folder / "prompts" / "candidate" / f"{prompt}.md").write_text("{{ prompt }}")
    if "file" in shown.get("anchors", {}):
        anchor = {"prompt": "Why?", "response": "So.", "passes": True}
        (folder / shown["anchors"]["file"]).write_text(json.dumps(anchor))

    if "my_scorers" in block.text:
        write_scorers(folder)
    for schema in re.findall(r"\bjson: (\S+\.schema\.json)", block.text):
        (folder / schema).write_text('{"type": "object"}')

    row = row_with(shown.get("fields", {}))
    # A prompt is improved on some records and measured on others.
    code, told = validated(whole, *[row] * (24 if "improve:" in block.text else 1))

    assert code == 0, told
    # A page must not show what the product itself would advise against.
    assert "note criterion" not in told, told


DEPLOYING = "docs/deploying.md"
"""Its policy and its program are for an account of AWS: tests/infra/test_deploying_page.py holds them."""
EVENTS = "docs/events.md"
"""Its rules are EventBridge's: tests/evaldrop/steps/lifecycle/test_documented.py holds them."""
API = "docs/api.md"
# Policies, whose keys are IAM's.
JOBS = "docs/bedrock-evaluations.md"
"""Its `curl` commands (bash) and what they are answered: tests/evaldrop/api/test_docs.py holds them."""
SCORERS = "docs/scorers.md"
"""Settings of a stack: tests/infra/test_scorers.py holds them."""
OF_ROWS = {"docs/datasets.md", "docs/checks.md"}
ROWS = [block for block in blocks("json", "jsonl", "csv", "tsv") if block.page in OF_ROWS]


@pytest.mark.parametrize("block", ROWS, ids=lambda block: block.place)
def test_every_row_that_is_shown_is_a_record(block, validated):
    definition = json.dumps({**REST, "criteria": ["helpfulness"], "metrics": ["length_words"]})
    is_table = block.language in {"csv", "tsv"}
    for rows in [block.text] if is_table else block.text.splitlines():
        code, told = validated(definition, rows.encode(), name=f"faq.{block.language}")
        assert code == 0, f"{rows}: {told}"
        assert "unknown key" not in told, f"{rows}: {told}"


def test_json_that_is_shown_elsewhere_has_keys_that_a_run_writes(first_evaluation):
    folder = first_evaluation.folder / first_evaluation.runs[0]
    written = names_in(Scorecard.model_json_schema())
    written |= {key for file in folder.glob("*.json") for key in keys_of(json.loads(file.read_bytes()))}
    for block in blocks("json", "jsonl"):
        if block not in ROWS and block.page not in {DEPLOYING, EVENTS, API, JOBS, SCORERS}:
            assert not keys_of(json.loads(block.text)) - written, block.place


def keys_of(value):
    """Return every key of a JSON value, at any depth."""
    if isinstance(value, list):
        return {key for one in value for key in keys_of(one)}
    return {*value}.union(*map(keys_of, value.values())) if isinstance(value, dict) else set()


OF_A_PART = {
    "candidates": Candidate.model_fields,
    "judges": Judge.model_fields,
    "pairwise": Pairwise.model_fields,
    "criteria": {"higher_is_better", "pass_at", "scale", "question", "weight"},
}
SETTINGS = [
    span
    for page in PAGES
    for span in spans(page)
    if (found := re.match(r"([a-z_]+): ", span)) and not re.search(r"[A-Z]{3}|…", span)
    if found[1] in Evaluation.model_fields or any(found[1] in fields for fields in OF_A_PART.values())
]


@pytest.mark.parametrize("setting", SETTINGS)
def test_a_setting_that_is_named_in_a_sentence_is_one(setting, folder, validated):
    """`mode: per_criterion` is a key of something that an evaluation holds, and takes this value."""
    ((key, value),) = read_yaml(setting).items()
    if "my_scorers" in setting:
        write_scorers(folder)
    if key in Evaluation.model_fields:
        code, told = validated(json.dumps({**REST, key: value}), row_with({}))
        assert code == 0, told
        return
    tried = []
    for part in [part for part, fields in OF_A_PART.items() if key in fields]:
        # An evaluation job compares no pairs.
        pairs = {} if value == "evaluation_job" else {"pairwise": {"baseline": "lite"}}
        definition = {**REST, **pairs}
        if part == "pairwise":
            definition[part] = {**definition[part], key: value}
        elif part == "criteria":
            definition[part] = ["correctness", {"name": "refusal", key: value}]
        else:
            definition[part] = [{**definition[part][0], key: value}, *definition[part][1:]]
            definition["criteria"] = [{"name": "tone", "question": "Is it warm?"}]
        tried.append(validated(json.dumps(definition), row_with({})))
    assert 0 in [code for code, _ in tried], tried


CI = "docs/ci.md"
"""Its steps are servers' and its program is for pytest: tests/test_docs_ci.py runs them."""
PROGRAMS = [block for block in blocks("python") if block.page not in {DEPLOYING, CI}]
SCORERS = "docs/scorers.md"


@pytest.mark.parametrize("block", PROGRAMS, ids=lambda block: block.place)
def test_a_program_runs_and_prints_what_its_last_comments_say(block, first_evaluation, monkeypatch, tmp_path):
    monkeypatch.chdir(first_evaluation.folder)
    if block.page == SCORERS:
        write_scorers(tmp_path)
        monkeypatch.syspath_prepend(tmp_path)
    real = first_evaluation.runs[0]
    program = tmp_path / "example.py"
    program.write_text(re.sub(RUN_FOLDER, str(real), block.text), encoding="utf-8")
    printed = io.StringIO()

    with contextlib.redirect_stdout(printed):
        runpy.run_path(str(program))

    shown = re.search(r"(?:^# .*\n?)*\Z", block.text, re.MULTILINE)[0]
    assert printed.getvalue() == re.sub(r"^# ", "", shown, flags=re.MULTILINE)


NODE = r'\w+(?:\[(?:"[^"]*"|[^]"]*)\])?'
DRAWN = {
    "block-beta": re.compile(rf"\s+(?:columns \d+|{NODE}(?::\d+)?)"),
    "flowchart": re.compile(rf"\s+{NODE}(?: --> {NODE})*"),
}


@each("mermaid")
def test_a_drawing_has_only_lines_of_its_kind(block):
    first, *lines = block.text.splitlines()

    assert not [line for line in lines if not DRAWN[first.split()[0]].fullmatch(line)]


OUTPUT_FILES = (ROOT / "docs" / "output-files.md").read_text(encoding="utf-8")


def part_of_output_files(heading):
    return OUTPUT_FILES.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


def test_every_column_of_a_table_is_on_the_page_in_its_order(first_evaluation):
    part = part_of_output_files("Tables")
    for name, told in re.findall(r"^\*\*(\w+)\*\* — (.*?)(?=^\*\*|\Z)", part, re.MULTILINE | re.DOTALL):
        if name == "robustness":
            columns = robustness_schema().names
        else:
            columns = pq.read_schema(
                first_evaluation.folder / first_evaluation.runs[0] / f"{name}.parquet"
            ).names
        columns = [column for column in columns if not re.match(r"metric_|score_|lost_", column)]
        named = dict.fromkeys(re.findall(r"`(\w+)`", told))

        assert [one for one in named if one in columns] == columns, name


def names_in(schema):
    """Return every key and every word of a JSON Schema's values."""
    if isinstance(schema, list):
        return {name for one in schema for name in names_in(one)}
    if not isinstance(schema, dict):
        return set()
    said = {*schema.get("properties", ()), *map(str, schema.get("enum", ())), str(schema.get("const"))}
    return said.union(*(names_in(one) for one in schema.values()))


def test_every_key_that_the_page_names_of_a_scorecard_is_one():
    said = re.sub(r"<[^>]*>", "", " ".join(re.findall(r"`([^`]+)`", part_of_output_files("scorecard.json"))))
    # Reasons, fields of the dataset, a method, and what stands for the keys of a mapping.
    others = {"not_applicable", "expected_blocked", "group", "ppi", "verdicts"}
    others |= {"Scorecard", "model_json_schema", "orders", "drawn"}

    assert set(re.findall(r"[A-Za-z_]\w*", said)) - names_in(Scorecard.model_json_schema()) == others


def test_every_file_that_the_page_names_is_in_a_run_or_is_said_to_be_there_only_sometimes(first_evaluation):
    table = OUTPUT_FILES.partition("| file | what it is |\n")[2].partition("\n\n")[0]
    named = [name for row in table.splitlines() for name in re.findall(r"`([\w./-]+)", row.split("|")[1])]
    folder = first_evaluation.folder / first_evaluation.runs[0]
    there = {path.name + "/" * path.is_dir() for path in folder.iterdir()}
    sometimes = {
        "batch/", "prompts/", "evaluation-jobs/", "requests/", "replies/", "robustness.parquet", "review/",
        "evaluation.yaml", "prompts.html", "scores/", "proof/", "proof.json", "records/", "parts/",
    }  # fmt: skip

    assert {name for name in named if not name.startswith("results")} - sometimes <= there
    assert there - {"results/"} <= set(named)


# --- what the product prints, as the pages show it ---


def shown_by_make_run(folder, validated):
    makefile = (ROOT / "Makefile").read_text()
    recipe = re.search(r"^run:.*\n\t@\$\(BIN\)/evaldrop (.*?);", makefile, re.MULTILINE)[1]
    ended = called(*recipe.split(), "--out", folder)
    assert ended.returncode == 0
    printed, _, report = ended.stdout.partition("\nreport: ")
    assert report.endswith("/report.html\n")
    return printed


def shown_of_wrong_rows(folder, validated):
    rows = [{"id": f"q{number}", "prompt": f"Why {number}?"} for number in range(-1, 51)]
    rows[6] = b'{"prompt": "a"'
    rows[11] = b'{"prompt": "caf\xe9"}'
    rows[40] = {"dialogue": [{"text": "Why so?"}]}
    rows[42] = {"prompt\u00a0": "Why so?"}
    rows[46]["checks"] = ["equals", {"contians": "refund"}]
    rows[48]["checks"] = [{"python": "os:system"}]
    rows[51] = {"id": "q7", "prompt": "a"}
    # As long as it takes for the wrong byte to be where the page says.
    before = sum(len(row if isinstance(row, bytes) else json.dumps(row)) + 1 for row in rows[:11]) + 16
    rows[0]["prompt"] += "y" * (2_135 - before)
    _, lines = validated(SMALLEST, *rows)
    three = ({"prompt": "Why?"}, {"prompt": "Who?"}, {"prompt": "How?", "referenceResponse": {}})
    array = b"[\n%s\n]" % b",\n\n\n\n\n".join(json.dumps(row).encode() for row in three)
    _, elements = validated(SMALLEST, array, name="faq.json")
    sheet = [
        "id,prompt,reference,category",
        *(f"c{n},Why {n}?,So,a" for n in range(59)),
        "c60,Why, when?,So,a",
    ]
    _, cells = validated(SMALLEST, "\n".join(sheet).encode(), name="faq.csv")
    parquet = io.BytesIO()
    asked = [f"Why {number}?" for number in range(12)]
    pq.write_table(pa.table({"prompt": [*asked[:7], None, *asked[8:]]}), parquet)
    _, columns = validated(SMALLEST, parquet.getvalue(), name="faq.parquet")
    return without_the_word_error(lines + cells + columns + elements)


def shown_of_another_tools_rows(folder, validated):
    row = {"question": "Why?", "answer": "So.", "contexts": ["It is so."], "ground_truth": "So it is."}
    _, told = validated(SMALLEST, {**row, "evolution_type": "simple"})
    return "".join(f"{line}\n" for line in re.findall(r"recognised as .*", told))


def shown_of_long_records(folder, validated):
    candidates = [REST["candidates"][0], {"name": "polly", "model": "parrot.polly-v1:0"}]
    definition = {"name": "x", "metrics": ["length_words"], "candidates": candidates}
    rows = [{"prompt": text} for text in (*(f"Why {n}?" for n in range(9)), "x" * 20_000_000, "x" * 400_000)]
    _, told = validated(json.dumps(definition), *rows)
    return without_the_word_error(told)


def shown_of_a_wrong_rule(folder, validated):
    _, told = validated(json.dumps({**REST, "gate": ["corectness.pass_rate >= 0.85"]}), row_with({}))
    return without_the_word_error(told[told.index("error ") :]).removeprefix("evaluation.yaml: gate[0]: ")


def shown_of_deliveries(folder, validated):
    ended = called("plan", "datasets/support-faq")
    assert ended.returncode == 0
    return re.search(r"^delivery .*?^(?=besides on AWS)", ended.stdout, re.MULTILINE | re.DOTALL)[0]


def shown_of_a_moved_judge(folder, validated):
    """Weekly runs in which alpha's scores and those of frozen responses fall together."""
    levels = [4.0, 4.1, 3.9, 4.05, 3.95, 4.1, 3.9, 4.0, 3.4, 3.4, 3.4]
    entries = [
        entry(
            week,
            {"alpha": candidate(level)},
            anchors={"good anchors (pro)": level, "bad anchors (pro)": level - 2},
        )
        for week, level in enumerate(levels)
    ]
    printed = io.StringIO()
    print_trend(Console(file=printed, width=1000), trend_of(entries, "support"))
    return next(line for line in printed.getvalue().splitlines() if line.startswith("alarm alpha"))


def shown_of_a_bridge(folder, validated):
    began = called("run", "datasets/support-faq", *REHEARSED, "--out", folder / "runs")
    assert began.returncode in {0, 1, 2}, began.stderr
    judge = "second=us.anthropic.claude-haiku-4-5-20251001-v1:0"
    asked = ("support-answers", "--bridge", judge, "--out", folder / "runs")
    ended = called("rejudge", *asked, "--yes")
    assert ended.returncode == 0, ended.stderr
    lines = [line for line in (ended.stderr + ended.stdout).splitlines() if re.match("second |correct", line)]
    return "\n".join([f"$ evaldrop rejudge support-answers --bridge {judge}", *lines, ""])


REHEARSED = ("--bedrock", "simulated", "--yes")
SMALLEST = "name: x\nmetrics: [length_words]\ncandidates: [{name: a, model: us.amazon.nova-lite-v1:0}]"


def without_the_word_error(printed):
    return re.sub(r"^error |^note .*: (?:recognised|read) as .*\n", "", printed, flags=re.MULTILINE)


TIME = r"\b[\d,]+(?:\.\d+)?(?:[–-][\d,]+(?:\.\d+)?)? m?s\b"
SHOWN = {
    ("docs/datasets.md", "Shapes of other tools"): (shown_of_another_tools_rows, ()),
    ("README.md", "evaldrop"): (shown_by_make_run, (RUN_ID, TIME)),
    ("docs/datasets.md", "What is refused, and how it reads"): (shown_of_wrong_rows, ()),
    ("docs/datasets.md", "Long records"): (shown_of_long_records, (r"\b[\d,]{7,}(?= bytes)",)),
    ("docs/gate.md", "Grammar"): (shown_of_a_wrong_rule, ()),
    ("docs/delivery.md", "What a plan says"): (shown_of_deliveries, ()),
    ("docs/weekly.md", "Another judge without losing the history"): (
        shown_of_a_bridge,
        (r"[-−]?[\d,]*\d(?:\.\d+)?", r"\bruns?\b"),
    ),
    ("docs/weekly.md", "The trend"): (shown_of_a_moved_judge, (r"\d{4}-\d\d-\d\d", r"\d\.\d+")),
}
"""Who prints what a page shows, and what may be another number there."""
FLOW = ("docs/concepts.md", "The flow")
"""A drawing in letters, held to the workflow below."""


OUTPUTS = [block for block in blocks("text") if (block.page, block.heading) != FLOW]


@pytest.mark.parametrize("block", OUTPUTS, ids=lambda block: block.place)
def test_an_output_is_what_is_printed(block, folder, validated):
    produce, varies = SHOWN[block.page, block.heading]
    real = produce(folder, validated)

    assert looks_as_shown(block.text, real, varies=varies), f"printed is:\n{real}"


def test_no_output_is_held_that_no_page_shows():
    assert {*SHOWN, FLOW} == {(block.page, block.heading) for block in blocks("text")}


def test_the_flow_names_states_of_the_workflow_in_their_order():
    (drawn,) = (block.text for block in blocks("text") if (block.page, block.heading) == FLOW)
    states = json.loads((ROOT / "infra" / "workflow.asl.json").read_text())["States"]

    named = re.findall(r"^(\w+)  ", drawn, re.MULTILINE)
    assert len(named) == 17
    assert named == [name for name in states if name in named]


RULE_WORDS = {
    "quantity": ["mean", "coverage"],
    "candidate": ["haiku"],
    "criterion": ["tone"],
    "number": ["0.5"],
    "measure": ["tone", "exact_match", "overall"],
    "opponent": ["lite"],
}
"""One of each that the grammar says in words."""


def sentences(rule, grammar):
    """Return every sentence of a rule of the grammar."""
    parts = re.findall(r'"[^"]*"|[\w]+|[\[\]()|]', rule)
    made, rest = _alternatives(parts, grammar)
    assert not rest
    return made


def _alternatives(parts, grammar):
    made, here = [], [""]
    while parts and parts[0] not in {"]", ")"}:
        part, *parts = parts
        if part == "|":
            made, here = made + here, [""]
            continue
        if part in {"[", "("}:
            further, (_, *parts) = _alternatives(parts, grammar)
            further = ["", *further] if part == "[" else further
        elif part.startswith('"'):
            further = [part.strip('"')]
        else:
            further = RULE_WORDS.get(part) or sentences(grammar[part], grammar)
        here = [f"{one} {two}".strip() for one in here for two in further]
    return made + here, parts


@each("ebnf")
def test_every_sentence_of_the_grammar_is_a_rule(block, validated):
    grammar = dict(re.split(r" += ", line) for line in block.text.splitlines())
    rules = [rule.replace(" . ", ".") for rule in sentences(grammar["rule"], grammar)]
    # A mean is of a measure, a coverage is not of a metric, and a candidate is named once, as the page says.
    refused = re.compile(r"(?:haiku\.)?mean .*|.*(?:exact_match|overall)\.coverage .*|haiku\..* for .*")
    rules = [rule for rule in rules if not refused.fullmatch(rule)]
    assert len(rules) > 50

    code, told = validated(json.dumps({**REST, **PAIRS, "gate": rules}), row_with({}))

    assert code == 0, told
