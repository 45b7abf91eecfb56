"""The doctor warns of what makes numbers say less, with counts and lines, and of nothing else."""

import pytest

from evaldrop.datasets import Message, Record, doctor
from evaldrop.datasets.doctor import Doctor
from tests.evaldrop.datasets.reading_of import survey_of


def examine(*rows):
    examining = Doctor("faq.jsonl")
    for n, row in enumerate(rows, start=1):
        examining.add(Record(id=str(n), line=n, **row))
    return [str(problem) for problem in examining.findings()]


def test_a_clean_dataset_gets_no_warning():
    assert examine({"prompt": "a", "reference": ("b",)}, {"prompt": "c"}) == []


def test_repeated_prompts_are_counted_and_the_first_lines_named():
    (warning,) = examine(*[{"prompt": "a"}] * 8)
    assert warning.startswith(
        "faq.jsonl: prompts that repeat an earlier one, word for word: 7 (lines 2, 3, 4, 5, 6 and 2 more)."
    )


def test_the_same_question_on_another_context_is_no_repetition():
    assert examine({"prompt": "a", "context": "x"}, {"prompt": "a", "context": "y"}) == []


def test_a_reference_inside_its_prompt_is_a_leak_whatever_its_case():
    turns = (Message(role="user", content="Is it Thirty Calendar Days?"),)
    (warning,) = examine({"messages": turns, "reference": ("no", "thirty calendar days")})
    assert "references that stand word for word in their prompt: 1 (line 1)" in warning


def test_a_short_reference_inside_its_prompt_is_chance():
    assert examine({"prompt": "Is it 8 or 9?", "reference": ("8",)}) == []


def test_one_category_above_all_others_is_named():
    rows = [{"prompt": str(n), "category": "billing" if n else "returns"} for n in range(20)]
    assert '"billing" holds 19 of 20 records' in examine(*rows)[0]
    assert examine(*rows[:19]) == []
    assert examine(*rows[1:], {"prompt": "x", "category": "billing"}) == []


def test_balanced_categories_are_fine():
    assert examine(*({"prompt": str(n), "category": str(n % 2)} for n in range(20))) == []


def test_records_of_one_group_may_ask_the_same():
    assert examine({"prompt": "a", "group": "g"}, {"prompt": "a", "group": "g"}) == []


def test_case_and_spaces_make_no_other_prompt():
    (warning,) = examine({"prompt": "Explain  rain."}, {"prompt": "explain rain.\n"})
    assert "prompts that repeat an earlier one, word for word: 1 (line 2)" in warning


def test_the_same_prompt_with_another_reference_is_a_contradiction_and_no_mere_repetition():
    (warning,) = examine(
        {"prompt": "a", "reference": ("x", "y")},
        {"prompt": "a", "reference": ("Y ", "x")},
        {"prompt": "b", "reference": ("x",)},
        {"prompt": "a", "reference": ("z",)},
    )[:1]
    assert "the same prompt with different references: 1 (lines 1 and 4)" in warning


def test_what_says_next_to_nothing_is_counted_where_most_say_more():
    rows = [{"prompt": f"Explain {n}.", "reference": ("It is so.",)} for n in range(8)]
    prompts, references = examine(
        *rows, {"prompt": "?"}, {"prompt": "hi"}, {"prompt": "Why is it?", "reference": ("N/A",)}
    )
    assert "prompts that say next to nothing: 2 (lines 9, 10)" in prompts
    assert "references that say next to nothing: 1 (line 11)" in references
    assert examine({"prompt": "x"}, {"prompt": "y"}, {"prompt": "z", "reference": ("none",)})[1:] == []
    assert examine(*rows, {"prompt": "你好"}) == []


def test_the_right_choice_stands_in_its_prompt_and_is_no_leak():
    rows = [
        {
            "question": f"Which, {n}?",
            "choices": ["the long right answer", "no"],
            "answer": "A" if n % 2 else "B",
        }
        for n in range(6)
    ]
    assert survey_of(*rows).hints == ()


def test_one_letter_that_is_always_right_is_named():
    rows = [
        {"question": f"Which, {n}?", "mc1_targets": {"choices": ["x", "y"], "labels": [1, 0]}}
        for n in range(6)
    ]
    (hint,) = survey_of(*rows).hints
    assert "the right choice is A in 6 of 6 records. Shuffle the choices" in str(hint)


def test_repetitions_are_looked_for_among_a_bounded_number_of_records(monkeypatch):
    monkeypatch.setattr(doctor, "MAX_COMPARED", 2)
    assert examine({"prompt": "a"}, {"prompt": "b"}, {"prompt": "a"}) == []


@pytest.mark.parametrize("field", ["category", "group", "responses", "criteria"])
def test_a_name_with_a_character_that_is_not_seen_is_told(field):
    value = {"m\u200b": "Yes."} if field in ("responses", "criteria") else "m\u200b"
    found = survey_of({"prompt": "Why so?"}, {"prompt": "Why not?", field: value}).findings
    assert any(
        "names with characters that are not seen: 1 (line 2 with U+200B" in each.what for each in found
    )
