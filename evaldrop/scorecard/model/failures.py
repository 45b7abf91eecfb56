"""The part of `scorecard.json` that says why responses failed. Public; docs/report.md."""

from typing import Literal

from pydantic import Field

from evaldrop.scorecard.model.part import Part

GroupKind = Literal["cause", "others", "no_reason"]


class FailureGroup(Part):
    """Responses that failed a criterion for what judges say alike."""

    kind: GroupKind = Field(
        description="`cause`; `others`: too few alike; `no_reason`: the judge wrote no rationale."
    )
    label: str = Field(default="", description="A telling piece of a rationale, as it stands there.")
    terms: tuple[str, ...] = Field(default=(), description="Words that set it apart, the most telling first.")
    n: int = Field(description="Failed responses.")
    records: int = Field(description="Records they are of.")
    candidates: dict[str, int] = Field(description="Candidate: failed responses.")
    record_ids: tuple[str, ...] = Field(
        default=(), description="Some of the records, spread over the run; all where `records` are few."
    )


class FailureGroups(Part):
    """A criterion's failed responses, grouped by their rationales."""

    failed: int = Field(description="Responses that failed the criterion.")
    read: int = Field(
        description="Of them those whose rationales were compared: all, or a sample spread over the run."
    )
    groups: tuple[FailureGroup, ...] = Field(description="Causes, the largest first; then the rest.")
