"""The kinds of checks, by the key that an evaluation gives them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from evaldrop.checks import labels, limits, texts
from evaldrop.checks.called import GUARDRAIL, SIMILARITY, read_guardrail, read_similarity
from evaldrop.checks.field_checks import fields, read_fields
from evaldrop.checks.json_checks import at_path, contains_json, is_json, read_form, read_place
from evaldrop.checks.languages import language, read_languages
from evaldrop.checks.numbers import number, read_wanted
from evaldrop.checks.overlap import bleu, chrf, gleu, meteor, rouge_1, rouge_2
from evaldrop.checks.patterns import compile_pattern, matches
from evaldrop.checks.references import levenshtein, measured, read_near, read_references
from evaldrop.checks.refusals import read_nothing, refusal
from evaldrop.checks.scorers import read_lambda, read_python
from evaldrop.checks.similarity import exact_match, rouge_l, token_f1
from evaldrop.checks.subject import Outcome, Subject
from evaldrop.checks.tools import read_call, tool_called
from evaldrop.checks.values import read_number, read_text, read_texts, read_whole

OF_RECORDS = "of_records"
"""The kind of a check that records alone bring: each says of what kind its own is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """
    One kind of check.

    Attributes:
        name: The key that names it in an evaluation.
        read: Turns what stands behind the key into the parameters of `run`, once per run; raises ValueError,
            whose message says what is wrong and what to write.
        run: Looks at a response. Never raises for what a response or a record holds. None of what the
            workflow asks of somebody else (`called`), whose reply is read in another place.
        is_scored: Whether it gives a fraction in [0, 1] with a pass mark, where others say yes or no.
        needs_reference: Whether it compares with the record's reference where no value is given.
        higher_is_better: False where much is bad, as a severity.
        pass_at: The pass mark of a scored kind where an evaluation gives none.
        question: What it asks, for people, with `{value}` in the place of what stands behind the key.
        asked_alone: What it asks where nothing stands there, or true; `question` about "the reference" if not
            given.
        compares: Tells of parameters whether they need a reference, where it is not the value's absence that
            decides.
    """

    name: str
    read: Callable[[Any], Any]
    run: Callable[[Any, Subject], Outcome] | None
    is_scored: bool = False
    needs_reference: bool = False
    higher_is_better: bool = True
    pass_at: float = 0.5
    question: str
    asked_alone: str | None = None
    compares: Callable[[Any], bool] | None = None

    @property
    def is_called(self) -> bool:
        """Whether the workflow asks somebody else, which may cost something."""
        return self.run is None and self.name != OF_RECORDS

    def __reduce__(self) -> tuple[Callable[[str], "Kind"], tuple[str]]:
        # Its functions are made in place, so between processes only its name goes.
        return kind_of, (self.name,)


def kind_of(name: str) -> Kind:
    """Return the kind of a name; KeyError where there is none."""
    return KINDS[name]


def _of_records(value: Any) -> Any:
    return value


KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        # What each record brings by this name, and others do not have.
        Kind(
            name=OF_RECORDS,
            read=_of_records,
            run=None,
            question="Does the response hold to the record's own check ({value})?",
        ),
        Kind(
            name="equals",
            read=read_text,
            run=texts.equals,
            needs_reference=True,
            question="Does the response equal {value}?",
        ),
        Kind(
            name="iequals",
            read=read_text,
            run=texts.iequals,
            needs_reference=True,
            question="Does the response equal {value}, whatever the case?",
        ),
        Kind(
            name="contains",
            read=read_text,
            run=texts.contains,
            needs_reference=True,
            question="Does the response contain {value}?",
        ),
        Kind(
            name="icontains",
            read=read_text,
            run=texts.icontains,
            needs_reference=True,
            question="Does the response contain {value}, whatever the case?",
        ),
        Kind(
            name="contains_any",
            read=read_texts,
            run=texts.contains_any,
            question="Does the response contain one of {value}?",
        ),
        Kind(
            name="contains_all",
            read=read_texts,
            run=texts.contains_all,
            question="Does the response contain all of {value}?",
        ),
        Kind(
            name="contains_none",
            read=read_texts,
            run=texts.contains_none,
            question="Does the response contain none of {value}?",
        ),
        Kind(
            name="starts_with",
            read=read_text,
            run=texts.starts_with,
            needs_reference=True,
            question="Does the response start with {value}?",
        ),
        Kind(
            name="ends_with",
            read=read_text,
            run=texts.ends_with,
            needs_reference=True,
            question="Does the response end with {value}?",
        ),
        Kind(
            name="regex",
            read=compile_pattern,
            run=matches,
            question="Does the pattern {value} match in the response?",
        ),
        Kind(
            name="json",
            read=read_form,
            run=is_json,
            question="Is the response JSON as the schema {value} asks?",
            asked_alone="Is the response JSON and nothing else?",
        ),
        Kind(
            name="contains_json",
            read=read_form,
            run=contains_json,
            question="Does the response hold JSON as the schema {value} asks?",
            asked_alone="Does the response hold JSON?",
        ),
        Kind(
            name="json_path",
            read=read_place,
            run=at_path,
            question="Is {value} in the response's JSON?",
        ),
        Kind(
            name="number",
            read=read_wanted,
            run=number,
            needs_reference=True,
            compares=lambda wanted: wanted.equals is None,
            question="Does the response say the number of {value}?",
        ),
        Kind(
            name="one_of",
            read=labels.read_choices,
            run=labels.one_of,
            question="Does the response say one of {value}?",
        ),
        Kind(
            name="max_words",
            read=read_whole,
            run=limits.max_words,
            question="Has the response at most {value} words?",
        ),
        Kind(
            name="min_words",
            read=read_whole,
            run=limits.min_words,
            question="Has the response at least {value} words?",
        ),
        Kind(
            name="max_chars",
            read=read_whole,
            run=limits.max_chars,
            question="Has the response at most {value} characters?",
        ),
        Kind(
            name="max_latency_ms",
            read=read_number,
            run=limits.max_latency_ms,
            question="Did the response take at most {value} ms?",
        ),
        Kind(
            name="max_cost_usd",
            read=read_number,
            run=limits.max_cost_usd,
            question="Did the response cost at most {value} US dollars?",
        ),
        Kind(
            name="language",
            read=read_languages,
            run=language,
            question="Is the response in the language {value}?",
        ),
        Kind(
            name="tool_called",
            read=read_call,
            run=tool_called,
            question="Does the response ask for the tool {value}?",
        ),
        Kind(
            name="refusal",
            read=read_nothing,
            run=refusal,
            question="Does the response refuse?",
        ),
        Kind(
            name="label",
            read=labels.read_choices,
            run=labels.label,
            needs_reference=True,
            compares=lambda _: True,
            question="Does the response say the reference's label, of {value}?",
        ),
        Kind(
            name="fields",
            read=read_fields,
            run=fields,
            is_scored=True,
            needs_reference=True,
            pass_at=1.0,
            compares=lambda _: True,
            question="How many of the fields of the reference's JSON are right?",
        ),
        Kind(
            name="levenshtein",
            read=read_near,
            run=levenshtein,
            is_scored=True,
            needs_reference=True,
            compares=lambda near: near.text is None,
            question="How near is the response to {value}, by edits of characters?",
        ),
        *(
            Kind(
                name=name,
                read=read_references,
                run=measured(compute, is_binary=name == "exact_match"),
                is_scored=name != "exact_match",
                needs_reference=True,
                question=question,
            )
            for name, compute, question in (
                ("exact_match", exact_match, "Is the response {value}, but for case, blanks and end marks?"),
                ("token_f1", token_f1, "How many words does the response share with {value} (F1)?"),
                ("rouge_l", rouge_l, "How much of {value} is in the response in its order (ROUGE-L)?"),
                ("rouge_1", rouge_1, "How many words does the response share with {value} (ROUGE-1)?"),
                (
                    "rouge_2",
                    rouge_2,
                    "How many pairs of words does the response share with {value} (ROUGE-2)?",
                ),
                ("gleu", gleu, "How like is the response to {value} by runs of words (GLEU)?"),
                ("bleu", bleu, "How like is the response to {value} by runs of words (BLEU)?"),
                ("chrf", chrf, "How like is the response to {value} by runs of characters (chrF)?"),
                ("meteor", meteor, "How like is the response to {value} by words and stems (METEOR)?"),
            )
        ),
        Kind(
            name=SIMILARITY,
            read=read_similarity,
            run=None,
            is_scored=True,
            needs_reference=True,
            pass_at=0.8,
            compares=lambda _: True,
            question="How near is the response's meaning to the reference's, by {value}?",
        ),
        Kind(
            name=GUARDRAIL,
            read=read_guardrail,
            run=None,
            is_scored=True,
            higher_is_better=False,
            pass_at=0.3,
            question="How severe do Bedrock's content filters find the response, by {value}?",
        ),
        Kind(name="python", read=read_python, run=None, is_scored=True, question="The score by {value}"),
        Kind(name="lambda", read=read_lambda, run=None, is_scored=True, question="The score by {value}"),
    )
}
