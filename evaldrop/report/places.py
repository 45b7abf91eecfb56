"""Which responses some numbers of a report rest on, where its rows do not tell."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from evaldrop.report.failures import Places


class Behind(NamedTuple):
    """
    Places of responses, which a page's script needs and its rows do not have.

    Attributes:
        groups: By criterion, those of each group of failures.
        labels: By criterion, those that people labelled, with their scores: `labels_of` says how.
    """

    groups: Places = MappingProxyType({})
    labels: Mapping[str, Sequence[float]] = MappingProxyType({})
