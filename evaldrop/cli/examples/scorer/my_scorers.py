"""Scorers: functions of a record and a response to it. Change them, and run `evaldrop rescore latest`."""

from evaldrop.scorers import Record, Response, Score

WORDS = 60


def brevity(_record: Record, response: Response) -> Score:
    """Give 1 to a response of at most 60 words, and less the longer it is."""
    words = len(response.text.split())
    return Score(min(1.0, WORDS / max(words, 1)), note=f"{words} words")


def keywords(record: Record, response: Response) -> float | None:
    """Count how many of the record's keywords are in the response; None where it has none."""
    wanted = record.metadata.get("keywords")
    if not wanted:
        return None
    return float(sum(word in response.text.casefold() for word in wanted))
