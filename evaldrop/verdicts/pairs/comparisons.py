"""From a judge's reply on two responses to a preference, and to their scores where it gave some."""

from dataclasses import dataclass

from evaldrop.evaluation.criteria.scales import Scale
from evaldrop.verdicts.pairs.data import place_in_data
from evaldrop.verdicts.pairs.preferences import parse_place
from evaldrop.verdicts.pairs.scores import pair_in_data, parse_pair
from evaldrop.verdicts.pairs.words import Place, pair_words
from evaldrop.verdicts.scores.structured import plain_keys
from evaldrop.verdicts.verdict import SETTLED, TRUNCATED, JudgeReply, Reading, UnscoredReason


@dataclass(frozen=True, slots=True, kw_only=True)
class Preference:
    """
    What a judge said of two responses shown together.

    `place` is the better one's, None exactly when `unscored_reason` is not; `scores` are the two responses',
    the first-shown one's first, where a judge gives scores.
    """

    place: Place | None
    unscored_reason: UnscoredReason | None = None
    rationale: str = ""
    scores: tuple[float, float] | None = None


def read_preference(
    reply: JudgeReply, names: tuple[str, str], *, tie: bool = True, tie_words: tuple[str, ...] = ()
) -> Preference:
    """
    Read which of two responses a judge prefers. Never raises.

    Args:
        reply: The judge's reply; the tool's input counts first, then its text.
        names: What the judge is to call the first and the second response.
        tie: Whether it was offered to call neither better.
        tie_words: What a judge may say for that, beside the usual words.
    """
    if reply.stop_reason in SETTLED:
        return Preference(place=None, unscored_reason=SETTLED[reply.stop_reason], rationale=reply.text)
    words = pair_words(names, tie=tie, tie_words=tie_words)
    said = plain_keys(reply.tool_input or {})
    reading = place_in_data(reply.tool_input, words) if reply.tool_input else None
    if reading is None:
        reading = parse_place(reply.text, words, truncated=reply.stop_reason in TRUNCATED)
    return Preference(place=reading.value, unscored_reason=reading.reason, rationale=_rationale(said, reply))


def read_pair_scores(
    reply: JudgeReply, scale: Scale, names: tuple[str, str] = ("first", "second")
) -> Preference:
    """
    Read two scores; the higher one is the preference, equal ones are a tie. Never raises.

    Args:
        reply: The judge's reply; the tool's input counts first, then its text.
        scale: Lowest and highest score.
        names: What the prompt calls the first and the second response.
    """
    if reply.stop_reason in SETTLED:
        return Preference(place=None, unscored_reason=SETTLED[reply.stop_reason], rationale=reply.text)
    said = plain_keys(reply.tool_input or {})
    truncated = reply.stop_reason in TRUNCATED
    reading = pair_in_data(reply.tool_input, scale, names) if reply.tool_input else None
    if reading is None:
        reading = parse_pair(reply.text, scale, names=names, truncated=truncated)
    elif truncated:
        # The last number of a cut input may be the first digit of a longer one.
        reading = Reading.unread("truncated")
    if reading.value is None:
        return Preference(place=None, unscored_reason=reading.reason, rationale=_rationale(said, reply))
    first, second = reading.value
    place: Place = "first" if first > second else "second" if second > first else "tie"
    return Preference(place=place, rationale=_rationale(said, reply), scores=reading.value)


def _rationale(said: dict[str, object], reply: JudgeReply) -> str:
    rationale = said.get("rationale")
    return (rationale if isinstance(rationale, str) and rationale else reply.text).strip()
