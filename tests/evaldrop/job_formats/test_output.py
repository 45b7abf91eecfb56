"""Rows of evaluation jobs of all kinds, and of shapes that are in no documentation."""

import json

import pytest

from evaldrop.errors import InputError
from evaldrop.job_formats.output import read_output
from tests.evaldrop.evaluation_jobs.job_files import (
    HAIKU,
    NOVA,
    SONNET,
    answer,
    judged_row,
    rated_row,
    score,
    write_definitions,
    write_job,
)


def rows_of(folder):
    """The rows of the only job below a folder."""
    (job,) = read_output(str(folder))
    return job.rows


def test_a_row_of_a_judge_job_is_read(tmp_path):
    job = write_job(
        tmp_path,
        judged_row("Why?", score("Builtin.Helpfulness", 0.8333), referenceResponse="So.", category="why"),
    )

    (row,) = rows_of(job)

    assert (row.prompt, row.reference, row.category) == ("Why?", ("So.",), "why")
    assert (row.task, row.dataset) == ("General", "faq")
    (response,) = row.responses
    assert (response.model, response.text) == (NOVA, "An answer.")
    (given,) = response.scores
    assert (given.metric, given.result) == ("Builtin.Helpfulness", 0.8333)
    assert (given.evaluator, given.explanation) == (SONNET, "Because.")


def test_null_is_no_score_and_never_0(tmp_path):
    """A null may come without its judge's details; it is that judge's all the same."""
    rated, null = (
        score("Builtin.FollowingInstructions", 1.0),
        score("Builtin.FollowingInstructions", None, None),
    )
    job = write_job(tmp_path, judged_row("A", rated), judged_row("B", null))

    given = [row.responses[0].scores[0] for row in rows_of(job)]

    assert [each.result for each in given] == [1.0, None]
    assert [each.evaluator for each in given] == [SONNET, SONNET]


@pytest.mark.parametrize(
    ("result", "expected"),
    [(True, 1.0), (0, 0.0), ("mostly", "mostly"), (" ", None), ([1], None), (float("nan"), None)],
)
def test_a_result_is_a_number_a_label_or_nothing(tmp_path, result, expected):
    (row,) = rows_of(write_job(tmp_path, judged_row("A", score("x", result))))

    assert row.responses[0].scores[0].result == expected


def test_scores_without_a_name_are_told_apart(tmp_path):
    (row,) = rows_of(write_job(tmp_path, judged_row("A", score(None, 1.0), score(None, 0.0))))

    assert [each.metric for each in row.responses[0].scores] == ["Score", "Score-2"]


def test_an_algorithms_score_has_no_judge(tmp_path):
    (row,) = rows_of(write_job(tmp_path, judged_row("A", score("Accuracy", 0.3192, None))))

    assert row.responses[0].scores[0].evaluator is None


@pytest.mark.parametrize("between", ["\n\n \n", " ", ",\n"])
def test_rows_are_found_whatever_is_between_them(tmp_path, between):
    job = write_job(tmp_path, judged_row("A"), judged_row("B"), between=between)

    assert [row.prompt for row in rows_of(job)] == ["A", "B"]


def test_a_row_over_several_lines_and_raw_line_breaks_in_texts_are_read(tmp_path):
    spread = json.dumps(judged_row("A\nquestion"), indent=2)
    job = write_job(tmp_path, spread.replace("\\n", "\n"), judged_row("B"))

    assert [row.prompt for row in rows_of(job)] == ["A\nquestion", "B"]


def test_a_file_may_be_one_array(tmp_path):
    job = write_job(tmp_path, json.dumps([judged_row("A"), judged_row("B")]))

    assert [row.prompt for row in rows_of(job)] == ["A", "B"]


def test_broken_rows_are_kept_apart_from_those_that_can_be_read(tmp_path):
    job = write_job(
        tmp_path,
        judged_row("A"),
        '{"automatedEvaluationResult": {"sc',
        '{"other": 1}',
        judged_row(""),
        judged_row("B"),
    )

    (read,) = read_output(str(job))

    assert [row.prompt for row in read.rows] == ["A", "B"]
    assert len(read.broken) == 3
    assert read.broken[0].text.startswith('{"automatedEvaluationResult"')


def test_half_a_surrogate_pair_is_mended(tmp_path):
    job = write_job(
        tmp_path, '{"inputRecord": {"prompt": "A \\ud83d"}, "modelResponses": [{"response": "x"}]}'
    )

    assert rows_of(job)[0].prompt == "A �"


def test_representations_of_python_values_are_read_as_what_they_represent(tmp_path):
    prompt = "[{'role': 'system', 'content': 'Be brief.'}, {'role': 'user', 'content': [{'text': \"Why?\"}]}]"
    (row,) = rows_of(write_job(tmp_path, judged_row(prompt, response="['It\\'s so.']")))

    assert (row.prompt, row.responses[0].text) == ("Be brief.\n\nWhy?", "It's so.")


