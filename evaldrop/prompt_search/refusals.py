"""
What must not be in a prompt: the one door that every proposal goes through, whoever wrote it.

Pure. A refusal is no failure: it is kept with its reason, and the search goes on with the others.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from evaldrop.errors import PromptError
from evaldrop.evaluation.criteria import Criterion
from evaldrop.evaluation.prompts import Prompt, Turn, preface_and_rest
from evaldrop.prompt_search.addressing import patterns
from evaldrop.prompt_search.assessment_words import AssessmentWords
from evaldrop.prompt_search.criterion_words import CriterionWords
from evaldrop.prompt_search.overlap import Quotation, Quotations, SeenRecord
from evaldrop.prompt_search.size import BYTES_PER_TOKEN, prompt_tokens
from evaldrop.verdicts.injection import FLAGS, InjectionFinder, fold

QUOTES: Final = "it quotes a record"
"""How the reason begins of a prompt that quotes records."""

RECORDS_OWN: Final = frozenset({"prompt", "system", "context"})
"""Variables that any prompt may use. Others only the one that it is made from: they may hold the answer."""

_WHICH = {"test": "of the test part", "dev": "of the dev part", "train": "that its proposer was shown"}
_MOST_SHAPES = 16
_MOST_SHOWN = 120
_LONG = 400
# Material between such lines is how many prompts show it, and ends no response.
_MATERIAL = re.compile(
    r"\b(?:begin|end|start)(?:ning)?[ _-](?:of[ _-])?(?:the )?(?:data|material|input|user input|document)\b",
    re.IGNORECASE,
)


class Shapes:
    """The variables that records have, as they have them together; of each such set one example."""

    def __init__(self) -> None:
        self._examples: dict[frozenset[str], dict[str, Any]] = {}
        self._always: frozenset[str] | None = None

    def add(self, values: Mapping[str, Any]) -> None:
        """Note a record's variables."""
        names = frozenset(values)
        self._always = names if self._always is None else self._always & names
        if names not in self._examples and len(self._examples) < _MOST_SHAPES:
            self._examples[names] = {name: _stand_in(name, value) for name, value in values.items()}

    @property
    def always(self) -> frozenset[str]:
        """Variables that every record has."""
        return self._always or frozenset({"prompt"})

    @property
    def examples(self) -> list[dict[str, Any]]:
        """Values to fill a prompt in with: texts stand for what records have."""
        return list(self._examples.values()) or [{"prompt": _stand_in("prompt", "")}]


