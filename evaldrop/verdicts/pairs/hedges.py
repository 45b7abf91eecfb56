"""
What keeps a sentence that ranks two responses from being the judge's own claim: denial, doubt, other voices.

Each list is wider than it need be: a claim that is missed leaves a pair unscored, one that is made up is a
wrong number.
"""

import re

# Only "I" and "we" speak for the judge; what others say or think, or what is not said to be so, is no claim.
_OWN_VOICE = re.compile(
    r"\b(?:I|we)(?:'d|'ll| would| will| must| can| have to| do)?(?:\s+\w+ly|\s+also|\s+still|\s+rather)?\s+"
    r"(?:say|think|believe|feel|argue|conclude|find|judge|suggest|state|declare|hold|maintain|recommend)\b",
    re.IGNORECASE,
)
_DOUBTED = re.compile(
    r"(?:\bnot|n't|\bnever|\bcannot|\bhardly|\bbarely|\bscarcely|\bno longer|\bneither|\bnor"
    r"|\bwithout)\s+(?:[\w']+\s+){0,4}?"
    r"(?:say|saying|said|think|believe|claim|agree|feel|argue|conclude|sure|clear|certain|true|mean|imply|see|find"
    r"|convinced|persuaded|call|prefer|choose|pick|select|judge|consider|hold|maintain|assert|evident|obvious|that"
    r"|because|case|follow|suggest|support|prove|show|want|accept|endorse|concede|deny|right|correct|fair"
    r"|possible|enough|as if|as though|go so far)\b"
    r"|\b(?:nobody|no one|no-one|hardly any\w*|(?:very )?few (?:people|would|readers|could|will|judges)"
    r"|no (?:reason|evidence|reader|person|expert|user|basis|grounds?|argument|sense|way|sign"
    r"|indication|proof|judge))\b"
    r"|\b(?:hard|difficult|tough|impossible|wrong|incorrect|false|untrue|unfair|mistaken|mistake|misleading|tempting"
    r"|absurd|naive|rash|premature|silly|foolish|unreasonable|stretch|lie|nonsense|inaccurate|unwarranted"
    r"|dishonest|inappropriate|too (?:early|soon)|myth|illusion"
    r"|exaggeration)\s+(?:\w+\s+){0,3}?(?:to|that|if|in)\b"
    r"|(?<!no )(?<!without )\bdoubt(?!less|s? not)\w*|\b(?:disagree\w*|deny|denies|refuse\w*"
    r"|reject\w*|dispute\w*|wonder|unsure"
    r"|uncertain|unclear|unconvinced|unlikely|skeptical|sceptical|imagine|suppos(?:e|ing)|assum(?:e|ing)|hypothetically|whether"
    r"|unless|if|as if|as though|rather than|instead of|far from|anything but|had|were|lest"
    r"|neither|nor|counter to"
    r"|contrary to|against|perhaps|maybe|possibly|conceivably|potentially|presumably)\b",
    re.IGNORECASE,
)
_ATTRIBUTED = re.compile(
    r"\b(?:says?|said|saying|claim(?:s|ed|ing)?|argue[sd]?|asserts?|asserted|insists?|insisted|pretend(?:s|ed|ing)?|wrote|writes"
    r"|thinks?|thought|believe[sd]?|declare[sd]|announce[sd]?|felt|feels|hope[sd]?|wish(?:es|ed)?|alleges?|maintains|contends?"
    r"|according to|opinion of|impression|at first|initially|originally|first glance|first sight"
    r"|first draft|draft|initial|tentative|preliminary|instinctive|earlier"
    r"|previously|supposedly|allegedly|apparently|reportedly|seemingly|in theory|hypothesis"
    r"|argument is|to play)\b"
    r"|\b(?:tell(?:s|ing)?|told|ask(?:s|ed|ing)?|instruct(?:s|ed|ing)?|orders?|ordered|want(?:s|ed)?|demand(?:s|ed|ing)?|urge[sd]?"
    r"|state[sd]?|suggest(?:s|ed)|implie[sd]|implying)\s+(?:me|us|you|the (?:judge|evaluator"
    r"|reader|grader)|that)\b"
    r"|\b(?:one|some\w*|you|people|others|many|most|readers?|users?|they|he|she|it|critics|anyone"
    r"|somebody|someone|a \w+)"
    r"\s+(?:\w+\s+)?(?:could|might|may|would|can)\b",
    re.IGNORECASE,
)
_ASPECT = re.compile(
    r"\b(?:in terms of|with respect to|in regards? to|with regards? to|regarding|when it comes to"
    r"|as for|on the (?:matter|point|question) of"
    r"|as far as|from the (?:perspective|point|standpoint)|from an?\s+(?:\w+\s+)?(?:perspective"
    r"|point|standpoint|view)|in the (?:area|aspect) of"
    r"|some (?:may|might|would|people))\b",
    re.IGNORECASE,
)
_DENIED = re.compile(
    r"\b(?:not|never|nor|hardly|or|than|be|scarcely|barely|no)\s+(?:that\s+)?(?:the\s+)?$", re.IGNORECASE
)
# What is granted ("although A is better, ...") is not what is decided.
_GRANTED = re.compile(
    r"\b(?:while|although|though|even if|even though|granted|admittedly|true|despite|whereas|yes"
    r"|sure|of course|albeit)\b[^,]*$",
    re.IGNORECASE,
)
_NEW_CLAUSE = re.compile(
    r";|—|–|\s-\s|:\s|(?:,\s*|\s)(?:so(?!\s+that\b)|therefore|thus|hence|but|consequently|yet"
    r"|which means(?: that)?|and so|and therefore)(?=[\s,])"
)
_LEADING = re.compile(
    r"^\W*(?:[a-z]+ly,?\s+|and\s+|so\s+|but\s+)?(?:since|because|as|given|considering|based on|in"
    r"|with|while|although|though|when|after"
    r"|for|to|due|despite|even|taking|overall|on|however|having|both|looking"
    r"|weighing)\b.*,\s*(?:then\s+|I (?:think|believe|find|conclude)(?: that)?\s+)?$",
    re.IGNORECASE | re.DOTALL,
)
_ATTRIBUTED_BEFORE_COMMA = re.compile(
    r"\b(?:says?|claims?|argues?|states?|puts it|notes|writes|insists|believes?|sees it"
    r"|would have it|wants|suggests?|asserts?)\s*,\s*$",
    re.IGNORECASE,
)
_TAKEN_BACK = re.compile(
    r"^\W*not\W*$|^\W*(?:only\s+)?(?:if|unless|when|were|had|only|in theory|at first|at least at)\b"
    r"|\bI(?: would| must| have to)? (?:disagree|do(?:n't| not) (?:agree|think so|believe (?:it|that|so)))\b"
    r"|\b(?:which|that|this|it) (?:is|was|would be|is simply|is just)\s+(?:an?\s+"
    r"|not\s+)?(?:wrong|mistaken|false|incorrect|untrue|nonsense|absurd"
    r"|misleading|lie|exaggeration|mistake|true\b(?<=not true)|so\b(?<=not so)|case\b)"
    r"|\bor so (?:it|they|he|she|the)\b|\b(?:one|some\w*|people|you|they|many|others) (?:could"
    r"|might|may|would|can)\s+(?:\w+\s+)?(?:say|think|argue|claim|object)\b"
    r"|\b(?:it|they|he|she) (?:says|say|claims?|argues?|insists?)\b",
    re.IGNORECASE,
)
_REBUTTED = re.compile(
    r"^\W*(?:(?:but|yet|however|and|still|well)\W+)?(?:I (?:disagree|do(?:n't| not) (?:agree"
    r"|think so|believe))"
    r"|(?:that|this|it)(?: is|'s| was| would be)\s+(?:\w+\s+)?(?:wrong|false|incorrect|untrue"
    r"|nonsense|mistake|not|a mistake|a lie)\b"
    r"|(?:that|this|it) (?:isn't|is not|was not|wasn't) (?:so|true|right|the case|correct|my)\b"
    r"|not so\b|wrong\b|no\s*[,.!]|no\s*$|nonsense\b|scratch that\b|wait\b|correction\b"
    r"|on second thought|on reflection|actually,? no)",
    re.IGNORECASE,
)
_NOT_EVEN = re.compile(
    r"\b(?:not|never|hardly|cannot|if|unless|whether|nobody|no one|far from|might|could|may"
    r"|almost|nearly|doubt|disagree|wrong"
    r"|while|although|though|instead of|rather than|at first|initially|thought|says?|said|claims?"
    r"|barely|scarcely|would|or"
    r"|in terms of|regarding|when it comes to|as for|some|hard|difficult)\b|n't\b",
    re.IGNORECASE,
)


