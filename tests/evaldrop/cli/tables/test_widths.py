"""Everything that commands print in tables, at three widths: no word or number is broken."""

import importlib
import io
import pkgutil
import re

import pytest
from rich.cells import cell_len
from rich.console import Console

from evaldrop.cli import tables
from evaldrop.cli.tables import (
    baseline,
    calibration,
    diff,
    doctor,
    evaluation_jobs,
    keys,
    plan,
    quotas,
    runs,
    scorecard,
    trend,
    usage,
)
from evaldrop.evaluation_jobs.jobs_file import EvaluationJob
from evaldrop.evaluation_jobs.jobs_plan import JobsPlan
from evaldrop.evaluation_jobs.prices import CostLine
from evaldrop.report.review.exporting import Exported
from evaldrop.report.review.importing import Imported, ImportedVotes
from evaldrop.report.review.preferences import ImportedPreferences
from evaldrop.report.two_runs import open_two_runs
from evaldrop.run.definition import RunDefinition
from evaldrop.running.deployed.checkup.finding import AccountFinding
from evaldrop.running.deployed.listing import RunRow
from evaldrop.scorecard.calibration import calibrate
from evaldrop.scorecard.calibration.label import Population, Sampling
from evaldrop.scorecard.model.answers import FieldScores, FieldsEstimate, LabelsEstimate
from evaldrop.scorecard.model.calibration import PeoplesPreferences, RaterAgreement
from evaldrop.scorecard.model.scorecard import Scorecard
from evaldrop.scorecard.read import read_run
from evaldrop.scorecard.trend import trend_of
from evaldrop.steps.build_scorecard.by_people import differences_by_people, with_people
from evaldrop.steps.validate_dataset.observed import EarlierReplies
from evaldrop.steps.validate_dataset.plan import Plan
from evaldrop.steps.validate_dataset.planned_lines import Line, Range
from evaldrop.steps.validate_dataset.quotas import HeldBack, QuotaLine, QuotaPlan
from evaldrop.steps.validate_dataset.sensitivity import Needed, Sensitivity
from evaldrop.store.model import Usage
from tests.browser.hard_run import write_hard
from tests.browser.pages import write_varied
from tests.evaldrop.scorecard.trend.test_trend import candidate, entry
from tests.evaldrop.store.stores import a_key

# The place is no table, and what is drawn has no words.
_NO_TABLES = {"layout", "terminal", "words"}
_DRAWN = re.compile(r"[├─●┤│.]+")
_SEPARATOR = re.compile(r"[-_/.:]")
# What a log, which has room for all of them, does not say.
_SAID_OF_COLUMNS = "no room here for: A wider terminal has it, and the report. NAME is MODEL"
_SHORT = ("haiku", "lite", "micro", "pro", "sonnet")
NAMES = {short: f"the-{short}-that-answers-with-a-rather-long-prompt-of-ours" for short in _SHORT}
KEY = "support-answers-of-the-whole-department-abroad/records.jsonl"
OTHERS = (
    "llama-3.3-70b-with-retrieval-and-the-long-prompt.v2",
    "cites_the_policy_paragraph_that_the_answer_relies_on",
    KEY.partition("/")[0],
    KEY,
    "people \\ judge",
)
ARN = "arn:aws:bedrock:us-east-1:123456789012:evaluation-job/0123456789ab"
METRIC = "Builtin.ProfessionalStyleAndTone"
MODEL = "us.anthropic.claude-haiku-4-5-20251001-v1:0"
ID = "ds-4b0c1f6f0d3a5e7a9c2b8d6e4f1a3c5b7d9e0f2a"
FOLDER = f"s3://evaldrop-runs-111122223333-eu-central-1/runs/support-answers-of-the-whole-department/{ID}"
SAID = (
    "Ship the first: 12,345 of 67,890 records pass (0.81 to 0.83), and it costs $0.0123 less per 1,000. " * 2
)


def renamed(text):
    return re.sub(rf"\b({'|'.join(_SHORT)})\b", lambda found: NAMES[found[1]], text)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return str(write_hard(tmp_path_factory.mktemp("runs"), records=3, candidates=3))


