"""
Models come and go: when Bedrock calls a model Legacy, and when it ends.

By itself, and without what an evaluation needs: what starts runs reads it, too.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

_FILE = Path(__file__).parent / "evaluation" / "lifecycle.json"

SOON_DAYS = 60
"""A model that ends within so many days is one to replace now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelLife:
    """
    Days of a model's life; None where they are not known.

    Attributes:
        is_legacy: What an account says; None where only the days tell.
        legacy: From when it is Legacy: new customers cannot use it, and others may lose it when they do not.
        extended: Begin of public extended access, in which it may cost more.
        end: From when requests fail.
        regions: Where that is so; empty for any.
    """

    is_legacy: bool | None = None
    legacy: date | None = None
    extended: date | None = None
    end: date | None = None
    regions: tuple[str, ...] = ()

    def has_ended(self, day: date) -> bool:
        """Tell whether requests fail by a day."""
        return self.end is not None and self.end <= day

    def is_leaving(self, day: date) -> bool:
        """Tell whether a model is Legacy by a day, or ends soon after it."""
        if self.is_legacy is not None:
            is_legacy = self.is_legacy
        else:
            is_legacy = self.legacy is not None and self.legacy <= day
        return is_legacy or (self.end is not None and (self.end - day).days <= SOON_DAYS)

    def said(self, day: date) -> str:
        """Return what is known, in words that follow a model's ID."""
        if self.has_ended(day):
            return f"reached its end of life on {self.end}"
        if self.legacy is not None and self.legacy <= day:
            said = f"is Legacy since {self.legacy}"
        else:
            said = "is Legacy" if self.is_legacy else "is still active"
        if self.end is not None:
            said += f" and ends on {self.end}, in {(self.end - day).days} days"
        if self.extended is not None:
            verb = "may cost more since" if self.extended <= day else "may cost more from"
            said += f"; it {verb} {self.extended} (public extended access)"
        return said


@dataclass(frozen=True, slots=True, kw_only=True)
class Lives:
    """
    What is known of models' lives, by ID without geography.

    Attributes:
        models: A model may have other days in other Regions.
        read: The day on which it was read.
        is_account: Whether an account says so, for its Region; else it is a file.
        notes: What a reader of a run should know of how this was read.
    """

    models: Mapping[str, tuple[ModelLife, ...]]
    read: str
    is_account: bool = False
    notes: tuple[str, ...] = ()

    @property
    def said_by(self) -> str:
        """Who says so, for the end of a sentence."""
        if self.is_account:
            return "as this account's ListFoundationModels says"
        return f"as Amazon's documentation said, read {self.read}"

    def of(self, model: str, region: str | None = None) -> ModelLife | None:
        """
        Return a model's life, None where it is unknown.

        Args:
            model: Its ID, without a geography.
            region: Where it is called from; without one, the days of the Region that it leaves first.
        """
        rows = [
            row
            for row in self.models.get(model, ())
            if region is None or not row.regions or region in row.regions
        ]
        return min(rows, key=lambda row: row.end or date.max, default=None)


@cache
def published_lives() -> Lives:
    """Return the shipped file."""
    content = json.loads(_FILE.read_bytes())
    models: dict[str, tuple[ModelLife, ...]] = {}
    for row in content["models"]:
        life = ModelLife(
            legacy=_day(row.get("legacy")),
            extended=_day(row.get("extended")),
            end=_day(row.get("end")),
            regions=tuple(row["regions"]),
        )
        models[row["model"]] = (*models.get(row["model"], ()), life)
    return Lives(models=models, read=content["date"])


def listed_lives(summaries: Iterable[Mapping[str, Any]], *, read: date) -> Lives:
    """Return the lives of models as ListFoundationModels lists them (`modelSummaries`), with its times."""
    models: dict[str, tuple[ModelLife, ...]] = {}
    for each in summaries:
        said = each.get("modelLifecycle", {})
        models[each["modelId"]] = (
            ModelLife(
                is_legacy=said.get("status") == "LEGACY",
                legacy=_day(said.get("legacyTime")),
                extended=_day(said.get("publicExtendedAccessTime")),
                end=_day(said.get("endOfLifeTime")),
            ),
        )
    return Lives(models=models, read=read.isoformat(), is_account=True)


def _day(time: datetime | str | None) -> date | None:
    # boto3 gives a datetime; what stands in for it may give its text.
    return datetime.fromisoformat(time).date() if isinstance(time, str) else time and time.date()
