"""A run that goes on, in the browser: beside the run (`run --watch`), or from elsewhere (`view RUN`)."""

import multiprocessing
import os
import signal
import threading
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import ThreadingHTTPServer
from multiprocessing.connection import Connection

from rich.console import Console

from evaldrop import storage
from evaldrop.cli.next_steps import command, resume
from evaldrop.cli.output import plain, print_commands
from evaldrop.cli.prose import print_prose
from evaldrop.report.serving import LIVE, LOOPBACK, Folder, Route, open_server


def routes_of(folder: str) -> dict[str, Route]:
    """Return what a server answers about a run that goes on in a folder."""
    from evaldrop.report.live import live_routes
    from evaldrop.running.live import LiveRun

    report = storage.join(folder, "report.html")
    # For a page, whose template escapes: what `shown` returns is for rich.
    return live_routes(LiveRun(folder).look, resume=plain(resume(folder)), report=plain(report))


@contextmanager
def shown_live(folder: str, console: Console, *, open_page: bool) -> Iterator[Callable[[float | None], None]]:
    """
    Serve a run's live page while the block lasts; the address is told, and opened, once it answers.

    By a process of its own: reading what the run leaves must take no time from the run. What goes wrong there
    does not end the run.

    Returns:
        What leaves the page there for so many seconds, or until Ctrl-C.
    """
    # Not forked: the run has threads by now. It ends with the run, however that ends.
    context = multiprocessing.get_context("spawn")
    heard, said = context.Pipe(duplex=False)
    process = context.Process(target=_serve, args=(folder, said), daemon=True)
    with _ctrl_c_later():
        process.start()
    said.close()
    # A thread: the run does not wait for it.
    threading.Thread(target=_tell, args=(heard, folder, console, open_page), daemon=True).start()
    try:
        yield process.join
    finally:
        process.terminate()
        process.join()


@contextmanager
def _ctrl_c_later() -> Iterator[None]:
    """Have Ctrl-C wait until the block ends; a process that is begun in it never gets any."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows has none
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _tell(heard: Connection, folder: str, console: Console, open_page: bool) -> None:
    try:
        address = f"http://{LOOPBACK}:{heard.recv()}{LIVE}"
    except (EOFError, OSError):
        print_prose(console, "the live page cannot be served; to try again:")
        print_commands(console, [command("view", folder)])
        return
    console.print(f"live: {address}", soft_wrap=True)
    if open_page:
        # Where there is none, nothing happens, and the address has been said.
        webbrowser.open(address)


def _serve(folder: str, said: Connection) -> None:
    # Ctrl-C is the run's, which ends this process when its calls have ended. Elsewhere it is blocked by now.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(os, "nice"):  # Windows has none
        # Where there are fewer processors than work, the run goes first.
        os.nice(10)
    routes: dict[str, Route] = {}
    with open_server(Folder(folder, str, routes)) as server:
        said.send(server.server_port)
        said.close()
        # After the address is said: what this imports takes longer than all else, and a browser waits for it.
        routes |= routes_of(folder)
        threading.Thread(target=_end_with_run, args=(server,), daemon=True).start()
        server.serve_forever()


def _end_with_run(server: ThreadingHTTPServer) -> None:
    # Also one that was killed, which ends nobody.
    if (run := multiprocessing.parent_process()) is not None:
        run.join()
    server.shutdown()
