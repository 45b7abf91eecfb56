"""What the API says when it does not do what was asked: a problem document, by RFC 9457."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from evaldrop.errors import Conflict, EvaldropError, InputError, LimitReached, first_line
from evaldrop.nearest import did_you_mean

PROBLEM_JSON = "application/problem+json"
MOST_FAULTS = 50


class FieldFault(BaseModel):
    """One thing wrong with what was sent: where, by a JSON Pointer (RFC 6901), and what."""

    model_config = ConfigDict(frozen=True, json_schema_extra={"required": ["pointer", "detail"]})

    pointer: str = Field(description="Of the body; of a parameter its name with # before it.")
    detail: str


class ProblemDocument(BaseModel):
    """Why a request was not done (RFC 9457)."""

    type: str = Field(default="about:blank", description="about:blank: the status says what kind it is.")
    title: str
    status: int
    detail: str
    errors: tuple[FieldFault, ...] = Field(default=(), description="Each thing that is wrong, and where.")


@dataclass
class ApiProblem(Exception):  # noqa: N818 - RFC 9457's word
    """Ends a request: the status it gets, and in words why."""

    status: HTTPStatus
    detail: str
    faults: tuple[FieldFault, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)

    def document(self) -> ProblemDocument:
        """Return what is sent."""
        return ProblemDocument(
            title=self.status.phrase, status=self.status.value, detail=self.detail, errors=self.faults
        )

    @classmethod
    def at(cls, pointer: str, detail: str) -> Self:
        """Return the problem of a body with one thing wrong."""
        return cls(HTTPStatus.UNPROCESSABLE_ENTITY, detail, (FieldFault(pointer=pointer, detail=detail),))

    @classmethod
    def of(cls, faults: Iterable[FieldFault]) -> Self:
        """Return the problem of a body with several things wrong."""
        found = tuple(faults)
        shown = found[:MOST_FAULTS]
        if more := len(found) - len(shown):
            shown = (*shown, FieldFault(pointer="", detail=f"{more:,} more problems."))
        detail = found[0].detail if len(found) == 1 else f"{len(found):,} things are wrong with the request."
        return cls(HTTPStatus.UNPROCESSABLE_ENTITY, detail, shown)

    @classmethod
    def of_error(cls, error: EvaldropError) -> Self:
        """Return how an error of evaldrop's is told; no other error's words leave the process."""
        if isinstance(error, LimitReached):
            retry = {"Retry-After": str(max(1, error.retry_after_s))}
            return cls(HTTPStatus.TOO_MANY_REQUESTS, str(error), headers=retry)
        if isinstance(error, Conflict):
            return cls(HTTPStatus.UNPROCESSABLE_ENTITY, str(error))
        if isinstance(error, InputError):
            return cls(HTTPStatus.UNPROCESSABLE_ENTITY, first_line(error))
        # What a service or a disk said names buckets and paths, which are not the caller's business.
        return cls(HTTPStatus.SERVICE_UNAVAILABLE, "Something the API needs does not answer. Try again.")


def not_found(what: str) -> ApiProblem:
    """Return the problem of what is not there, or is another's: which of them is not told."""
    return ApiProblem(HTTPStatus.NOT_FOUND, f"There is no {what} here.")


def faults_of(error: ValidationError, model: type[BaseModel], *, at: str = "") -> Iterator[FieldFault]:
    """Yield what pydantic found wrong, each with its place below the pointer `at`."""
    for problem in error.errors(include_url=False, include_input=False):
        yield FieldFault(pointer=at + _pointer(_plain(problem["loc"], model)), detail=_words(problem, model))


def _pointer(place: Iterable[str | int]) -> str:
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in place)


def _plain(place: tuple[str | int, ...], model: type[BaseModel]) -> tuple[str | int, ...]:
    """Return a place without the names that pydantic gives the branches of a union."""
    # A field that may be of several types has the type's name behind the field's, or behind an entry's index.
    of_field = model.model_fields.get(str(place[0])) if place else None
    if of_field is None:
        return place
    return tuple(part for n, part in enumerate(place) if n == 0 or isinstance(part, int))


def _words(problem: Any, model: type[BaseModel]) -> str:
    match problem["type"]:
        case "extra_forbidden":
            name = str(problem["loc"][-1])
            return f"unknown field.{did_you_mean(name, model.model_fields)}"
        case "missing":
            return "missing."
        case "value_error":
            return f"{problem['ctx']['error']}"
        # JSON's words, not Python's.
        case "tuple_type":
            return "a list is needed, such as [...]."
        case "too_short" | "too_long":
            # "Tuple should have at least 1 item after validation, not 0"
            said = str(problem["msg"]).replace("Tuple", "List").replace("Dictionary", "Object")
            return f"{said.replace(' after validation', '')}."
        case "dict_type":
            return "an object is needed, such as {...}."
        case _:
            return f"{problem['msg']}."
