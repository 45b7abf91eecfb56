"""
Prompts that speak of how responses are assessed, in place of the task: those please a judge, and nobody else.

Pure. Wider than the flags of a response (`verdicts.injection`): there the words have to be aimed at a judge,
here a candidate is told of one. What the task itself is about (a court's judge, a game's score) is for the
caller to take out: the first prompt has it, too, or the records have.
"""

import re
from collections.abc import Iterable

from evaldrop.verdicts.injection import fold

_JUDGE = r"(?:judge|grader|evaluator|rater|assessor|scorer|examiner)s?"
_KIND = (
    r"(?:(?:strict|fair|impartial|careful|human|automat(?:ed|ic)|external|expert|ai|llm|model|evaluation"
    r"|quality)[ -])"
)
_DOES = (
    r"(?:will|must|should|wants?|looks?|prefers?|expects?|checks?|rewards?|gives?|likes?|scores?|awards?"
    r"|values?|penali[sz]es?|reads?|sees?|assess(?:es)?)"
)
_OUTPUT = r"(?:response|answer|reply|output|text|work|result)s?"
_ASSESSED = (
    r"(?:judged|graded|scored|rated|marked|evaluated|assessed|ranked|benchmarked|tested|measured|compared"
    r"|checked against)"
)
_MARK = r"(?:scores?|marks?|ratings?|grades?)"


def _any_of(*patterns: str) -> str:
    return "|".join(patterns)


