"""What is wrong with a YAML text, in words that say what to do: nearly always, which quote is missing."""

import re
from dataclasses import dataclass, replace

import yaml

try:
    # Not for its speed: the one in Python refuses `{question: Is it polite?}`, which is good YAML.
    from yaml import CSafeLoader as _Parser
except ImportError:  # pragma: no cover - PyYAML built without libyaml, as from its sources
    from yaml import SafeLoader as _Parser  # type: ignore[assignment]

Parser = _Parser


@dataclass(frozen=True, slots=True)
class YamlFault:
    """Where a text stops to be YAML, in the parser's words; `start` is where what it was reading began."""

    text: str
    says: str
    index: int
    start: int

    @property
    def char(self) -> str:
        """The character that does not fit, empty at the end of the text."""
        return self.text[self.index : self.index + 1]

    def line_of(self, index: int) -> tuple[str, int]:
        """Return the line around a place, and the place in it."""
        begin = self.text.rfind("\n", 0, index) + 1
        return self.text[begin:].partition("\n")[0].rstrip("\r"), index - begin


def explained(text: str, error: yaml.MarkedYAMLError) -> tuple[int, str]:
    """Return a fault's place and what to do. The two parsers of PyYAML word the same fault in two ways."""
    problem, context = error.problem_mark, error.context_mark
    mark = problem or context
    index = min(mark.index, len(text)) if mark else 0
    says = " ".join(f"{error.context or ''} {error.problem or ''}".split())
    fault = YamlFault(text, says, index, context.index if context else index)
    quoted = _quoted_before(text, index)
    for words, explain in _EXPLANATIONS:
        if re.search(words, says):
            return explain(fault)
    if quoted:
        return _after_quotes(fault, *quoted)
    return _flow(fault) if "flow" in says else _block(fault)


def _character(fault: YamlFault) -> tuple[int, str]:
    if fault.char == "\t":
        return fault.index, "a tab. YAML is indented by spaces: put spaces in its place"
    return begins_value(fault)


def hidden_by_comment(fault: YamlFault) -> tuple[int, str]:
    """Return what to do where a # that was meant as text, at the fault's place, hides what follows."""
    told = "after a space # begins a comment, and hides the rest of the line"
    return fault.index, f"{told}. {_in_quotes(fault, fault.index)}"


def in_quotes(value: object) -> str:
    """Return the advice to write in quotes what YAML reads as no text."""
    if value is None:
        return 'It is empty; a text that begins with # or & needs quotes. Give it a value, "like this".'
    if isinstance(value, bool | int | float):
        return f'A text that looks like this needs quotes: "{str(value).lower()}".'
    return ""


def comma_advice(key: object, value: object) -> str:
    """Return what explains an unknown key that nobody wrote as one: the rest of a text after a comma."""
    if value is not None or not re.search(r"\W", str(key)):
        return ""
    return missing_space(key) or " Within { } a comma ends a text: put the text that holds it in quotes."


def missing_space(text: object) -> str:
    """Return what explains a text that was to be a key and its value."""
    glued = re.match(r"([\w.-]+):\S", text) if isinstance(text, str) else None
    return f' A space is missing after "{glued[1]}:".' if glued else ""


def begins_value(fault: YamlFault) -> tuple[int, str]:
    """Return what to do where a text begins with a character that YAML takes for itself."""
    # The tag, alias or block of text began before the place at which it could not be read on.
    index = fault.start if fault.text[fault.start : fault.start + 1] in tuple("*&!|>%") else fault.index
    return index, f"{fault.text[index : index + 1]} cannot begin a text. {_in_quotes(fault, index)}"


def _braces(fault: YamlFault) -> tuple[int, str]:
    return (
        fault.index,
        f"{{ or [ begins a value, and a mapping cannot be a key. {_in_quotes(fault, fault.index)}",
    )


def _open_quote(fault: YamlFault) -> tuple[int, str]:
    quote = fault.text[fault.start : fault.start + 1]
    return fault.start, f"the quote {quote} that opens here is never closed. Add the closing {quote}"


def _escape(fault: YamlFault) -> tuple[int, str]:
    wanted = r"Write \\ for a backslash, or put the text in single quotes"
    return fault.index, rf"within double quotes \ begins an escape, and this one is unknown. {wanted}"


def _documents(fault: YamlFault) -> tuple[int, str]:
    return fault.index, "a second document begins with ---. Keep one in a file"


def _as_it_is(fault: YamlFault) -> tuple[int, str]:
    do = {"twice": "Keep one of them", "no number": "Leave it out, or say how much"}
    return (
        fault.index,
        f"{fault.says}. {next((each for word, each in do.items() if word in fault.says), 'Shorten it')}",
    )


def _no_colon(fault: YamlFault) -> tuple[int, str]:
    line, column = fault.line_of(fault.start)
    begins = fault.start - column + len(line) - len(line.lstrip())
    if glued := re.match(r"\s*(?:- +)?([\w.-]+):(?=\S)", line):
        return (
            fault.start - column + glued.end(),
            f'a space is missing after "{glued[1]}:". Write "{glued[1]}: " and then the value',
        )
    told = "this line has no colon: a key needs one and a space behind it"
    return begins, f"{told}. If it continues the text above, put that text in quotes"


def _misplaced_tag(fault: YamlFault) -> tuple[int, str]:
    return fault.index, "a tag (!!) or a merge key (<<) does not fit the value here. Leave it out"


