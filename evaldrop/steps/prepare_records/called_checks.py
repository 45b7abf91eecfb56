"""The calls of a record's checks: embeddings of a response and its references, a guardrail's look at it."""

from collections.abc import Iterator
from hashlib import blake2b
from typing import Any

import orjson

from evaldrop.datasets import Record
from evaldrop.evaluation.called_checks import EMBED, CalledCheck
from evaldrop.run.definition import RunDefinition

JSON = dict[str, Any]


class CheckRequests:
    """
    Makes the calls of one record after another.

    Attributes:
        constants: What each check's calls have in common, by its key: beside those of judges in the
            workflow's state.
    """

    def __init__(self, definition: RunDefinition) -> None:
        self._checks = {_key(check): check for check in definition.called_checks}
        self._candidates = [candidate.name for candidate in definition.candidates]
        self.constants: dict[str, JSON] = {key: check.constants for key, check in self._checks.items()}

    def judgements(self, record: Record) -> Iterator[JSON]:
        """Yield the calls about a record's responses, which are not there yet, in the form of judges'."""
        own = {config.get("name") for config in record.checks if isinstance(config, dict)}
        for key, check in self._checks.items():
            # By this name the record has a check of its own.
            if check.check.name in own:
                continue
            # The response first, then each reference: an empty text before it is what tells them apart.
            references = [text for text in record.reference if text.strip()]
            texts = ["", *references] if check.api == EMBED else [""]
            if check.api == EMBED and not references:
                continue
            for repeat, text in enumerate(texts):
                yield {
                    "judge": check.name,
                    "api": check.api,
                    "request_key": key,
                    "criteria": [check.check.name],
                    "repeat": repeat,
                    "before": text,
                    "after": "",
                    "fences": {name: {"open": "", "close": ""} for name in self._candidates},
                }


def _key(check: CalledCheck) -> str:
    # By what it asks: replies to another model or to other categories are none to this.
    asked = orjson.dumps(check.constants, option=orjson.OPT_SORT_KEYS)
    return f"{check.name}/{blake2b(asked, digest_size=6).hexdigest()}"
