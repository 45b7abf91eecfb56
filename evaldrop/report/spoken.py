"""
What sentences of a scorecard are about: each part that tells of some records opens them.

A scorecard has its alarms, hints and verdicts as texts, so it is by their own words that they are found here;
the names in them are those of the run, and of what a pattern finds the link is made as for any other number.
Whatever matches nothing stays a text.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain

from evaldrop.report import behind, links
from evaldrop.report.behind_trust import rests_on
from evaldrop.report.columns import Words
from evaldrop.report.links import Link
from evaldrop.scorecard.model.baseline import BaselineEstimate
from evaldrop.scorecard.model.biases import BiasEstimate
from evaldrop.scorecard.model.guardrails import GuardrailComparison
from evaldrop.scorecard.model.pairwise import pairs_of
from evaldrop.scorecard.model.part import OVERALL
from evaldrop.scorecard.model.scorecard import (
    Scorecard,
)
from evaldrop.scorecard.recommendation import recommendation_of
from evaldrop.scorecard.recommendation.leads import WIN_RATE
from evaldrop.scorecard.recommendation.phrases import short_name

_IN_WORDS = {"quality over all criteria": OVERALL, "preferences": WIN_RATE}
# To the end of a clause: a point within a number or a name is none.
_REST = r"(?:[^;.]|\.(?=\w))*"
_OF = r"[\d,]+ of [\d,]+"

_Found = Mapping[str, str]
_Rule = tuple[str, Callable[[_Found], Link | None]]
"""A pattern, in which {c} is a candidate and so on, and what is opened by what it finds."""


class Spoken:
    """Parts the sentences of one scorecard into words, some of which open records."""

    def __init__(self, scorecard: Scorecard) -> None:
        self._scorecard = scorecard
        self._candidates = {short_name(name): name for name in scorecard.candidates}
        self._candidates |= {name: name for name in scorecard.candidates}
        self._criteria = {**_IN_WORDS, **{name: name for name in scorecard.criteria}, OVERALL: OVERALL}
        self._names = {
            "c": _any_of(self._candidates),
            "k": _any_of(self._criteria),
            "j": _any_of(scorecard.judges),
            "g": _any_of(scorecard.slices),
        }
        # A pattern's {a} and {b} are candidates, too.
        self._names |= {"a": self._names["c"], "b": self._names["c"]}
        self._candidate = self._compiled("{c}")
        rules = (self._losses(), self._judging(), self._compared(), self._guarded(), self._others())
        self._rules = [(self._compiled(pattern), opens) for pattern, opens in chain(*rules)]
        self._pairs = pairs_of({name: card.pairwise for name, card in scorecard.candidates.items()})

    def __call__(self, text: str) -> tuple[Words, ...]:
        """Return a text in parts that make it up again."""
        parts, at = [], 0
        for start, end, link in self._spans(text):
            if start >= at:
                parts += [Words(text[at:start]), Words(text[start:end], to=link)]
                at = end
        return tuple(part for part in (*parts, Words(text[at:])) if part.text)

    def _spans(self, text: str) -> Iterator[tuple[int, int, Link]]:
        """Yield what opens something, in the text's order; of two that overlap the first rule's."""
        taken: list[tuple[int, int, Link]] = []
        # What a failed call said is anybody's, and may be made to look like one of these sentences.
        text = text.partition(" said: ")[0]
        about = self._about(text)
        named = [(match.end(), self._candidates[match["c"]]) for match in self._candidate.finditer(text)]
        for pattern, opens in self._rules:
            for match in pattern.finditer(text):
                before = [{"c": name} for end, name in named if end <= match.start()]
                link = opens({**about, **(before[-1] if before else {}), **self._meant(match)})
                start, end = match.start(), match.start() + len(match.group().rstrip(" ,:("))
                if link is not None and all(end <= first or start >= last for first, last, _ in taken):
                    taken.append((start, end, link))
        yield from sorted(taken, key=lambda span: span[:2])

    def _about(self, text: str) -> _Found:
        """Return what the whole of a text is about, where a part of it does not say so."""
        found = {"c": "", "j": "", "k": recommendation_of(self._scorecard).quantity or OVERALL}
        for subject in (r"^(?:SIMULATED\. )?On {k}[ :(]", r"^Judge {j}"):
            if match := self._compiled(subject).search(text):
                found |= self._meant(match)
        return found

    def _compiled(self, pattern: str) -> re.Pattern[str]:
        for key, names in self._names.items():
            pattern = pattern.replace(f"{{{key}}}", f"(?P<{key}>{names})")
        return re.compile(pattern.replace("{rest}", _REST).replace("{of}", _OF))

    def _meant(self, match: re.Match[str]) -> dict[str, str]:
        """Return the names that a pattern found, as the scorecard has them."""
        meant = {"k": self._criteria, **dict.fromkeys("abc", self._candidates)}
        found = {key: said for key, said in match.groupdict().items() if said is not None}
        return {key: meant[key][said] if key in meant else said for key, said in found.items()}

    def _losses(self) -> Iterator[_Rule]:
        """Yield what tells of responses and verdicts that are not there, or not as they should be."""
        records = self._scorecard.records
        count = {name: card.responses for name, card in self._scorecard.candidates.items()}
        # Those of whom the same is said stand in a row: each opens its own.
        who = r"{c}(?=(?:(?:, | and )[^:;]+)?: %s)(?:: {rest})?"
        missing = links.link(records.missing, answer="no_result")
        yield r"{of} records have no result{rest}", lambda _: missing
        yield r"What \d[\d,]* records? without a result{rest}", lambda _: missing
        yield (
            who % "{of} responses hold",
            lambda it: links.answers(it["c"], count[it["c"]].flagged, "flagged"),
        )
        yield who % "{of} calls failed", lambda it: links.answers(it["c"], count[it["c"]].errors, "error")
        yield (
            who % "{of} responses are empty",
            lambda it: links.answers(it["c"], count[it["c"]].empty, "empty"),
        )
        yield (
            who % "{of} responses were cut off",
            lambda it: links.stopped(it["c"], count[it["c"]].truncated, "cut_off"),
        )
        yield (
            who % "its guardrail stopped {of}",
            lambda it: links.stopped(it["c"], count[it["c"]].blocked, "blocked"),
        )
        yield r"{c}, {k}: {of} verdicts unscored{rest}(?:; whatever {rest})?", _unscored
        yield r"{c} has {of} verdicts{rest}", lambda it: links.verdicts(it["c"], "", None, "unscored")
        yield (
            r"{c} (?:answered {of}|gave no response to any of [\d,]+) records",
            lambda it: links.answers(it["c"], None, "unanswered"),
        )
        yield r"\d+ % of {c}'s (?:verdicts )?on {k}", _unscored
        yield r"\d+ % of {c}'s verdicts", lambda it: links.verdicts(it["c"], "", None, "unscored")
        yield (
            r"[\d,]+ responses?(?: and [\d,]+ judge repl(?:y|ies))? (?:is|are) those of{rest}",
            lambda _: links.link(None, answer="given"),
        )

    def _judging(self) -> Iterator[_Rule]:
        """Yield what tells of judges, and of what they favour."""
        biases = self._scorecard.biases
        yield (
            r"(?:Judge )?{j}(?=(?:(?:, | and )[^:;]+)?: {of} verdicts are unscored)(?:: {rest})?",
            lambda it: links.judged(it["j"], None, "unscored"),
        )
        yield r"Judge {j}: the response shown first{rest}", partial(_of_bias, "position", biases.position)
        yield r"(?<=; but )the order decided{rest}", lambda it: links.shown(it["j"], "flipped", None)
        yield (
            r"Judge {j}: (?:preferences changed with|no preference could be read in){rest}",
            self._called,
        )
        yield (
            r"{of} verdicts of judge {j} can be read{rest}",
            lambda it: links.judged(it["j"], None, "unscored"),
        )
        yield r"(?:Judge )?{j}: [\d,]+ verdicts? on shortened{rest}", self._called
        yield r"[Jj]udge {j} scored {of} responses on {k}", self._unread
        yield r"[Jj]udge {j} answered none of {rest}", lambda it: behind.failed_calls(it["j"], 1)
        twice = r"Judge {j} gave the same text different scores on {k}: on {rest}"
        for of, said in (("repeats", "asked again"), ("candidates", "one and the same text")):
            found = [each for each in biases.identical_texts if each.of == of]
            yield (
                rf"{twice}{said}{{rest}}(?:\. That alone {{rest}})?",
                partial(_of_bias, "identical_texts", found),
            )
        yield (
            r"Judge {j} gives [^;]+? on {k} than {rest}",
            partial(_of_bias, "self_preference", biases.self_preference),
        )
        yield (
            r"On {k} the (?:judge gives the )?(?:longer|shorter){rest}",
            partial(_of_bias, "verbosity", biases.verbosity),
        )
        yield r"On {k} the judge prefers {a} to {b}{rest}", lambda it: links.labelled(it["k"], "pair", None)
        yield (
            r"by people(?: and judge)?, [\d,]+ labelled(?: records)?",
            lambda it: links.labelled(it["k"], "labelled", None),
        )

    def _compared(self) -> Iterator[_Rule]:
        """Yield what tells of two candidates, or of a candidate and what it was."""
        yield r"{c} (?:regressed|improved) on {k}{rest}(?:; at least {rest})?", self._moved
        yield r"{c} on {k}(?:, [^;]+?)? is not decided, because [\d,]+ of{rest}", self._lost
        yield r"Against [^;,]+, on [\d,]+ records", lambda _: links.link(None, change="paired")
        yield r"{a} is preferred over {b} in{rest}", self._preferred
        yield r"whether {a} or {b} is preferred{rest}", self._preferred
        yield r"{c} is preferred over \d+ others?", lambda it: links.preferred(it["c"], "", "read", None)
        yield r"{a} over {b} on {k}: {rest}(?:; what verdicts {rest})?", self._pair
        yield r"{a} is better than {b} {rest}", self._pair
        yield r"(?:it is better |others, )than {b} (?:by|at a win rate of) {rest}", self._pair
        yield r"(?:[Bb]etter|Not worse) than (?:in )?the blessed run (?:by|at) {rest}", self._since
        yield r"No loss since the blessed run is shown{rest}", self._since
        yield r"give {a} a win rate over {b} that is{rest}", self._preferred
        yield r"the order of {a} and {b} is not decided{rest}", self._pair
        yield r"{a} over {b} by [\d.]*\d", self._pair
        yield r"{a} over {b}: one more point{rest}", self._pair

    def _guarded(self) -> Iterator[_Rule]:
        """Yield what tells of guardrails; who is meant is said once, before all of it."""
        for requests, noun in (("bad", "bad requests"), ("good", "good ones")):
            yield rf"{{of}} {noun}(?: \([^)]*\))?", partial(self._blocked, requests)
        yield r"\d+ more were refused{rest}", lambda it: links.guarded(it["c"], "any", "refused", None)
        yield r"of \d+ the end is not known", lambda it: links.guarded(it["c"], "any", "unknown", None)
        for requests, more in (("bad", "more"), ("good", "fewer")):
            found = [each for each in self._scorecard.guardrail_comparisons if each.requests == requests]
            yield rf"{{a}} stops {more} {requests} requests than {{b}}{{rest}}", partial(_of_ends, found)

    def _others(self) -> Iterator[_Rule]:
        """Yield what tells of one candidate, criterion or category."""
        scorecard = self._scorecard
        yield (
            r"{c} loses [^;]+ on {k} when prompts are perturbed by (?P<by>[a-z ]+)",
            lambda it: behind.perturbed(scorecard, it["c"], it["k"], it["by"], None),
        )
        yield r"{c} reaches [^;]+? on {k}", lambda it: behind.quality(scorecard, it["c"], it["k"])
        yield (
            r"{c} (?:costs )?(?:\$[\d,]+(?:\.\d+)?|[\d,]+(?:\.\d+)? times as much)(?: per 1,000 records)?",
            lambda it: behind.price(scorecard, it["c"]),
        )
        yield r"costs [\d.,]+ times as much as {c}", lambda it: behind.price(scorecard, it["c"])
        yield (
            r"\d+ % of its calls within [\d,.]+ m?s",
            lambda it: links.answers(it["c"], None, "timed", sort="slow"),
        )
        yield r"{c}(?:: longer responses do \w+)? on {k} \(Spearman[^)]+\)", _scored
        yield r"(?:(?<= and )|(?<=, )){k} \(Spearman[^)]+\)", _scored
        yield r"{g} \([\d,]+\)", lambda it: links.link(scorecard.slices[it["g"]].n, category=it["g"])
        yield r"{k} is [\d.]+ for {rest}", _of_all
        yield r"{k} \((?:[\d.]+ for )?\d+ % of [^)]+\)", _of_all

    def _blocked(self, requests: str, it: _Found) -> Link | None:
        card = self._scorecard.candidates.get(it["c"])
        return behind.guarded(it["c"], card.guardrail, "blocked", requests) if card else None

    def _moved(self, it: _Found) -> Link | None:
        baseline, found = self._scorecard.baseline, self._then(it)
        if baseline is None or found is None:
            return None
        kind: links.Change = "worse" if found.decision == "regressed" else "better"
        return behind.moved(baseline, it["c"], it["k"], found, kind)

    def _then(self, it: _Found) -> BaselineEstimate | None:
        """Return what is known of a candidate on a criterion beside the baseline."""
        card = self._scorecard.baseline and self._scorecard.baseline.candidates.get(it["c"])
        return card.criteria.get(it["k"]) if card else None

    def _called(self, it: _Found) -> Link | None:
        return behind.called(it["j"], self._scorecard.judges[it["j"]].calls)

    def _unread(self, it: _Found) -> Link | None:
        return links.judged(it["j"], None, "unscored", it["k"])

    def _since(self, it: _Found) -> Link | None:
        baseline, found = self._scorecard.baseline, self._then(it)
        return behind.moved(baseline, it["c"], it["k"], found, "paired") if baseline and found else None

    def _lost(self, it: _Found) -> Link | None:
        baseline, found = self._scorecard.baseline, self._then(it)
        return behind.moved(baseline, it["c"], it["k"], found, "lost") if baseline and found else None

    def _preferred(self, it: _Found) -> Link | None:
        a, b = it["a"], it["b"]
        return behind.preferences(a, self._pairs.get((a, b)) or self._pairs.get((b, a)), "read", b)

    def _pair(self, it: _Found) -> Link | None:
        # "It" is whom the sentence began with.
        it = {"a": it["c"], **it}
        if it["k"] == WIN_RATE:
            return self._preferred(it)
        found = [
            pair
            for pair in self._scorecard.comparisons
            if {pair.a, pair.b} == {it["a"], it["b"]} and pair.criterion == it["k"]
        ]
        return behind.compared(found[0]) if found else None


def _any_of(names: Iterable[str]) -> str:
    """Return a pattern of names; a longer one before one that it begins with, and none within another."""
    longest_first = sorted(names, key=len, reverse=True)
    return rf"(?<![\w.-])(?:{'|'.join(map(re.escape, longest_first)) or '(?!)'})(?![\w-]|\.\w)"


def _of_bias(kind: str, found: Sequence[BiasEstimate], it: _Found) -> Link | None:
    """Return what the bias of a judge, or on a criterion, rests on."""
    for each in found:
        entry = each.model_dump()
        if all(
            entry.get(key, it.get(short)) == it.get(short)
            for key, short in (("judge", "j"), ("criterion", "k"))
        ):
            return rests_on(kind, "", entry)
    return None


def _of_ends(found: Sequence[GuardrailComparison], it: _Found) -> Link | None:
    pairs = [each for each in found if {each.a, each.b} == {it["a"], it["b"]}]
    return behind.both_guarded(pairs[0]) if pairs else None


def _unscored(it: _Found) -> Link | None:
    return links.verdicts(it["c"], it["k"], None, "unscored")


def _scored(it: _Found) -> Link | None:
    return links.verdicts(it["c"], it["k"], None)


def _of_all(it: _Found) -> Link | None:
    return links.link(None, criterion=it["k"], verdict="scored")