@pytest.fixture(scope="module")
def hard(folder):
    """The scorecard of candidates with long names, labelled, and held to a baseline."""
    card = Scorecard.model_validate_json(renamed(read_run(folder).scorecard.model_dump_json()))
    first, second = list(card.candidates)[:2]
    by_people = PeoplesPreferences(
        candidate=first, baseline=second, n=1_234, raters={"ana": 1_234}, agreement=0.8, kappa=0.61, ac1=0.7,
        win_rate=0.512, judge_win_rate=0.498, corrected_win_rate=0.505, interval=(0.47, 0.54),
        between_raters=(RaterAgreement(a="ana", b="bo", n=1_234, agreement=0.9, kappa=0.8, ac1=0.7),),
        reason=SAID,
    )  # fmt: skip
    return card.model_copy(update={"preferences_by_people": (by_people,), "alarms": (SAID,)})


@pytest.fixture(scope="module")
def by_people(folder, hard):
    card = read_run(folder).scorecard
    found = calibrate(RunDefinition.load(folder))
    differences = {
        criterion: [pair._replace(a=renamed(pair.a), b=renamed(pair.b)) for pair in pairs]
        for criterion, pairs in differences_by_people(card, found).items()
    }
    labelled = Scorecard.model_validate_json(renamed(with_people(card, found).model_dump_json()))
    return labelled.model_copy(update={"preferences_by_people": hard.preferences_by_people}), differences


@pytest.fixture(scope="module")
def two_runs(tmp_path_factory):
    above = tmp_path_factory.mktemp("pairs")
    return open_two_runs(*(write_varied(above / "support" / name) for name in ("run-2", "run-1")))


@pytest.fixture
def shown(hard, by_people, two_runs):
    """What prints each table, by module and function."""
    sampling = Sampling(
        seed=1,
        population=Population(records=12_345, responses=67_890),
        sample=Population(records=40, responses=120),
    )
    labels = f"{FOLDER}/labels/review.jsonl"
    return {
        "baseline.print_baseline": [lambda to: baseline.print_baseline(to, hard.baseline)],
        "calibration.print_calibration": [lambda to: calibration.print_calibration(to, *by_people)],
        "scorecard.print_corrected": [lambda to: scorecard.print_corrected(to, by_people[0], "correctness")],
        "calibration.print_export": [
            lambda to: calibration.print_export(
                to,
                Exported(f"{FOLDER}/review/page.html", f"{FOLDER}/review/sheet.csv", "key", sampling),
                FOLDER,
            )
        ],
        "calibration.print_import": [
            lambda to, done=done: calibration.print_import(to, done, FOLDER)
            for done in (
                Imported(labels, ("ana", "bo"), 12_345, 678, 9, is_random=True),
                ImportedVotes(labels, labels, ("ana",), 12_345, 678, is_random=False),
                ImportedPreferences(labels, ("ana",), 12_345, 678, is_random=False),
            )
        ],
        "diff.print_diff": [
            lambda to: diff.print_diff(to, two_runs, two_runs.chosen(), limit=3, is_whole=False),
            lambda to: diff.print_diff(to, two_runs, [], limit=3, is_whole=False),
        ],
        "doctor.print_findings": [
            lambda to: doctor.print_findings(
                to,
                [
                    AccountFinding(subject="access to models", state=state, said=SAID, way_out=SAID)
                    for state in ("ok", "note", "problem", "unknown")
                ],
            )
        ],
        "evaluation_jobs.print_jobs": [lambda to: evaluation_jobs.print_jobs(to, jobs_of(hard))],
        "evaluation_jobs.print_jobs_plan": [
            lambda to: evaluation_jobs.print_jobs_plan(to, planned_jobs(hard), budget_usd=1_234.5)
        ],
        "evaluation_jobs.print_planned_jobs": [
            lambda to: evaluation_jobs.print_planned_jobs(to, jobs_of(hard))
        ],
        "evaluation_jobs.print_summaries": [
            lambda to: evaluation_jobs.print_summaries(to, [summary_of(job) for job in jobs_of(hard)])
        ],
        "keys.print_keys": [lambda to: keys.print_keys(to, [a_key(name="nightly")])],
        "plan.print_plan": [lambda to: plan.print_plan(to, planned(hard), budget_usd=1_234.5)],
        "quotas.print_quotas": [lambda to: quotas.print_quotas(to, of_quotas(hard))],
        "plan.print_replies_of": [
            lambda to: plan.print_replies_of(to, planned(hard), None),
            lambda to: plan.print_replies_of(to, planned(hard, "earlier"), EarlierReplies(FOLDER, {})),
            lambda to: plan.print_replies_of(to, planned(hard, "rehearsal"), None),
        ],
        "plan.print_sensitivity": [lambda to: plan.print_sensitivity(to, sensitivity())],
        "runs.print_runs": [lambda to: runs.print_runs(to, [row("SUCCEEDED"), row("TIMED_OUT")])],
        "scorecard.print_recommendation": [lambda to: scorecard.print_recommendation(to, hard)],
        "scorecard.print_scorecard": [
            lambda to: scorecard.print_scorecard(to, hard),
            lambda to: scorecard.print_scorecard(to, with_answers(hard)),
        ],
        "trend.print_trend": [lambda to: trend.print_trend(to, trended())],
        "usage.print_usage": [
            lambda to: usage.print_usage(to, {"acme": Usage(runs=12_345, usd=0.07)}, by="customer", names={})
        ],
    }


