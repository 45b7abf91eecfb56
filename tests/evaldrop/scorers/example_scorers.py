"""Scorers as people write them, good and bad ones; processes of tests import this file by its name alone."""

import os
import sys
import time

from evaldrop.scorers import Record, Response, Score


def brevity(_record: Record, response: Response) -> Score:
    """Give 1 to three words, and less to more."""
    words = len(response.text.split())
    sys.stdout.write("this goes to the log\n")
    return Score(min(1.0, 3 / max(words, 1)), note=f"{words} words")


def as_told(record: Record, response: Response) -> object:
    """Do what the response says."""
    match response.text:
        case "sleep":
            time.sleep(60)
        case "spin":
            try:
                while True:
                    pass
            except Exception:  # noqa: BLE001 - as people write it
                return 1
        case "exit":
            os._exit(3)
        case "raise":
            raise ValueError(f"no score of {record.id}")
        case "huge":
            return len(bytearray(6 << 30))
    told = {"nan": float("nan"), "word": "good", "none": None, "yes": True, "no": Score(False), "two": 2}
    return told.get(response.text, 0.5)


not_callable = 7