def _version(fault: YamlFault) -> tuple[int, str]:
    return fault.index, "a version of YAML that is not read. Leave the line with % out"


_EXPLANATIONS = (
    (r"end of stream|document separator", _open_quote),
    (r"given twice|too long a number|no number|merge keys", _as_it_is),
    (r"expected a \w+( or list of mappings for merging| node)", _misplaced_tag),
    (r"incompatible YAML|YAML directive", _version),
    (r"single document", _documents),
    (r"unhashable", _braces),
    (r"escape", _escape),
    (r"cannot start any token", _character),
    (r"alias|anchor|block scalar|\btag\b|directive", begins_value),
    (r"could not find expected ':'", _no_colon),
)


def _quoted_before(text: str, index: int) -> tuple[int, int] | None:
    """Return where the text in quotes begins and ends that stands right before a place."""
    last = None
    try:
        for token in yaml.scan(text, Parser):
            if token.end_mark.index > index:
                break
            if isinstance(token, yaml.ScalarToken):
                last = token
    except yaml.YAMLError:
        pass  # it is the fault that is being explained
    if last is None or last.style not in {'"', "'"} or text[last.end_mark.index : index].strip():
        return None
    return last.start_mark.index, last.end_mark.index


def _after_quotes(fault: YamlFault, begins: int, ends: int) -> tuple[int, str]:
    quote = fault.text[begins]
    if "\n" in fault.text[begins:ends]:
        told = f"the quote {quote} that opens here ends lines below, before other text"
        return begins, f"{told}. Add the closing {quote} where the text ends"
    within, others = ('\\"', "single") if quote == '"' else ("''", "double")
    told = f"more text follows after the closing {quote}"
    return ends, f"{told}. Within the text write {within}, or put all of it in {others} quotes"


def _flow(fault: YamlFault) -> tuple[int, str]:
    opened = fault.text[fault.start : fault.start + 1]
    above = fault.text[: fault.index].rstrip()
    begins = min(fault.start, len(above) - fault.line_of(len(above))[1])
    between = fault.text[fault.start : fault.index]
    line, column = fault.line_of(fault.index)
    if fault.char == ":" and any(found.end() <= column for found in _FLOW_VALUE.finditer(line)):
        return fault.index, f"a colon and a space within a value. {_in_quotes(fault, fault.index)}"
    if comment := re.search(r"[ \t]#[^\n]*[\]},][^\n]*\n?", fault.text[begins : fault.index]):
        return hidden_by_comment(replace(fault, index=begins + comment.start() + 1))
    if fault.char == "?":
        return fault.index, f"a question mark within {{ }} or [ ]. {_in_quotes(fault, fault.index)}"
    if opened in {"{", "["} and (not fault.char.strip() or "\n" in between or fault.char in "]}"):
        closing = "}" if opened == "{" else "]"
        told = f"the {opened} that opens here is not closed by {closing}"
        return (
            fault.start,
            f"{told}. Add it, or a comma that is missing, or put a text that holds brackets in quotes",
        )
    return fault.index, f"this does not belong in {{ }} or [ ]. {_in_quotes(fault, fault.index)}"


def _block(fault: YamlFault) -> tuple[int, str]:
    line, column = fault.line_of(fault.index)
    before = line[:column].rstrip()
    if tab := re.match(r" *\t", line):
        return _character(replace(fault, index=fault.index - column + tab.end() - 1))
    if "sequence entries" in fault.says:
        return fault.index, f'"- " within a value begins a list. {_in_quotes(fault, fault.index)}'
    if "mapping values" in fault.says and re.search(r":\s", before):
        return fault.index, f"a colon and a space within a value. {_in_quotes(fault, fault.index)}"
    if before.endswith(("]", "}")):
        return (
            fault.index,
            f"more text follows after the closing {before[-1]}. {_in_quotes(fault, fault.index)}",
        )
    above = fault.text[: fault.index - column].rstrip()
    if "mapping values" in fault.says and not re.search(r":(?:\s|$)", fault.line_of(len(above))[0]):
        return _no_colon(replace(fault, start=len(above)))
    told = "this line is indented neither as those above it nor as a part of them"
    return (
        fault.index,
        f"{told}. Align its first letter with the keys beside it, or put a text of several lines in quotes",
    )


_FLOW_VALUE = re.compile(r"(?:[{,\[]\s*|^\s*(?:- +)*)([\w.-]+):\s+(?=\S)")
_NEXT_KEY = re.compile(r"\s*(?:, *[\w.-]+:\s|[}\]]\s*(?:[,}\]#]|$)|\s#\s)")


def _in_quotes(fault: YamlFault, index: int) -> str:
    """Return the advice to quote a value, with the value as it is to be written where that can be told."""
    line, column = fault.line_of(index)
    keys = [found for found in _FLOW_VALUE.finditer(line) if found.end() <= column]
    if not keys:
        return "Put the text in quotes"
    key = keys[-1]
    in_flow = "flow" in fault.says or line[: key.end()].count("{") > line[: key.end()].count("}")
    ended = _NEXT_KEY.search(line, max(column, key.end())) if in_flow else None
    value = line[key.end() : ended.start() if ended else len(line)].strip()
    if len(value) > 200 or value[:1] in {'"', "'"}:
        return f'Put the whole value of "{key[1]}" in quotes'
    quote = "'" if '"' in value or "\\" in value else '"'
    inner = value.replace("'", "''") if quote == "'" else value
    return f"Put the value in quotes: {key[1]}: {quote}{inner}{quote}"