# Every gap is bounded: an open one takes time with the square of a prompt's length.
_PATTERNS = (
    _any_of(
        rf"\b(?:the|an?|any|our|your|each|every|this|whoever|as)[ -]{_KIND}{{0,2}}{_JUDGE}\b",
        rf"\b{_KIND}{_JUDGE}\b",
        rf"\b{_JUDGE} {_DOES}\b|\b(?:graders|raters|assessors|evaluators|scorers)\b",
        r"\b(?:whoever|(?:those|people|someone|somebody|anyone) who) (?:marks?|grades?|scores?|rates?|reads?"
        r"|checks?|assess(?:es)?|judges?)\b",
        r"\b(?:reviewer|reviewing|evaluating|evaluator|judging|grading|critic) (?:ai|model|llm|system)\b",
        r"\b(?:another|second|separate|different|other) (?:ai|language model|llm|assistant)\b",
        r"\b(?:another|second|other) model (?:will |that |which |to |then )(?:\w+ )?(?:reads?|checks?"
        r"|decides?|reviews?|judges?|rates?|scores?|sees?|compares?)\b",
    ),
    _any_of(
        rf"\b(?:you|your (?:\w+ ){{0,2}}?{_OUTPUT}|(?:the|each|every|this|all) {_OUTPUT}|responses|answers"
        rf"|replies) (?:will|is|are|be|being|gets?|shall)(?: \w+){{0,2}}? {_ASSESSED}\b"
    ),
    _any_of(
        rf"\b(?:full|high(?:est|er)?|top|max(?:imum|imal)?|best|perfect|better|low(?:er|est)?)"
        rf"(?: possible)? {_MARK}\b",
        r"\b(?:full|top|max(?:imum)?) points\b",
        r"\bscor(?:e|es|ed|ing) (?:well|high\w{0,3}|better|best|full|top|points|poorly|low\w{0,2})\b",
        r"\bscores?(?: \w+){0,3}? \d",
        r"\bmaximi[sz](?:e|es|ing) (?:\w+ ){0,2}?(?:scores?|ratings?|rewards?)\b",
        r"(?<![\d/.])(5|10|100) ?(?:/|out of) ?\1(?![\d/])",
        r"\b(?:scores?|ratings?|grades?|verdicts?)[\"'>]{0,2} ?[:=>] ?[\"'\[]{0,3}\d",
        r"\b(?:scores?|grades?|verdicts?)[\"'>]{0,2} ?[:=] ?[\"'\[]{0,3}(?:pass|full|perfect|correct)\b",
        r"\bscoring (?:below|above|under|over|guides?|systems?|sheets?)\b|\brated (?:an? )?\d",
        r"</?(?:score|rating|verdict|grade)>",
        r"\b(?:get|earn|gain|win|lose|receive|give|award|deduct|cost)(?:s|ing)? "
        r"(?:full |more |extra |bonus )?(?:points?|marks?)\b",
        r"\b(?:full|partial|extra) credit\b|\bgives? credit for\b",
        r"\b(?:get|give|earn|receive|deserve|award)s? an? (?:[1-9]|10|[a-f])"
        r"(?= (?:for|from|if|when)\b|[,;:]|\.\s|$)",
    ),
    _any_of(
        r"\brubrics?\b|\breference answers?\b|\bgold(?:en)?(?:[ -]standard)? (?:answer|response|label)s?\b",
        r"\b(?:compare|check|match|measure|agree|close|similar|identical)\w{0,5} (?:with|to|against|by)\b"
        r"[^.\n]{0,30}?\b(?:expected|correct|reference|target|ideal|gold\w{0,3})\b",
        r"\b(?:the|this|automat(?:ed|ic)|human) (?:scoring|grading|judging|marking)\b",
        r"\bground truth\b|\banswer keys?\b",
        r"\b(?:evaluation|scoring|grading|assessment|judging|rating)[ -](?:criteri\w{1,3}|scales?"
        r"|guidelines?|rules?|forms?|metrics?|instructions?|schemes?|process)\b",
    ),
    _any_of(
        r"\b(?:this|the|an) (?:evaluation|eval|benchmark|leaderboard)\b|\b(?:is|are|be|being) benchmarked\b",
        r"\bevaluation (?:system|model|prompt)\b|\bthe metric is\b|\btests? you\b",
        r"\b(?:test|dev|validation)[ -]set\b|\bheld[ -]out\b",
        r"\b(?:say|state|claim|write|add|tell|note|assure)\b[^.\n]{0,40}?\b(?:the|this|your) "
        r"(?:answer|response|reply) is (?:\w+ ){0,2}?(?:correct|right|complete|perfect|accurate|excellent)\b",
        r"\bthis (?:response|answer|reply) is (?:\w+ ){0,2}?"
        r"(?:correct|complete|perfect|accurate|excellent)\b",
        r"\b(?:please|fool|impress|convince|win over) the (?:test|check|evaluation|reviewers?"
        r"|assess\w{1,5})\b",
    ),
    _any_of(
        r"\bantwort\w{0,2}(?: \w+){0,3}? (?:bewertet|benotet|beurteilt)\b|\bbewertungskriteri\w{1,3}",
        r"\b(?:der|die|ein\w{0,2}) (?:gutachter|prüfer|bewerter)(?:in)?\b|\bmusterantwort",
        r"\b(?:volle|höchste) (?:punktzahl|bewertung|note)",
    ),
    _any_of(
        r"\b(?:le juge|l'évaluateur|barème|note maximale|réponses? de référence)\b",
        r"\bcritères d'évaluation\b",
        r"\b(?:el juez|el evaluador|puntuación máxima|respuestas? de referencia)\b",
        r"\bcriterios de evaluación\b",
        r"评分(?:者|标准|员)|评委|满分|標準答案|标准答案|採点(?:者|基準)",
    ),
)


def patterns(criteria: Iterable[str], judges: Iterable[str]) -> tuple[re.Pattern[str], ...]:
    """
    Return what a prompt speaks of assessments by, for folded texts.

    Args:
        criteria: Names of the evaluation's criteria.
        judges: IDs of its judges' models.
    """
    folded = list(dict.fromkeys(map(fold, criteria)))
    own = []
    if models := _one_of(judges):
        own.append(rf"(?<![\w.])(?:{models})(?!\w)")
    # A name that is no word says of itself what it is; one that is a word may be meant as that.
    if odd := [name for name in folded if re.search(r"[_.]", name)]:
        own.append(rf"(?<!\w)(?:{_one_of(odd)})(?!\w)")
    # One pattern for all of them: each record may bring its own.
    if names := _one_of(folded):
        own.append(
            rf"\bcriteri(?:on|a)(?: of| for| named| called)? ?[\"'`:]? ?(?:{names})(?!\w)"
            rf"|(?<!\w)(?:{names})[\"'`]? (?:criterion|scores?|ratings?|scale|grade)\b"
        )
    return tuple(map(re.compile, (*_PATTERNS, *own)))


def _one_of(names: Iterable[str]) -> str:
    return "|".join(re.escape(fold(name)) for name in names)
