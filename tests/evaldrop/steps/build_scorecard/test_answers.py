"""Fields and labels over all records: what is counted, what is not, and where it is shown."""

import json

import pytest

from evaldrop.report.markdown import markdown_report
from evaldrop.report.tables.answers import by_field, confusion_matrix, field_scores, labels_by_category
from evaldrop.scorecard.model.scorecard import Scorecard
from evaldrop.steps.build_scorecard.answer_estimates import MOST_FIELDS
from evaldrop.steps.build_scorecard.build import build_scorecard
from tests.evaldrop.run_folders import failed_response, record, response, row, run_json, write_run

FIELDS = [{"name": "invoice", "fields": {"exclude": ["id"]}}]
LABELS = [{"name": "topic", "label": ["billing", "delivery", "other"]}]


def built(folder, answers, asked, /, **fields):
    """A run in which candidate lite gave these texts to these references; haiku was always right."""
    records, rows = [], []
    for n, (reference, text) in enumerate(answers):
        references = [reference] if isinstance(reference, str) else reference
        own = {name: values[n] for name, values in fields.items() if values[n] is not None}
        records.append(record(f"r{n}", reference=references, **own))
        given = failed_response("lite") if text is None else response("lite", text)
        rows.append(row(f"r{n}", given, response("haiku", references[0])))
    write_run(folder, run=run_json(checks=asked), records=records, succeeded=rows)
    return build_scorecard(folder)


@pytest.fixture
def folder(tmp_path):
    return str(tmp_path / "support" / "run-1")


@pytest.fixture(scope="module")
def invoices(tmp_path_factory):
    wanted = json.dumps({"id": 7, "total": 3, "lines": [{"sku": "a"}, {"sku": "b"}]})
    answers = [
        (wanted, '{"id": 1, "total": 3, "lines": [{"sku": "b"}, {"sku": "a"}]}'),  # all right: 3 values
        (wanted, '{"total": 4, "lines": [{"sku": "a"}], "made_up": 1}'),  # 1 right, 1 wrong, 1 missing
        (wanted, "no idea"),  # 3 missing
        (wanted, None),  # nobody answered: in no number
    ]
    return built(str(tmp_path_factory.mktemp("runs") / "support" / "run-1"), answers, FIELDS)


def counted(scores):
    return scores.matched, scores.missing, scores.extra, scores.wrong


def test_values_are_counted_over_all_records(invoices):
    lite = invoices.fields["invoice"]["lite"]
    assert (lite.n, lite.no_json) == (3, 1)
    assert counted(lite.overall) == (4, 4, 1, 1)
    assert lite.overall.precision == pytest.approx(4 / 6)
    assert lite.overall.recall == pytest.approx(4 / 9)
    assert lite.overall.f1 == pytest.approx(8 / 15)
    low, high = lite.overall.f1_interval
    assert 0 <= low < 8 / 15 < high <= 1


def test_each_field_has_its_own_numbers_and_what_no_reference_has_is_one_row(invoices):
    lite = invoices.fields["invoice"]["lite"]
    assert {path: counted(one) for path, one in lite.fields.items()} == {
        "lines[].sku": (3, 3, 0, 0),
        "total": (1, 1, 0, 1),
    }
    assert counted(lite.rest) == (0, 0, 1, 0)
    assert invoices.fields["invoice"]["haiku"].rest is None


def test_the_report_names_fields_and_candidates(invoices):
    table = by_field(invoices, "invoice")
    assert list(table.columns[0].cells) == ["lines[].sku", "total", "all others"]
    assert {column.heading for column in table.columns[1:]} == {"lite", "haiku"}
    said = markdown_report(invoices)
    assert "1 of 3" in said
    assert "53 % (" in said


def test_many_fields_are_bounded_and_the_rest_counted_together(folder):
    wanted = json.dumps({f"f{n:03}": n for n in range(MOST_FIELDS + 5)})
    lite = built(folder, [(wanted, wanted)] * 2, FIELDS).fields["invoice"]["lite"]
    assert len(lite.fields) == MOST_FIELDS
    assert lite.rest.matched == 2 * 5


def test_labels_have_a_matrix_in_which_unread_answers_stand_apart(folder):
    answers = [
        *[("billing", "billing")] * 3,
        ("billing", "delivery"),
        ("delivery", "It is delivery."),
        ("delivery", "who knows"),
        ("delivery", None),
        (["delivery", "other"], "other"),  # either is right
        ("whatever", "billing"),  # no label in the reference
    ]
    categories = ["a"] * 4 + ["b"] * 5
    scorecard = built(folder, answers, LABELS, category=categories)
    lite = scorecard.labels["topic"]["lite"]
    assert (lite.n, lite.unread) == (7, 1)
    assert lite.accuracy == pytest.approx(5 / 7)
    assert {label: (one.n, one.said, one.unread) for label, one in lite.labels.items()} == {
        "billing": (4, {"billing": 3, "delivery": 1}, 0),
        "delivery": (2, {"delivery": 1}, 1),
        "other": (1, {"other": 1}, 0),
    }
    # 2·3/(4 + 3), 2·1/(2 + 2), 2·1/(1 + 1)
    assert lite.macro_f1 == pytest.approx((6 / 7 + 1 / 2 + 1) / 3)
    criterion = scorecard.candidates["lite"].criteria["topic"]
    assert (lite.accuracy, lite.accuracy_interval) == (criterion.pass_rate, criterion.pass_interval)
    assert {name: (one.n, one.accuracy) for name, one in lite.categories.items()} == {
        "a": (4, 3 / 4),
        "b": (3, 2 / 3),
    }
    matrix = confusion_matrix(scorecard, "topic", "lite")
    (unread,) = [column for column in matrix.columns if column.heading == "no label"]
    assert list(unread.cells) == ["0", "1", "0"]
    assert len(labels_by_category(scorecard, "topic")) == 2


def test_groups_widen_the_intervals(tmp_path):
    answers = [("billing", "billing"), ("delivery", "delivery"), ("other", "billing"), ("delivery", "other")]
    answers = [each for each in answers for _ in range(6)]
    alone = built(str(tmp_path / "support" / "a"), answers, LABELS)
    grouped = built(
        str(tmp_path / "support" / "b"), answers, LABELS, group=[f"g{n // 6}" for n in range(len(answers))]
    )
    one, other = (each.labels["topic"]["lite"].matthews_interval for each in (alone, grouped))
    assert other[1] - other[0] > one[1] - one[0]


def test_a_records_own_options_hold_for_it_and_another_kind_leaves_it_out(folder):
    wanted, given = '{"a": 1, "b": 2}', '{"a": 1, "b": 3}'
    own = [[{"name": "invoice", "fields": {"exclude": ["b"]}}], [{"name": "invoice", "contains": "a"}], None]
    lite = built(folder, [(wanted, given)] * 3, FIELDS, checks=own).fields["invoice"]["lite"]
    assert lite.n == 2
    assert counted(lite.overall) == (2, 0, 0, 1)


def test_without_such_checks_nothing_is_counted_or_shown(folder):
    scorecard = built(folder, [("billing", "billing")], [{"name": "says", "contains": "billing"}])
    assert (scorecard.fields, scorecard.labels) == ({}, {})
    assert len(field_scores(scorecard)) == 0
    assert "no JSON" not in markdown_report(scorecard)


def test_scorecards_of_before_are_read(invoices):
    old = invoices.model_dump(mode="json", exclude={"fields", "labels"})
    assert Scorecard.model_validate(old).fields == {}