class Refusals:
    """
    Tells why prompts are not tried.

    Args:
        original: The file that the search began with: what it says, others may say.
        criteria: The run's, those that records bring included.
        judge_prompts: Texts of the judge prompts' files.
        judges: IDs of the judges' models.
        most_tokens: How long a prompt may be, estimated.
        may_quote_train: Whether train records may be quoted, as examples.
    """

    def __init__(
        self,
        *,
        original: str,
        criteria: Sequence[Criterion],
        judge_prompts: Sequence[str],
        judges: Iterable[str] = (),
        most_tokens: int,
        may_quote_train: bool,
    ) -> None:
        self._original = Prompt(name="candidate/original", text=original)
        self._most_tokens = most_tokens
        self._may_quote_train = may_quote_train
        known = RECORDS_OWN | (self._original.variables - {"reference"})
        self._stand_ins = [{name: _stand_in(name, "") for name in names} for names in ({"prompt"}, known)]
        self._said = list(_said(self._original, self._stand_ins))
        names = [criterion.name for criterion in criteria]
        self._finder = InjectionFinder(criteria=names, judge_prompts=judge_prompts)
        self._first_flags = _flags(self._finder, self._said)
        self._patterns = patterns(names, judges)
        self._criterion_words = CriterionWords(criteria, judge_prompts, allowed=self._said)

    def reasons(
        self, files: Sequence[str], records: Iterable[SeenRecord], *, tried: Iterable[str] = ()
    ) -> list[str | None]:
        """
        Return for each prompt file why it is refused, None where it is not.

        Args:
            files: The proposals' texts.
            records: All records of the dataset, read once.
            tried: Files that were proposed before; the original is one without being named.
        """
        reasons = list(self._at_once(files, tried))
        prompts = [
            None if reason else Prompt(name="candidate/proposed", text=file)
            for file, reason in zip(files, reasons, strict=True)
        ]
        # Without a record, as far as a prompt says the same whatever it is filled in with.
        plain = [list(_said(prompt, self._stand_ins)) if prompt else [] for prompt in prompts]
        quotations = Quotations(plain, allowed=self._said, may_quote_train=self._may_quote_train)
        subject = AssessmentWords(self._patterns, plain, self._said)
        shapes = Shapes()
        for record in records:
            quotations.add(record)
            subject.add(record)
            shapes.add(record.values)
        for place, (prompt, quoted) in enumerate(zip(prompts, quotations.found(), strict=True)):
            if prompt is not None:
                reasons[place] = self._by_records(prompt, shapes, subject, quoted)
        return reasons

    def _at_once(self, files: Sequence[str], tried: Iterable[str]) -> Iterator[str | None]:
        """Yield why a file is refused without a look at the records."""
        known = {_plain(self._original.text), *map(_plain, tried)}
        for file in files:
            same = _plain(file) in known
            known.add(_plain(file))
            yield "it is the same as one that was proposed before" if same else self._of_file(file)

    def _of_file(self, file: str) -> str | None:
        try:
            prompt = Prompt(name="candidate/proposed", text=file)
        except PromptError as error:
            return f"it is no prompt file: {_without_name(error)}"
        names = sorted(prompt.variables - self._original.variables - RECORDS_OWN)
        if "reference" in prompt.variables:
            return "it uses `reference`, the answer"
        if names:
            return f"it uses variables that the first prompt does not: {', '.join(names)[:_MOST_SHOWN]}"
        if prompt.has_loops and not self._original.has_loops:
            return "it has a loop, which the first prompt has not"
        tokens = prompt_tokens(file)
        if tokens > self._most_tokens:
            return f"it has about {tokens:,} tokens, more than {self._most_tokens:,}"
        return None

    def _by_records(
        self, prompt: Prompt, shapes: Shapes, subject: AssessmentWords, quoted: Quotation | None
    ) -> str | None:
        if reason := self._of_filling_in(prompt, shapes):
            return reason
        said = list(_said(prompt, shapes.examples))
        if flags := _flags(self._finder, said) - self._first_flags:
            return f"it {FLAGS[min(flags, key=list(FLAGS).index)]}"
        if words := subject.addressed(said):
            return f'it speaks of how responses are assessed: "{words[:_MOST_SHOWN]}"'
        if words := self._criterion_words.found(said):
            return f'it has the wording of a criterion or a judge prompt: "{words[:_MOST_SHOWN]}"'
        if quoted:
            return f'{QUOTES} {_WHICH[quoted.part]}, {quoted.record_id}: "{quoted.words[:_MOST_SHOWN]}"'
        return None

    def _of_filling_in(self, prompt: Prompt, shapes: Shapes) -> str | None:
        for values in shapes.examples:
            try:
                turns, first = _turns(prompt, values), _turns(self._original, values)
            except PromptError as error:
                return f"with some records it does not work: it {_without_name(error)}"
            filled = sum(_size(values[name]) for name in prompt.variables & values.keys())
            own = sum(_size(turn.text) for turn in turns) - filled
            if (tokens := own // BYTES_PER_TOKEN) > self._most_tokens:
                return f"it comes to about {tokens:,} tokens, more than {self._most_tokens:,}"
            if not any(turn.role == "user" for turn in turns):
                return "it has no message of the user's"
            if turns[-1].role != first[-1].role:
                return f"it ends with a message of the {turns[-1].role}'s"
            if _holds_prompt(first) and not _holds_prompt(turns):
                without = ", ".join(sorted(RECORDS_OWN - values.keys()))
                return (
                    f"it leaves out what the record asks{f', where there is no {without}' if without else ''}"
                )
        return None


def _turns(prompt: Prompt, values: Mapping[str, Any]) -> list[Turn]:
    return prompt.render({name: value for name, value in values.items() if name != "reference"})


def _stand_in(name: str, value: Any) -> Any:
    # A single word that no prompt has: nothing that a record says is taken for the prompt's words, and a part
    # of it, which a prompt may have cut, is not the whole.
    return f"qz{re.sub(r'[^a-z0-9]', '', name.lower())}{'z' * _LONG}q" if isinstance(value, str) else value


def _size(value: Any) -> int:
    return len(str(value).encode())


def _holds_prompt(turns: Iterable[Turn]) -> bool:
    asked = _stand_in("prompt", "")
    return any(asked in turn.text.lower() for turn in turns if turn.role != "system")


def _said(prompt: Prompt, examples: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """
    Yield what a prompt says: its source, and what it comes to.

    A text that is put together in a template is in no place of the source, and one that depends on a record
    may be in nothing that it comes to.
    """
    yield re.sub(r"\{#.*?#\}", "", preface_and_rest(prompt.text)[1], flags=re.DOTALL)
    seen: set[str] = set()
    for values in examples:
        try:
            turns = _turns(prompt, values)
        except PromptError:
            # A record of another kind may suit it; those that there are decide.
            continue
        for turn in turns:
            if turn.text not in seen:
                seen.add(turn.text)
                yield turn.text


def _flags(finder: InjectionFinder, texts: Iterable[str]) -> set[str]:
    return {flag for text in texts for flag in finder.find(_MATERIAL.sub(" ", text))}


def _plain(file: str) -> str:
    return " ".join(fold(preface_and_rest(file)[1]).split())


def _without_name(error: PromptError) -> str:
    return str(error).removeprefix("prompt candidate/proposed ").rstrip(".")
