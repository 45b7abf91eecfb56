"""A real browser for tests, driven over its DevTools protocol: keys, scripts, files, screenshots."""

import asyncio
import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
needs_chromium = pytest.mark.skipif(
    CHROMIUM is None, reason="no Chromium here: the page is not tried in a browser"
)

_FLAGS = (
    "--headless", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--remote-debugging-port=0",
    # Whatever a page asks for by name is not found: an attempt shows as a failed request.
    "--host-resolver-rules=MAP * ~NOTFOUND",
)  # fmt: skip
_START_S, _ANSWER_S = 30, 20


class Browser:
    """One tab. Every call waits until Chromium has answered."""

    def __init__(self, loop: asyncio.AbstractEventLoop, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._loop, self._socket, self._number = loop, socket, 0
        self.requests: list[str] = []
        self.complaints: list[str] = []
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """Call a DevTools method and return its result."""
        return self._loop.run_until_complete(asyncio.wait_for(self._call(method, params), _ANSWER_S))

    async def _call(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        self._number += 1
        await self._socket.send_str(json.dumps({"id": self._number, "method": method, "params": params}))
        while True:
            message = json.loads((await self._socket.receive()).data)
            self._note(message)
            if message.get("id") == self._number:
                assert "error" not in message, message
                return message["result"]

    def _note(self, message: dict[str, Any]) -> None:
        params = message.get("params", {})
        if message.get("method") == "Network.requestWillBeSent":
            self.requests.append(params["request"]["url"])
        elif message.get("method") == "Log.entryAdded":
            self.complaints.append(params["entry"]["text"])
        elif message.get("method") == "Runtime.exceptionThrown":
            self.complaints.append(params["exceptionDetails"]["text"])

    def open(self, uri: str) -> None:
        """Open a page and wait until its script has run."""
        self.call("Page.navigate", url=uri)
        self.wait(f"location.href === {json.dumps(uri)} && document.readyState === 'complete'")

    def value(self, script: str) -> Any:
        """Return what a script evaluates to; promises are awaited."""
        done = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in done, done
        return done["result"].get("value")

    def wait(self, script: str) -> None:
        """Wait until a script is true."""
        end = time.monotonic() + _ANSWER_S
        while not self.value(script):
            assert time.monotonic() < end, f"never true: {script}"
            time.sleep(0.02)

    def press(self, *keys: str) -> None:
        """Press keys as a person does, one after the other."""
        for key in keys:
            text = {"text": key} if len(key) == 1 else {}
            code = {" ": "Space"}.get(key, key if len(key) > 1 else f"Key{key.upper()}")
            self.call("Input.dispatchKeyEvent", type="keyDown", key=key, code=code, **text)
            self.call("Input.dispatchKeyEvent", type="keyUp", key=key, code=code)

    def choose_file(self, selector: str, path: Path) -> None:
        """Choose a file in a file input."""
        root = self.call("DOM.getDocument")["root"]["nodeId"]
        node = self.call("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        self.call("DOM.setFileInputFiles", nodeId=node, files=[str(path)])


@contextmanager
def browser(profile: Path, downloads: Path) -> Iterator[Browser]:
    """Start Chromium with a profile of its own; end it with all it started."""
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    process = subprocess.Popen(
        [str(CHROMIUM), *_FLAGS, *sandbox, f"--user-data-dir={profile}", "about:blank"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    loop = asyncio.new_event_loop()
    try:
        session, socket = loop.run_until_complete(_connect(_port(profile / "DevToolsActivePort", process)))
        try:
            tab = Browser(loop, socket)
            tab.call("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(downloads))
            yield tab
        finally:
            loop.run_until_complete(socket.close())
            loop.run_until_complete(session.close())
    finally:
        process.terminate()
        process.wait(timeout=10)
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()


def _port(file: Path, process: subprocess.Popen[bytes]) -> str:
    end = time.monotonic() + _START_S
    while not (file.exists() and file.read_text().count("\n")):
        assert process.poll() is None, "Chromium did not start"
        assert time.monotonic() < end, "Chromium names no DevTools port"
        time.sleep(0.05)
    return file.read_text().split("\n")[0]


async def _connect(port: str) -> tuple[aiohttp.ClientSession, aiohttp.ClientWebSocketResponse]:
    session = aiohttp.ClientSession()
    async with session.get(f"http://127.0.0.1:{port}/json/list") as answer:
        tabs = await answer.json()
    address = next(tab["webSocketDebuggerUrl"] for tab in tabs if tab["type"] == "page")
    return session, await session.ws_connect(address, max_msg_size=0)
