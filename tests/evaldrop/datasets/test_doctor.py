"""The doctor warns of what makes numbers say less, with counts and lines, and of nothing else."""

from evaldrop.datasets import Message, Record
from evaldrop.datasets.doctor import Doctor


def examine(*rows):
    doctor = Doctor("faq.jsonl")
    for n, row in enumerate(rows, start=1):
        doctor.add(Record(id=str(n), line=n, **row))
    return [str(problem) for problem in doctor.findings()]


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
