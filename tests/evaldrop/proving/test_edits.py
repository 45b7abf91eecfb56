"""Planted faults: the same for the same seed, of the kind that is said, in any form of response."""

import ast
import json
import time

import pytest

from evaldrop.proving.edits import FAULT_KINDS, FaultKind, plant
from evaldrop.proving.languages import language_of
from evaldrop.proving.material import Planted, RecordTexts
from evaldrop.proving.phrases import FILLER, FOREIGN, RUDE, UNTRUE

REFUND = "Refunds take 14 days. You must send the form to Berlin. Write to us if anything is unclear."
TEXTS = RecordTexts(
    prompt="How do I get a refund? My order went through Hamburg, order 88.",
    references=("Within 14 days, once the form has reached Berlin.",),
)
NOTHING_KNOWN = RecordTexts(prompt="?")
STEPS = "First:\n\n1. Open the settings.\n2. Choose Billing.\n   It is on the left.\n3. Click Cancel."
INVOICE = '{"total": 1200.5, "paid": true, "lines": [{"name": "Tea", "n": 2}], "note": "Pay within 30 days."}'
CODE = "def f(x):\n    if x == 1:\n        return 0\n    y = x * 20\n    print(y)\n    return y"
FENCED = "Here is the code:\n```python\nx = 3\nprint(x)\n```\nIt prints the value of x."
CHINESE = "退款需要14天。您可以在柏林办理。请先填写表格。"
ARABIC = "يستغرق رد المبلغ ١٤ يومًا. يجب إرسال النموذج إلى المكتب."
HEBREW = "אפשר להחזיר תוך 14 ימים. שלחו טופס."
RESPONSES = (
    REFUND,
    STEPS,
    INVOICE,
    CODE,
    FENCED,
    CHINESE,
    ARABIC,
    HEBREW,
    "Paris",
    "42",
    "Yes",
    "{}",
    "   ",
    "…",
)


def planted(kind: FaultKind, response: str, texts: RecordTexts = TEXTS, *, seed: int = 0) -> Planted:
    """Plant a fault where there has to be a hold for it."""
    found = plant(kind, response, texts, seed=seed)
    assert found is not None
    return found


@pytest.mark.parametrize("kind", FAULT_KINDS)
@pytest.mark.parametrize("response", RESPONSES)
def test_a_fault_changes_the_response_and_is_the_same_for_the_same_seed(
    kind: FaultKind, response: str
) -> None:
    """What is planted differs from the response, is said, and comes out again when planted again."""
    for seed in range(5):
        one = plant(kind, response, TEXTS, seed=seed)
        assert one == plant(kind, response, TEXTS, seed=seed)
        assert one is None or (one.text.strip() not in ("", response.strip()) and one.what)


def test_seeds_plant_different_faults() -> None:
    """A second proof with another seed is not the first again."""
    assert len({planted("wrong_number", "It takes 14 days.", seed=seed).text for seed in range(20)}) > 3


@pytest.mark.parametrize("kind", [kind for kind in FAULT_KINDS if kind != "truncation"])
@pytest.mark.parametrize(
    "form", [INVOICE, f"```json\n{INVOICE}\n```", json.dumps(json.loads(INVOICE), indent=4)]
)
def test_json_stays_json_in_its_own_style(kind: FaultKind, form: str) -> None:
    """Nothing but the fault tells the faulty JSON from the first: blanks, line breaks and fences stay."""
    text = planted(kind, form).text

    inner = text.removeprefix("```json\n").removesuffix("\n```")
    value = json.loads(inner)

    assert value != json.loads(INVOICE)
    assert text.startswith("```") == form.startswith("```")
    assert json.dumps(value, indent=4 if "\n " in form else None, ensure_ascii=False) == inner


