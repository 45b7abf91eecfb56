"""What a report that `evaldrop view` shows sends: its reader's votes, stored with the run at once."""

from datetime import UTC, datetime
from http import HTTPStatus

from evaldrop.errors import InputError, StorageError
from evaldrop.report.review.answers import decoded
from evaldrop.report.review.importing import import_votes
from evaldrop.report.serving import NOT_FOUND, Folder, HttpAnswer, Query
from evaldrop.run.definition import RunDefinition

VOTES = "/votes"


def take_votes(folder: Folder, query: Query, body: bytes) -> HttpAnswer:
    """
    Store votes on the run at `query["run"]`, such as `support/run-1`, as `evaldrop review import` does.

    Each file of votes is stored on its own: of the same reader's votes on the same response the last count.
    """
    run = folder.run_at(query.get("run", ""))
    if run is None:
        return NOT_FOUND
    now = datetime.now(UTC).isoformat()
    try:
        done = import_votes("votes", decoded(body), RunDefinition.load(run), rater=None, imported_at=now)
    except InputError as error:
        return HttpAnswer(HTTPStatus.BAD_REQUEST, body=f"{error}\n".encode())
    except StorageError as error:
        return HttpAnswer(HTTPStatus.CONFLICT, body=f"{error}\n".encode())
    said = f"Kept with the run. Preferences: {done.preferred}; scores: {done.scored}."
    return HttpAnswer(HTTPStatus.OK, body=f"{said}\n".encode())