def with_answers(card):
    numbers = FieldScores(
        matched=1_234_567, missing=12_345, extra=678, wrong=90_123,
        precision=0.12345, precision_interval=(0.1, 0.99999), recall=1.0, recall_interval=(0.9876, 1.0),
        f1=0.5, f1_interval=(0.00001, 0.6),
    )  # fmt: skip
    fields = FieldsEstimate(n=1_234_567, no_json=12_345, overall=numbers, fields={METRIC: numbers})
    labels = LabelsEstimate(
        n=1_234_567, unread=12_345, accuracy=0.5, accuracy_interval=(0.00001, 0.6), macro_f1=0.123,
        macro_f1_interval=(0.1, 0.99999), matthews=-0.123, matthews_interval=(-1.0, -0.1),
    )  # fmt: skip
    found = {"fields": {OTHERS[1]: dict.fromkeys(card.candidates, fields)}}
    return card.model_copy(update={**found, "labels": {OTHERS[1]: dict.fromkeys(card.candidates, labels)}})


def planned(card, lengths_of="guess"):
    tokens, cost = (Range(low=n, likely=2 * n, high=3 * n) for n in (1_234_567, 1_234.56))
    lines = [
        Line(role="candidate", name=name, model=each.model, calls=1_234_567, input_tokens=tokens,
             output_tokens=tokens, cost_usd=cost, lengths_of=lengths_of)
        for name, each in card.candidates.items()
    ]  # fmt: skip
    return Plan(
        records=123_456, lines=tuple(lines), orchestration_usd=123.4, duration_s=86_400.0,
        max_concurrency=1_000, prices_date="2026-11-21", copies=123_456,
    )  # fmt: skip


def jobs_of(card):
    return [
        EvaluationJob(
            name=f"{job}-of-the-whole-department-abroad-of-2026-11-30-{number}",
            candidates=(name,),
            judge=MODEL,
            datasets=(OTHERS[0],),
            request={
                "evaluationConfig": {"automated": {"datasetMetricConfigs": [{"metricNames": [METRIC]}]}}
            },
            arn=ARN,
            status=status,
            messages=("the role cannot be assumed",) if status == "Failed" else (),
        )
        for number, name in enumerate(card.candidates)
        for job, status in (("correctness", "Completed"), ("helpfulness", "Failed"))
    ]


def summary_of(job):
    return {"jobName": job.name, "jobArn": job.arn, "status": job.status}


def planned_jobs(card):
    tokens, cost = (Range(low=n, likely=2 * n, high=3 * n) for n in (1_234_567, 1_234.56))
    lines = [
        CostLine(role="judge", name=name, model=each.model, calls=1_234_567, input_tokens=tokens,
                 output_tokens=tokens, cost_usd=cost)
        for name, each in card.candidates.items()
    ]  # fmt: skip
    return JobsPlan(
        task="General", tallies={}, jobs=tuple(jobs_of(card)), lines=tuple(lines), notes=(),
        prices_date="2026-11-21",
    )  # fmt: skip


def of_quotas(card):
    lines = [
        QuotaLine(role="judge", name=name, model=each.model, max_tokens=123_456, factor=15,
                  begins_with=1_234_567, ends_with=1_234_567, longest=12_345, proposed=19_008)
        for name, each in card.candidates.items()
    ]  # fmt: skip
    slow = HeldBack(model=OTHERS[0], limit="rpm", quota=1_234_567, seconds=86_400.0)
    return QuotaPlan(lines=tuple(lines), held_back=(slow,), lengths_of=FOLDER)


