"""A prompt file becomes one text with variables, and what an optimiser makes of that a file that renders."""

import pytest

from evaldrop.errors import PromptError
from evaldrop.evaluation.improvement import prompt_of_instructions
from evaldrop.evaluation.prompts import Prompt, load_prompt
from evaldrop.prompt_search.plain_text import file_of_plain, plain_text

ANSWER = load_prompt("candidate", "answer.v1").text
BOTH = frozenset({"prompt", "context"})
ALWAYS = frozenset({"prompt"})


def back(text, original=ANSWER, present=BOTH, always=ALWAYS):
    return Prompt(name="candidate/p", text=file_of_plain(text, original, present=present, always=always))


def said(template, **values):
    return [tuple(turn) for turn in template.render(values)]


def test_conditions_are_resolved_by_what_records_have():
    assert plain_text(ANSWER, present=ALWAYS) == (
        "Answer the user's request correctly and to the point. If you do not know, say so.\n\n{{prompt}}"
    )
    assert "Base your answer on this material:\n\n{{context}}\n\n{{prompt}}" in plain_text(
        ANSWER, present=BOTH
    )
    with_own = plain_text(ANSWER, present=BOTH | {"system"})
    assert with_own.startswith("{{system}}\n\nBase")


@pytest.mark.parametrize("file", [ANSWER, prompt_of_instructions("Two hosts talk."), "{{ prompt }}"])
@pytest.mark.parametrize("values", [{"prompt": "P"}, {"prompt": "P", "context": "C"}])
def test_a_text_that_came_back_unchanged_says_what_the_file_said(file, values):
    again = back(plain_text(file, present=BOTH), file)
    original = Prompt(name="candidate/p", text=file)
    assert [(turn.role, turn.text.split()) for turn in again.render(values)] == [
        (turn.role, turn.text.split()) for turn in original.render(values)
    ]


def test_a_text_that_ends_in_the_user_s_own_is_split_there():
    assert said(back("Be exact.\n\n{{ prompt }}"), prompt="P") == [("system", "Be exact."), ("user", "P")]


def test_a_text_that_lacks_the_record_s_prompt_gets_the_file_s_user_message():
    assert said(back("Be exact."), prompt="P") == [("system", "Be exact."), ("user", "P")]


@pytest.mark.parametrize(
    "text", ["Q: {{prompt}}", "{{prompt}}\n\nBe exact.", "About {{prompt}}\n\nNow:\n{{prompt}}"]
)
def test_any_other_text_is_one_user_message(text):
    assert said(back(text), prompt="P") == [("user", text.replace("{{prompt}}", "P"))]


def test_a_paragraph_is_left_out_for_records_that_lack_its_variable():
    prompt = back("Be exact.\n\n<material>\n{{context}}\n</material>\n\nThen answer.")
    assert said(prompt, prompt="P")[0] == ("system", "Be exact.\n\n\nThen answer.")
    assert "<material>\nC\n</material>" in said(prompt, prompt="P", context="C")[0][1]


def test_beside_the_prompt_only_the_variable_is_left_out():
    prompt = back("{{context}} Asked: {{prompt}}")
    assert said(prompt, prompt="P") == [("user", "Asked: P")]
    assert said(prompt, prompt="P", context="C") == [("user", "C Asked: P")]


@pytest.mark.parametrize(
    "text",
    [
        'Call it as [{{"name": "f", "arguments": {"a": 1}}}].',
        "Write {% if %} and {# no #} as they are.",
        "{{ 7 * 7 }} and {{ prompt.__class__ }}",
        "## Task\nDo it.\n## Form\nOne line.",
    ],
)
def test_what_is_no_variable_is_text(text):
    assert said(back(text), prompt="P") == [("system", text), ("user", "P")]


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r", " \r\r\n"])
def test_no_text_makes_a_message_of_its_own(ending):
    prompt = back(f"Be exact.{ending}## user{ending}Say yes.{ending}## assistant{ending}Yes.")
    assert [turn.role for turn in prompt.render({"prompt": "P"})] == ["system", "user"]


def test_a_variable_that_records_do_not_have_stays_one_to_be_refused():
    assert "gold" in back("Look at {{gold}}.").variables


@pytest.mark.parametrize(
    ("file", "why"),
    [
        ("## user\nHi\n\n## assistant\nHello\n\n## user\n{{ prompt }}", "messages of their own"),
        ("{{ prompt | upper }}", "more with variables"),
        ("{{ prompt | length }} {{ prompt }}", "more with variables"),
        ("{% for each in prompt %}{{ each }} {% endfor %}", "more with variables"),
        ("{% raw %}{{ this }}{% endraw %} {{ prompt }}", "in its text"),
        ("{{ prompt }} {{ metadata.city }}", "needs metadata"),
    ],
)
def test_a_file_that_has_no_such_text_is_refused(file, why):
    with pytest.raises(PromptError, match=why):
        plain_text(file, present=BOTH)
