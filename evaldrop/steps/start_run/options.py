"""What an upload wants of its run, in its object's user metadata: the event cannot carry it."""

from collections.abc import Mapping
from typing import Annotated
from urllib.parse import quote, unquote

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from evaldrop.errors import InputError
from evaldrop.run.request import Labels, Owner

PREFIX = "evaldrop-"
"""How the keys of user metadata begin that StartRun reads, such as `x-amz-meta-evaldrop-limit`."""


_PLAIN_IN_A_HEADER = " !#()*+/:;=?@"
_WHOSE = frozenset(("user", "customer", "key_id"))

OwnersName = Annotated[str, Field(min_length=1, max_length=100)]


class UploadOptions(BaseModel):
    """How the run that an upload starts is to differ from what is found beside the dataset."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    evaluation: str | None = Field(
        default=None, min_length=1, description="Key in the input bucket, or its URI."
    )
    limit: int | None = Field(default=None, ge=1, description="Evaluate only the first so many records.")
    go_on: bool = Field(
        default=False, description="Go on without a candidate or judge whose first calls are refused."
    )
    budget_usd: float | None = Field(
        default=None, gt=0, allow_inf_nan=False, description="What the run may cost; held while it goes."
    )
    labels: Labels = Field(default=(), description="What the run is to be found by; commas between them.")
    user: OwnersName | None = Field(default=None, description="Who started the run.")
    customer: OwnersName | None = Field(default=None, description="On whose account it goes.")
    key_id: OwnersName | None = Field(default=None, description="The API key's ID, never its secret.")

    @field_validator("labels", mode="before")
    @classmethod
    def _from_a_header(cls, value: object) -> object:
        # A header holds ASCII alone, and a comma ends a label: both travel as in addresses.
        return tuple(unquote(part.strip()) for part in value.split(",")) if isinstance(value, str) else value

    @property
    def owner(self) -> Owner:
        """Who started the run; who may write into the bucket may say so."""
        return Owner(user=self.user, customer=self.customer, key_id=self.key_id)

    def to_metadata(self) -> dict[str, str]:
        """Return the user metadata that says so; empty without options."""
        stated = self.model_dump(mode="json", exclude_defaults=True)
        if self.labels:
            stated["labels"] = ",".join(quote(label, safe=_PLAIN_IN_A_HEADER) for label in self.labels)
        for name in _WHOSE & stated.keys():
            stated[name] = quote(stated[name], safe=_PLAIN_IN_A_HEADER)
        return {
            _key(key): str(value).lower() if value is True else str(value) for key, value in stated.items()
        }

    @classmethod
    def from_metadata(cls, metadata: Mapping[str, str]) -> "UploadOptions":
        """
        Return the options that an object's user metadata holds.

        Raises:
            InputError: A key that begins with `evaldrop-` is unknown, or its value is no such option.
        """
        ours = {
            key.lower().removeprefix(PREFIX).replace("-", "_"): value
            for key, value in metadata.items()
            if key.lower().startswith(PREFIX)
        }
        ours |= {name: unquote(ours[name]) for name in _WHOSE if name in ours}
        try:
            # A misspelt option must not be passed over: without its limit a run pays for the whole dataset.
            return cls.model_validate(ours)
        except ValidationError as error:
            faults = [f"{_key(str(problem['loc'][0]))}: {problem['msg']}" for problem in error.errors()]
            *others, last = map(_key, cls.model_fields)
            known = f"{', '.join(others)} and {last}"
            raise InputError(
                f"its metadata cannot be followed ({'; '.join(faults)}). Known are {known}. Upload it again."
            ) from error


def _key(option: str) -> str:
    # With hyphens as in other headers: a proxy may drop a header whose name has an underscore.
    return PREFIX + option.replace("_", "-")