@pytest.mark.parametrize("prompt", ["Make a list.", "[{'broken", "[{'role': 'user'}]", "[{" * 100_000])
def test_what_represents_no_conversation_stays_as_it_is(tmp_path, prompt):
    (row,) = rows_of(write_job(tmp_path, judged_row(prompt, response="['a']")))

    assert (row.prompt, row.responses[0].text) == (prompt, "['a']")


def test_a_row_without_a_response_is_a_row(tmp_path):
    (row,) = rows_of(write_job(tmp_path, judged_row("A", score("Accuracy", None, None), model=None)))

    assert row.responses[0].text is None


def test_several_files_and_datasets_are_one_job(tmp_path):
    write_job(tmp_path, judged_row("A"), file="1")
    write_job(tmp_path, judged_row("B"), file="2")
    job = write_job(tmp_path, judged_row("C"), dataset="more")

    assert [(row.prompt, row.dataset) for row in rows_of(job)] == [("A", "faq"), ("B", "faq"), ("C", "more")]


def test_one_file_can_be_given_alone(tmp_path):
    job = write_job(tmp_path, judged_row("A"))
    (file,) = job.rglob("*_output.jsonl")

    assert [row.prompt for row in rows_of(file)] == ["A"]


def test_definitions_of_custom_metrics_are_found_beside_the_output(tmp_path):
    job = write_job(tmp_path, judged_row("A"))
    write_definitions(
        job,
        {"metricName": "tone", "instructions": "Is it warm?"},
        {"customMetrics": [{"customMetricDefinition": {"name": "depth", "instructions": "Is it deep?"}}]},
    )

    (read,) = read_output(str(job))

    assert [each["instructions"] for each in read.definitions] == ["Is it warm?", "Is it deep?"]


def test_a_job_that_wrote_nothing_but_its_permission_check_is_said_to_have_no_output(tmp_path):
    (tmp_path / "amazon-bedrock-evaluations-permission-check").write_text("")

    with pytest.raises(InputError, match="goes on, or failed"):
        read_output(str(tmp_path))


def test_a_folder_of_something_else_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"no \*_output.jsonl below it"):
        read_output(str(tmp_path))
    write_job(tmp_path, '{"record_id": "r1"}')
    with pytest.raises(InputError, match="no row of its output can be read"):
        read_output(str(tmp_path))


def scores_of(folder):
    """What people said, by model: metric, result, worker."""
    (row,) = rows_of(folder)
    return {
        response.model: [(each.metric, each.result, each.rating.worker) for each in response.scores]
        for response in row.responses
    }


def test_ratings_of_single_responses_go_to_the_model_that_the_map_names(tmp_path):
    job = write_job(
        tmp_path,
        rated_row(
            "A",
            answer("w1", thumbsUpDown=[{"metricName": "Right", "modelResponseId": "0", "result": True}]),
            answer("w2", individualLikertScale=[{"metricName": "Tone", "modelResponseId": "1", "result": 4}]),
        ),
    )

    assert scores_of(job) == {NOVA: [("Right", 1.0, 1)], HAIKU: [("Tone", 4.0, 2)]}


def test_a_choice_is_a_1_for_one_response_and_a_0_for_the_other(tmp_path):
    chosen = {"metricName": "Fluency", "result": {"modelResponseId": "1"}}
    job = write_job(tmp_path, rated_row("A", answer("w1", comparisonChoice=[chosen])))

    assert scores_of(job) == {NOVA: [("Fluency", 0.0, 1)], HAIKU: [("Fluency", 1.0, 1)]}


@pytest.mark.parametrize(
    ("ranks", "shares"), [((1, 2), (1.0, 0.0)), ((1, 1), (0.5, 0.5)), ((2, 1), (0.0, 1.0))]
)
def test_of_two_ranks_the_first_is_preferred_and_equal_ones_are_level(tmp_path, ranks, shares):
    result = [{"modelResponseId": str(place), "rank": rank} for place, rank in enumerate(ranks)]
    job = write_job(
        tmp_path, rated_row("A", answer("w1", comparisonRank=[{"metricName": "Tone", "result": result}]))
    )

    assert scores_of(job) == {NOVA: [("Tone", shares[0], 1)], HAIKU: [("Tone", shares[1], 1)]}


def test_a_leaning_is_as_the_left_response_has_it_and_mirrored_for_the_right_one(tmp_path):
    leaning = {"metricName": "Depth", "leftModelResponseId": "1", "rightModelResponseId": "0", "result": 2}
    job = write_job(tmp_path, rated_row("A", answer("w1", comparisonLikertScale=[leaning])))

    assert scores_of(job) == {NOVA: [("Depth", 4.0, 1)], HAIKU: [("Depth", 2.0, 1)]}
