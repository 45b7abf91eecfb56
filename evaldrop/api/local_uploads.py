"""
Uploads of the local API: where a dataset may be put, by a signature that lasts a quarter of an hour.

They are called as in a stack, `s3://local/uploads/<owner>/<random>/<name>`, and lie below the API's folder.
"""

import hashlib
import re
import secrets
import time
from collections.abc import Callable
from http import HTTPStatus
from io import BufferedIOBase
from pathlib import Path
from typing import BinaryIO, Final

from evaldrop import storage
from evaldrop.api.access import Caller
from evaldrop.api.answers import UploadAnswer
from evaldrop.api.problems import ApiProblem
from evaldrop.api.signatures import Signatures

LASTS_S: Final = 900
MOST_BYTES: Final = 1 << 30
BUCKET: Final = "s3://local"
_PATH = re.compile(r"/uploads/[0-9a-f]{16}/[0-9a-f]{32}/[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")
_CHUNK: Final = 1 << 20


def folder_of(caller: Caller) -> str:
    """Return the name of a caller's own folder of uploads."""
    return hashlib.sha256(caller.account.encode()).hexdigest()[:16]


class LocalUploads:
    """
    Uploads below a folder.

    Args:
        folder: The API's own.
        address: Returns the server's, such as `http://127.0.0.1:8000`; it is asked for when it listens.
        clock: Seconds since 1970.
    """

    def __init__(
        self, folder: Path, address: Callable[[], str], clock: Callable[[], float] = time.time
    ) -> None:
        self._folder, self._address = folder, address
        self._signatures = Signatures(clock)

    def begin(self, name: str, caller: Caller) -> UploadAnswer:
        """Return where a dataset can be put."""
        path = f"/uploads/{folder_of(caller)}/{secrets.token_hex(16)}/{name}"
        return UploadAnswer(
            url=f"{self._address()}{self._signatures.signed(path, lasts_s=LASTS_S)}",
            dataset=f"{BUCKET}{path}",
            expires_in_s=LASTS_S,
            headers={},
        )

    def find(self, uri: str, caller: Caller) -> str | None:
        """Return the path of a caller's own upload; None where there is none."""
        path = uri.removeprefix(BUCKET)
        if not _PATH.fullmatch(path) or path.split("/")[2] != folder_of(caller):
            return None
        file = self._folder / path.lstrip("/")
        return str(file) if file.is_file() else None

    def receive(self, path: str, query: dict[str, str], body: BinaryIO | BufferedIOBase, length: int) -> None:
        """
        Keep what is put.

        Raises:
            ApiProblem: The signature is not this path's, or its time is over; or the file is too large.
        """
        if not (_PATH.fullmatch(path) and self._signatures.hold(path, query)):
            raise ApiProblem(HTTPStatus.FORBIDDEN, "This address takes no upload (any more). POST /uploads.")
        if length > MOST_BYTES:
            raise ApiProblem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "An upload may have 1 GiB.")
        with storage.open_write(str(self._folder / path.lstrip("/"))) as file:
            while length > 0:
                chunk = body.read(min(length, _CHUNK))
                if not chunk:
                    raise ApiProblem(HTTPStatus.BAD_REQUEST, "The upload ended before its Content-Length.")
                file.write(chunk)
                length -= len(chunk)
