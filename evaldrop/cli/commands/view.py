"""`evaldrop view`: the history of runs and their reports, in the browser."""

from contextlib import suppress
from typing import Annotated

import typer

from evaldrop import storage
from evaldrop.cli import completing
from evaldrop.cli.naming import begun_run
from evaldrop.cli.options import RunsIn
from evaldrop.cli.output import shown, stdout
from evaldrop.cli.prose import print_prose
from evaldrop.errors import InputError
from evaldrop.run.naming import is_word
from evaldrop.run.place import DEFAULT_OUT, has_begun


def view(
    directory: Annotated[
        str,
        typer.Argument(
            metavar="[DIR|RUN]",
            help="A folder of runs, a path or an s3:// URI; or a run, named as evaldrop report names it.",
            autocompletion=completing.runs,
        ),
    ] = DEFAULT_OUT,
    out: RunsIn = DEFAULT_OUT,
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="0 is any free port.")] = 0,
    open_page: Annotated[bool, typer.Option("--open/--no-open", help="Open the browser.")] = True,
) -> None:
    """
    Show all runs of a folder in the browser, or one, until Ctrl-C.

    Two runs that are chosen in the history are compared with their records and responses. Of a run on this
    machine that goes on, the page fills as its records end. The report of a large run carries a part of its
    records: all of them are paged through, and searched, at /RUN/records. Blind votes of a report are kept
    with its run.

    Only this machine can see them: the server listens on the loopback address and checks what it is called.

    Examples:

        evaldrop view

        evaldrop view latest

        evaldrop view s3://bucket/runs --port 8000 --no-open
    """
    from evaldrop.cli.live import routes_of
    from evaldrop.report.comparing import compare_runs_of
    from evaldrop.report.history_index import history_page, read_history
    from evaldrop.report.records_page import RECORDS, records_of
    from evaldrop.report.review.sent_votes import VOTES, take_votes
    from evaldrop.report.serving import LOOPBACK, Folder, Route, Taker, open_server

    # What no file answers, by path.
    routes: dict[str, Route] = {"/compare": compare_runs_of}

    directory = _shown_folder(directory, out)
    if not storage.is_s3(directory) and has_begun(directory):
        routes |= routes_of(directory)
    takers: dict[str, Taker] = {VOTES: take_votes}
    folder = Folder(
        directory,
        lambda: history_page(read_history(directory)),
        routes,
        takers,
        run_routes={RECORDS: records_of},
    )
    with open_server(folder, port) as server:
        address = f"http://{LOOPBACK}:{server.server_port}/"
        print_prose(stdout(), f"{shown(directory)}: {address}  (Ctrl-C ends it)")
        if open_page:
            import webbrowser

            webbrowser.open(address)
        with suppress(KeyboardInterrupt):
            server.serve_forever()


def _shown_folder(given: str, out: str) -> str:
    # In S3 an empty folder and one that is not there are the same.
    if not is_word(given) and (storage.is_s3(given) or storage.local_path(given).is_dir()):
        return given
    if given == DEFAULT_OUT:
        raise InputError(f"{given}: no such folder. evaldrop run DATASET makes it; or give another one.")
    return begun_run(given, out)