def is_claimed(before: str) -> bool:
    """Tell whether what stands before a claim in its sentence lets it be the judge's own."""
    if _ASPECT.search(before) or _DENIED.search(before) or _GRANTED.search(before):
        return False
    if _ATTRIBUTED_BEFORE_COMMA.search(before):
        return False
    clause = _OWN_VOICE.sub(" ", clause_of(before))
    if re.search(r"\b(?:if|unless|whether|were|had)\b", before.rpartition(";")[2], re.IGNORECASE):
        return False
    if _LEADING.match(clause):
        return True
    return not (_DOUBTED.search(clause) or _ATTRIBUTED.search(clause))


def clause_of(before: str) -> str:
    """Return the end of `before` that belongs to the same clause as what follows it."""
    start = 0
    for boundary in _NEW_CLAUSE.finditer(before):
        head = before[: boundary.start()]
        # A colon may open what it would be wrong to say.
        if boundary.group().strip() == ":" and (
            _DOUBTED.search(head) or _ATTRIBUTED.search(_OWN_VOICE.sub(" ", head))
        ):
            continue
        start = boundary.end()
    return before[start:]


def is_taken_back(after: str) -> bool:
    """Tell whether what follows a claim in its sentence takes it back."""
    return bool(_TAKEN_BACK.search(after))


def is_rebutted(following: str) -> bool:
    """Tell whether a sentence takes back the one before it."""
    return bool(_REBUTTED.match(following))


def is_even_claimed(before: str) -> bool:
    """Tell whether what stands before the words of a tie lets them be the judge's own."""
    before = _OWN_VOICE.sub(" ", before)
    return not _NOT_EVEN.search(
        re.sub(r"\b(?:I|we)(?: would|'d)\b", " ", clause_of(before), flags=re.IGNORECASE)
    )
