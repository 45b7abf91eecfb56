"""What says how far judges can be trusted is read by the names of the scorecard's keys."""

from evaldrop.report.charts import matrices
from evaldrop.report.trust import trust_tables
from evaldrop.scorecard.model.scorecard import Comparison
from tests.evaldrop.scorecard.gate.test_gate import card, scorecard

CALIBRATION = {
    "correctness": {
        "n_labelled": 40,
        "raters": {"ann": 40},
        "random_sample": True,
        "reason": None,
        "joined": {
            "n": 40,
            "agreement": 0.925,
            "kappa": 0.46,
            "confusion": {"answers": ["no", "yes"], "counts": [[1, 2], [1, 36]]},
        },
        "judges": {"pro": {"n": 40, "agreement": 0.9}},
        "between_raters": [],
    }
}
AGREEMENT = {"tone": {"alpha": 0.743, "level": "ordinal", "n_records": 1200, "interval": [0.7, 0.8]}}


def table(content, title):
    (found,) = [table for table in trust_tables(content) if table.title == title]
    return [dict(zip(headings(found), row, strict=True)) for row in rows(found)]


def headings(found):
    return [column.heading for column in found.columns]


def rows(found):
    return [list(row) for row in zip(*(column.cells for column in found.columns), strict=True)]


def test_agreement_is_a_row_per_criterion():
    (row,) = table({"agreement": AGREEMENT}, "Agreement between judges")
    assert row == {
        "": "tone",
        "alpha": "0.74",
        "level": "ordinal",
        "n records": "1,200",
        "interval": "0.70 to 0.80",
    }


def test_an_interval_beside_a_rate_is_in_percent_and_words_stand_apart_from_numbers():
    anchors = {"pro": {"missed_rate": 0.0, "interval": [0.0, 0.4345], "tolerance": 0.1, "reason": "too few"}}
    (found,) = trust_tables({"anchors": anchors})
    assert rows(found) == [["pro", "0 %", "0–43 %", "10 %", "too few"]]
    kinds = [column.kind for column in found.columns]
    assert kinds == ["words", "number", "number", "number", "words"]


def test_a_pair_of_criteria_names_its_row_and_leaves_its_sentence_to_the_hints():
    pairs = [{"a": "tone", "b": "fluency", "n": 3, "correlation": 0.99, "finding": "say the same"}]
    (found,) = trust_tables({"criterion_pairs": pairs})
    assert (headings(found), rows(found)) == (["", "n", "correlation"], [["tone, fluency", "3", "0.99"]])


def test_calibration_shows_rates_and_who_said_what():
    content = {"calibration": CALIBRATION}
    (row,) = table(content, "Judges against people")
    assert row["joined · agreement"] == "92 %"
    assert row["joined · kappa"] == "0.46"
    assert row["random sample"] == "yes"
    confusion = [table for table in trust_tables(content) if "people said" in table.title]
    assert rows(confusion[0]) == [["no", "1", "2"], ["yes", "1", "36"]]


def test_what_a_later_version_adds_is_shown():
    content = {
        "some_new_part": [{"record_id": "r1", "score": 0.5}],
        "empty": {},
        "text": "x",
        "gate": {"a": {"b": 1}},
    }
    (found,) = trust_tables(content)
    assert (found.title, headings(found), rows(found)) == (
        "Some new part",
        ["", "record id", "score"],
        [["1", "r1", "0.50"]],
    )


def test_the_objects_within_a_part_are_its_rows():
    lite = {"elo": 1010.4, "log_strength": 0.25, "elo_interval": [990.2, 1030.9]}
    content = {"powers": {"prior": 0.5, "candidates": {"lite": lite}}}
    (row,) = table(content, "Powers")
    assert row == {"": "lite", "elo": "1010", "log strength": "0.25", "elo interval": "990 to 1031"}


def test_a_part_of_single_facts_is_one_row():
    assert table({"new": {"n": 3, "rate": 0.5}}, "New") == [{"": "", "n": "3", "rate": "50 %"}]


def compared(a, b, difference, better=None):
    interval = (difference - 0.05, difference + 0.05)
    return Comparison(a=a, b=b, criterion="correctness", n=40, difference=difference, interval=interval,
                      decisive=better is not None, better=better)  # fmt: skip