class TestWrongNumber:
    """A number of the response becomes another."""

    def test_the_references_number_is_chosen_and_changed_wherever_it_stands(self) -> None:
        """One of two same numbers alone would be a contradiction within the response."""
        text = planted("wrong_number", "Order 88 takes 14 days; after 14 days write to us.").text

        assert "14" not in text
        assert "Order 88 takes" in text
        days = {word for word in text.replace(";", "").split() if word.isdigit()} - {"88"}
        assert len(days) == 1

    def test_the_new_number_is_none_of_the_records(self) -> None:
        """By chance a right one could be planted."""
        texts = RecordTexts(prompt="3 4 5", references=("6 7 8",), context="2")
        assert {planted("wrong_number", "1", texts, seed=seed).text for seed in range(50)} == {"9"}

    @pytest.mark.parametrize(
        "text", ["1. Open it.\n2. Close it.", "Use GPT-4 and v2.", "See https://a.b/12", "Step 3: wait."]
    )
    def test_what_counts_or_names_parts_is_no_number(self, text: str) -> None:
        """List markers, versions and addresses say nothing that could be wrong about the answer."""
        assert plant("wrong_number", text, NOTHING_KNOWN, seed=0) is None

    def test_digits_stay_in_their_script(self) -> None:
        """An Arabic number among Arabic words does not become a Western one."""
        text = planted("wrong_number", ARABIC).text
        assert "١٤" not in text
        assert not any(mark in text for mark in "0123456789")

    @pytest.mark.parametrize("year", ["1999", "2024"])
    def test_a_year_stays_a_year(self, year: str) -> None:
        """Nobody needs to know the answer to see that 7024 is wrong."""
        years = {planted("wrong_number", f"In {year}.", NOTHING_KNOWN, seed=seed).text for seed in range(30)}
        assert all(3 <= abs(int(text[3:7]) - int(year)) <= 40 for text in years)


class TestDroppedStep:
    """Something is left out."""

    def test_a_lists_numbers_close_up(self) -> None:
        """A gap in them would give the fault away; what is indented below an item goes with it."""
        text = planted("dropped_step", STEPS, RecordTexts(prompt="", references=("Choose Billing",))).text
        assert text == "First:\n\n1. Open the settings.\n2. Click Cancel."

    def test_the_sentence_that_the_reference_knows_goes(self) -> None:
        """A courtesy left out would hurt nothing."""
        texts = {planted("dropped_step", REFUND, seed=seed).text for seed in range(10)}
        assert all("Write to us" in text for text in texts)

    def test_code_without_a_line_is_still_code(self) -> None:
        """A line that opens a block, or is alone in one, stays."""
        for seed in range(20):
            text = planted("dropped_step", CODE, NOTHING_KNOWN, seed=seed).text
            assert ast.parse(text)
            assert len(text.splitlines()) == 5

    @pytest.mark.parametrize(
        "text", ["Paris", "It takes 14 days.", '{"a": 1}', "Dr. Smith of St. Ives, e.g. him."]
    )
    def test_a_single_statement_has_nothing_to_leave_out(self, text: str) -> None:
        """An empty response is another fault."""
        assert plant("dropped_step", text, TEXTS, seed=0) is None


class TestContradiction:
    """What is said is turned round."""

    @pytest.mark.parametrize(
        ("response", "expected"),
        [
            ("Yes", "No"),
            ("NO.", "YES."),
            ("**Nein**, erst morgen.", "**Ja**, erst morgen."),
            ("はい", "いいえ"),
            ("You can cancel it now.", "You can not cancel it now."),
            ("You cannot cancel it now.", "You can cancel it now."),
            ("If you are late, you can still come.", "If you are late, you can not still come."),
            ("Choose the second entry there.", "Do not choose the second entry there."),
            ("No refunds are ever given here.", "No refunds are not ever given here."),
            ("您可以在柏林办理手续。", "您不可以在柏林办理手续。"),
            (
                "Senden Sie das Formular an das Büro.",
                "Folgendes stimmt nicht: Senden Sie das Formular an das Büro.",
            ),
            ("Berlin", "Hamburg"),
        ],
    )
    def test_turned_round(self, response: str, expected: str) -> None:
        """By the answer's first word, a name of the record's, or a negated sentence."""
        assert planted("contradiction", response).text == expected

    def test_a_name_becomes_another_of_the_record(self) -> None:
        """One that the reference does not have."""
        assert "Hamburg" in planted("contradiction", REFUND).text

    def test_code_alone_has_its_comparison_turned(self) -> None:
        """It stays code that runs."""
        assert planted("contradiction", CODE).text == CODE.replace("==", "!=")

    @pytest.mark.parametrize("text", ["42", "Is that what you mean by it?", HEBREW, '{"label": "spam"}'])
    def test_what_says_nothing_or_is_in_an_unknown_language_has_no_hold(self, text: str) -> None:
        """Nothing is made up."""
        assert plant("contradiction", text, NOTHING_KNOWN, seed=0) is None


