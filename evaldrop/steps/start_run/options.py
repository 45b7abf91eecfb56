"""What an uploaded dataset says about its own run, in the object's metadata: the event cannot carry it."""

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from evaldrop.errors import InputError

PREFIX = "evaldrop-"
"""How the keys of user metadata begin that StartRun reads, such as `x-amz-meta-evaldrop-limit`."""


class UploadOptions(BaseModel):
    """How the run that an upload starts is to differ from what is found beside the dataset."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    evaluation: str | None = Field(
        default=None, min_length=1, description="Key in the input bucket, or its URI."
    )
    limit: int | None = Field(default=None, ge=1, description="Evaluate only the first so many records.")

    def to_metadata(self) -> dict[str, str]:
        """Return the user metadata that says so; empty without options."""
        return {f"{PREFIX}{key}": str(value) for key, value in self.model_dump(exclude_none=True).items()}

    @classmethod
    def from_metadata(cls, metadata: Mapping[str, str]) -> "UploadOptions":
        """
        Return the options that an object's user metadata holds.

        Raises:
            InputError: A key that begins with `evaldrop-` is unknown, or its value is no such option.
        """
        ours = {
            key.lower().removeprefix(PREFIX): value
            for key, value in metadata.items()
            if key.lower().startswith(PREFIX)
        }
        try:
            return cls.model_validate(ours)
        except ValidationError as error:
            told = [f"{PREFIX}{problem['loc'][0]}: {problem['msg']}" for problem in error.errors()]
            known = " and ".join(f"{PREFIX}{name}" for name in cls.model_fields)
            raise InputError(
                f"its metadata cannot be followed ({'; '.join(told)}). Known are {known}. Upload it again."
            ) from error
