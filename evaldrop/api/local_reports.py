"""
Reports of the local API, at addresses that a browser's tab can open: a tab sends no key.

A report shows what models and datasets wrote. It comes as a document of no origin (CSP's sandbox): if a
script ever ran in it, that script could neither ask this server nor read what the API's page keeps.
"""

import re
import time
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Final

from evaldrop import storage
from evaldrop.api.exchange import HTML, ApiReply
from evaldrop.api.place import LINK_LASTS_S
from evaldrop.api.problems import ApiProblem
from evaldrop.api.signatures import Signatures
from evaldrop.report.serving import HEADERS
from evaldrop.store.protocol import Store

BELOW: Final = "/reports/"
_PATH = re.compile(rf"{BELOW}([0-9A-Za-z_-]{{1,80}})")
# It may run its own scripts, save what is exported, and open its links; nothing else.
_SANDBOX: Final = "sandbox allow-scripts allow-downloads allow-popups"
_HEADERS: Final = {**HEADERS, "Content-Security-Policy": f"{HEADERS['Content-Security-Policy']}; {_SANDBOX}"}


class LocalReports:
    """
    Reports by signed addresses.

    Args:
        store: Knows where runs are.
        address: Returns the server's, such as `http://127.0.0.1:8000`; it is asked for when it listens.
        clock: Seconds since 1970.
    """

    def __init__(
        self, store: Store, address: Callable[[], str], clock: Callable[[], float] = time.time
    ) -> None:
        self._store, self._address = store, address
        self._signatures = Signatures(clock)

    def link(self, run_id: str) -> str:
        """Return an address at which a run's report can be read for a while."""
        return self._address() + self._signatures.signed(f"{BELOW}{run_id}", lasts_s=LINK_LASTS_S)

    def read(self, path: str, query: Mapping[str, str]) -> ApiReply:
        """
        Return the report at a path.

        Raises:
            ApiProblem: The signature is not this path's, or its time is over.
            StorageError: The report is not there any more.
        """
        found = _PATH.fullmatch(path)
        run = self._store.run(found[1]) if found and self._signatures.hold(path, query) else None
        if run is None or run.folder is None:
            detail = "This address shows no report (any more). Open it from the run's page again."
            raise ApiProblem(HTTPStatus.FORBIDDEN, detail)
        return ApiReply(
            body=storage.read_bytes(storage.join(run.folder, "report.html")), kind=HTML, headers=_HEADERS
        )