class TestTruncation:
    """The end is missing."""

    @pytest.mark.parametrize("text", [REFUND, STEPS, INVOICE, CODE, CHINESE, ARABIC])
    def test_the_beginning_stays_and_no_full_stop_hides_the_cut(self, text: str) -> None:
        """Between a quarter and 70 % of the characters remain."""
        for seed in range(20):
            cut = planted("truncation", text, seed=seed).text
            assert text.startswith(cut)
            assert len(text) / 4 <= len(cut) <= 0.71 * len(text)
            assert cut[-1].isalnum()


class TestManner:
    """Rude, padded, or in another language."""

    @pytest.mark.parametrize("kind", ["rudeness", "padding"])
    @pytest.mark.parametrize(
        ("text", "language"), [(REFUND, "en"), (CHINESE, "zh"), (ARABIC, "ar"), ("Paris", "en")]
    )
    def test_the_answer_stays_and_what_is_added_is_in_its_language(
        self, kind: FaultKind, text: str, language: str
    ) -> None:
        """Or a judge would notice the language."""
        worse = planted(kind, text).text
        assert text in worse
        assert language_of(worse.replace(text, "")) == language

    def test_padding_grows_with_the_response(self) -> None:
        """Three sentences behind a long response would go unseen."""
        long = REFUND * 20
        assert len(planted("padding", long).text) > 1.5 * len(long)

    @pytest.mark.parametrize("text", [REFUND, STEPS, CHINESE, ARABIC, HEBREW])
    def test_another_language_keeps_form_and_none_of_the_content(self, text: str) -> None:
        """As many sentences and list markers; nothing of what was said."""
        other = planted("wrong_language", text).text
        assert language_of(other) != language_of(text)
        assert not {"14", "Berlin", "Billing", "Cancel"} & set(other.replace(".", " ").split())
        assert other.count("\n1. ") == text.count("\n1. ")

    def test_another_language_is_not_the_one_asked_for(self) -> None:
        """Whoever asks for Finnish or German gets neither as a fault."""
        asked = RecordTexts(prompt="Answer in Finnish or in German, please.")
        texts = [planted("wrong_language", REFUND, asked, seed=seed).text for seed in range(10)]
        assert all(text.startswith(FOREIGN["es"]) for text in texts)

    @pytest.mark.parametrize("kind", ["rudeness", "padding", "wrong_language"])
    def test_code_and_labels_have_no_words_to_change(self, kind: FaultKind) -> None:
        """In a fence code stays as it is; alone, it gives no hold."""
        assert plant(kind, CODE, TEXTS, seed=0) is None
        assert plant(kind, '{"label": "spam", "n": 3}', TEXTS, seed=0) is None
        assert "```python\nx = 3\nprint(x)\n```" in planted(kind, FENCED).text


@pytest.mark.parametrize("unit", ["1.1’", ". ", "is ", "....", "```\n", "1. a\n", "[", " ", "A", "a=", "。"])
def test_a_response_made_to_be_slow_is_not(unit: str) -> None:
    """Responses are untrusted: 50,000 characters of what a pattern might stumble over take a moment."""
    response = (unit * 50_000)[:50_000] + "x"
    started = time.process_time()
    for kind in FAULT_KINDS:
        plant(kind, response, TEXTS, seed=0)
    assert time.process_time() - started < 2


def test_every_language_has_its_phrases() -> None:
    """A language that is recognised and has no insult would end the whole proof."""
    assert set(RUDE) == set(FILLER) == set(UNTRUE)
    assert {language_of(" ".join(FILLER[language])) for language in FILLER} == set(FILLER)
