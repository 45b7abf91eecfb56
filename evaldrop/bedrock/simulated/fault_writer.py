"""The simulated model that is asked for a fault: writes the response that a request shows again, with one."""

import re
from random import Random

_FORM = "<faulty_response>"
_FORM_ENDS = 300
"""Within so many characters of a request's end it says in which form it wants a fault."""
_RESPONSE = re.compile(r"<response mark=\"(\w+)\">\n(.*?)\n</response mark=\"\1\">", re.DOTALL)
_NUMBER = re.compile(r"\d+")
_SENTENCE = re.compile(r"(?<=[.!?])\s+")


def asks_for_fault(asked: str) -> bool:
    """Tell whether a request, whose last message is `asked`, is for a response with a fault."""
    return _FORM in asked[-_FORM_ENDS:] and _RESPONSE.search(asked) is not None


def faulty(asked: str, draw: Random) -> str:
    """Return what the model writes; of a response without a hold, one of which nothing changed."""
    shown = _RESPONSE.search(asked)
    response = shown[2] if shown else ""
    numbers, sentences = [*_NUMBER.finditer(response)], _SENTENCE.split(response)
    written = response
    if numbers:
        number = draw.choice(numbers)
        other = str(int(number[0]) + draw.randint(1, 9))
        written, what = (
            response[: number.start()] + other + response[number.end() :],
            f"{number[0]} is {other}",
        )
    elif len(sentences) > 1:
        gone = sentences.pop(draw.randrange(len(sentences)))
        written, what = " ".join(sentences), f"left out: {gone}"
    else:
        what = "nothing gave a hold"
    return f"<what>{what}</what>\n<faulty_response>\n{written}\n</faulty_response>"