def test_a_matrix_is_a_row_minus_a_column_from_both_sides():
    cards = {"lite": card((0.5, 0.7)), "haiku": card((0.8, 0.9)), "llama": card((0.5, 0.6))}
    pairs = (compared("lite", "haiku", -0.2, "haiku"), compared("lite", "llama", 0.05))
    (matrix,) = matrices(scorecard(cards).model_copy(update={"comparisons": pairs}))
    cells = {(name, place): cell for name, row in matrix.rows for place, cell in zip(cards, row, strict=True)}
    assert cells["lite", "lite"] is None
    assert (cells["lite", "haiku"].difference, cells["lite", "haiku"].standing) == (-0.2, "worse")
    assert (cells["haiku", "lite"].difference, cells["haiku", "lite"].standing) == (0.2, "better")
    assert cells["haiku", "lite"].interval == (0.15000000000000002, 0.25)
    assert cells["llama", "lite"].standing == "open"
    assert cells["haiku", "llama"].standing is None, "nobody compared them"


def test_very_many_candidates_make_no_matrix():
    cards = {f"c{number}": card((0.5, 0.7)) for number in range(13)}
    pairs = (compared("c0", "c1", 0.1),)
    assert matrices(scorecard(cards).model_copy(update={"comparisons": pairs})) == []


def test_a_sentence_that_begins_with_a_count_is_no_number():
    found = {"pro": {"n": 2, "interval": [0.25, 0.5], "reason": "2 records have such texts"}}
    (shown,) = trust_tables({"agreement": found})
    assert [column.kind for column in shown.columns] == ["words", "number", "number", "words"]


def test_many_facts_of_few_are_a_row_each_and_none_is_left_out():
    facts = {f"fact_{number}": number for number in range(20)}
    (shown,) = trust_tables({"agreement": {"tone": facts, "style": facts}})
    assert headings(shown) == ["", "tone", "style"]
    assert len(shown) == 20


def test_the_matrix_of_a_single_judge_is_not_told_twice():
    matrix = {"answers": ["no", "yes"], "counts": [[1, 2], [1, 36]]}
    content = {**CALIBRATION["correctness"], "judges": {"pro": {"n": 40, "confusion": matrix}}}
    assert (
        sum("people said" in one.title for one in trust_tables({"calibration": {"correctness": content}}))
        == 1
    )
    content["judges"]["lite"] = {"n": 40, "confusion": matrix}
    assert (
        sum("people said" in one.title for one in trust_tables({"calibration": {"correctness": content}}))
        == 3
    )


def test_the_recommendation_is_the_first_block_and_no_part_of_this():
    assert not list(trust_tables({"recommendation": {"choice": "lite", "reason": "Ship lite."}}))


def opened(found):
    """What each cell of a table opens, row by row; its names are no numbers."""
    columns = [column.links for column in found.columns[1:]]
    return [[link and link.fragment for link in row] for row in zip(*columns, strict=True)]


def test_numbers_of_a_row_open_what_they_rest_on_and_words_and_naught_nothing():
    agreement = {"tone": {"alpha": 0.7, "level": "ordinal", "n_responses": 9, "missing": 0}}
    (found,) = trust_tables({"agreement": agreement})
    panel = "#criterion=tone&panel=several&n=9"
    assert opened(found) == [[panel, None, panel, None]]


def test_a_cell_of_peoples_answers_and_a_judges_opens_the_responses_on_which_they_said_so():
    *_, confusion = trust_tables({"calibration": CALIBRATION})
    assert opened(confusion) == [
        [f"#criterion=correctness&labelled=cell%2C{people}%2C{judged}&n={n}" for judged, n in row]
        for people, row in (("no", (("no", 1), ("yes", 2))), ("yes", (("no", 1), ("yes", 36))))
    ]


def test_a_bias_opens_what_it_was_measured_on():
    bias = {"n": 7, "size": 0.4, "judge": "pro", "criterion": "tone", "of": "repeats"}
    own = {"n": 5, "judge": "pro", "criterion": "tone", "own": ["a"], "others": ["b", "c"], "against": "x, y"}
    first, second = trust_tables({"biases": {"identical_texts": [bias], "self_preference": [own]}})
    assert opened(first)[0][0] == "#judge=pro&criterion=tone&twins=repeats&n=7"
    assert opened(second)[0][0] == "#judge=pro&criterion=tone&kin=2%2C1%2Cx%2Cy%2Ca%2Cb%2Cc&n=5"


def test_a_part_of_a_later_version_opens_nothing():
    (found,) = trust_tables({"novelty": {"tone": {"n": 3}}})
    assert opened(found) == [[None]]