def sensitivity():
    span = Range(low=0.012, likely=0.034, high=0.056)
    many = Range(low=1_234, likely=12_345, high=123_456)
    needed = Needed(difference=0.05, records=many, records_adjusted=many)
    return Sensitivity(
        records=12_345, clusters=1_234, level=0.05, comparisons=45, variance=span, like=FOLDER,
        detectable=span, detectable_adjusted=span, pass_rate_margin=0.0345, needed=needed,
    )  # fmt: skip


def row(status):
    return RunRow(
        run_id=ID, evaluation=OTHERS[2], dataset=f"s3://drop/{KEY}",
        started_at="2026-11-21T10:15:00+00:00", status=status, simulated=True, records=1_234_567,
        decision="inconclusive", cost_usd=1_234.56, recommendation=SAID, report=f"{FOLDER}/report.html",
        why=SAID, labels=("branch=main", SAID), regressed=(f"{OTHERS[0]} on {OTHERS[1]}",),
    )  # fmt: skip


def trended():
    levels = [4.0, 4.1, 3.9, 4.05, 3.95, 4.1, 3.9, 4.0, 3.4, 3.4, 3.4]
    return trend_of(
        [
            entry(
                week,
                {NAMES["lite"]: candidate(level, model=FOLDER if week > 4 else "lite-v1")},
                anchors={f"good anchors of {OTHERS[0]}": level},
            )
            for week, level in enumerate(levels)
        ],
        "support",
    )


def printed(show, width, *, is_log=False):
    to = Console(file=io.StringIO(), width=width, highlight=False, soft_wrap=is_log, emoji=False)
    show(to)
    return to.file.getvalue()


def is_piece(word):
    """Whether a word is a part of a long name, from one separator of it to another."""
    for name in (
        *NAMES.values(),
        *(f"judge-{name}" for name in NAMES.values()),
        *OTHERS,
        FOLDER,
        ARN,
        METRIC,
        MODEL,
    ):
        for found in re.finditer(re.escape(word), name):
            ends = (name[: found.start()][-1:] + word[0], word[-1] + name[found.end() :][:1])
            if all(len(end) == 1 or _SEPARATOR.search(end) for end in ends):
                return True
    return False


def test_every_table_is_looked_at(shown):
    modules = [each.name for each in pkgutil.iter_modules(tables.__path__) if each.name not in _NO_TABLES]
    found = {
        f"{name}.{each}"
        for name in modules
        for each, what in vars(importlib.import_module(f"evaldrop.cli.tables.{name}")).items()
        if each.startswith("print_") and what.__module__ == f"evaldrop.cli.tables.{name}"
    }
    assert found == set(shown)


@pytest.mark.parametrize("width", [80, 120, 200])
def test_no_line_is_too_wide_and_no_word_or_number_is_broken(shown, width):
    for table, cases in shown.items():
        for show in cases:
            text, log = printed(show, width), printed(show, 10_000, is_log=True)
            whole = {*log.split(), *_SAID_OF_COLUMNS.split()}
            for line in text.splitlines():
                is_whole_word = " " not in line.strip()
                is_command = line.startswith("evaldrop ")
                assert cell_len(line) <= width or is_whole_word or is_command, f"{table}: {line}"
            broken = [
                word
                for word in text.split()
                if not {word, word.rstrip(",;.")} & whole
                and not _DRAWN.fullmatch(word)
                and not is_piece(word)
            ]
            assert not broken, f"{table} at {width}: {broken}\n{text}"
            commands = [line for line in log.splitlines() if line.startswith("evaldrop ")]
            assert commands == [line for line in text.splitlines() if line.startswith("evaldrop ")], table


@pytest.mark.parametrize("width", [80, 120, 200])
def test_candidates_of_one_beginning_are_told_apart(hard, width):
    text = printed(lambda to: scorecard.print_recommendation(to, hard), width)
    # Below one another in the first column, which is as wide as its widest line.
    table = text[text.index("candidate ") :].splitlines()[1:]
    joined = "".join(re.split(r" {2,}", line)[0].strip() for line in table)
    for name in hard.candidates:
        assert name in joined
