"""A headless Chromium, driven over the DevTools protocol: what a reader's browser does with a page."""

import asyncio
import base64
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import aiohttp

FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-extensions",
    "--disable-dev-shm-usage", "--no-proxy-server", "--remote-debugging-port=0",
)  # fmt: skip
PATIENCE_S = 30


def find_chromium() -> str | None:
    """Return the browser's path; None where there is none."""
    named = os.environ.get("EVALDROP_CHROMIUM")
    return named or next(
        filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
    )


class Browser:
    """A running browser; every page is a fresh one."""

    def __init__(
        self, session: aiohttp.ClientSession, loop: asyncio.AbstractEventLoop, port: str, path: str
    ) -> None:
        self.loop = loop
        self._session = session
        self._url = f"ws://127.0.0.1:{port}{path}"
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._ids = iter(range(1, 10**9))
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._pages: dict[str, Page] = {}

    async def start(self) -> None:
        self._socket = await self._session.ws_connect(self._url, max_msg_size=0)
        self._reader = asyncio.create_task(self._read())

    async def stop(self) -> None:
        await self._socket.close()
        await self._reader

    async def _read(self) -> None:
        async for message in self._socket:
            content = json.loads(message.data)
            if "id" in content:
                future = self._waiting.pop(content["id"])
                if "error" in content:
                    future.set_exception(RuntimeError(str(content["error"])))
                else:
                    future.set_result(content["result"])
            elif page := self._pages.get(content.get("sessionId", "")):
                page.note(content["method"], content["params"])

    async def send(
        self, method: str, session: str | None = None, *, patience_s: float = PATIENCE_S, **params: Any
    ) -> Any:
        number = next(self._ids)
        answer = self._waiting[number] = self.loop.create_future()
        frame = {"id": number, "method": method, "params": params}
        await self._socket.send_json(frame | ({"sessionId": session} if session else {}))
        return await asyncio.wait_for(answer, patience_s)

    def call(self, method: str, session: str | None = None, **params: Any) -> Any:
        """Send a command and return its result."""
        return self.loop.run_until_complete(self.send(method, session, **params))

    @contextmanager
    def page(
        self,
        url: str,
        *,
        width: int = 1300,
        height: int = 900,
        dark: bool = False,
        ready: str = "true",
        before: str = "",
        measured: bool = False,
        scripts: bool = True,
    ) -> "Iterator[Page]":
        """
        Open a page, run the script `before` ahead of its own, and wait until `ready` is true there.

        `measured`: `Page.cpu_ms` can be asked. `scripts`: whether the page's own run.
        """
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        page = self._pages[session] = Page(self, session)
        for domain in ("Page", "Runtime", "Log", "Network"):
            page.call(f"{domain}.enable")
        page.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 500,
        )
        page.show(dark=dark)
        page.call("Page.addScriptToEvaluateOnNewDocument", source=before)
        page.call("Emulation.setScriptExecutionDisabled", value=not scripts)
        if measured:
            page.call("Performance.enable", timeDomain="threadTicks")
        page.go(url, ready)
        try:
            yield page
        finally:
            self.call("Target.closeTarget", targetId=target)
            del self._pages[session]


class Page:
    """
    A page.

    Attributes:
        complaints: Errors and warnings on the console, exceptions and dialogs, in their order.
        requests: URLs asked for, without the page's own.
    """

    def __init__(self, browser: Browser, session: str) -> None:
        self._browser, self._session = browser, session
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self._url = ""

    def call(self, method: str, **params: Any) -> Any:
        return self._browser.call(method, self._session, **params)

    def go(self, url: str, ready: str = "true") -> None:
        """Load a URL from anew."""
        self._url = url.split("#")[0]
        if url.split("#")[0] == self.run("location.href.split('#')[0]"):
            self.call("Page.navigate", url="about:blank")
        self.call("Page.navigate", url=url)
        self.wait(f"document.readyState === 'complete' && location.href !== 'about:blank' && ({ready})")

    def show(self, *, dark: bool) -> None:
        """Let the reader's screen be dark or light."""
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])

    def note(self, method: str, params: dict[str, Any]) -> None:
        if method == "Network.requestWillBeSent":
            url = params["request"]["url"]
            if url.split("#")[0] not in {self._url, "about:blank"}:
                self.requests.append(url)
        elif method == "Runtime.exceptionThrown":
            self.complaints.append(
                params["exceptionDetails"].get("exception", {}).get("description", "exception")
            )
        elif method == "Runtime.consoleAPICalled" and params["type"] in {"error", "warning", "assert"}:
            self.complaints.append(" ".join(str(argument.get("value")) for argument in params["args"]))
        elif method == "Log.entryAdded" and params["entry"]["level"] in {"error", "warning"}:
            self.complaints.append(params["entry"]["text"])
        elif method == "Page.javascriptDialogOpening":
            self.complaints.append(f"dialog: {params['message']}")

    def run(self, expression: str, *, patience_s: float = PATIENCE_S) -> Any:
        """Return a JavaScript expression's value; a promise is awaited."""
        answer = self.call(
            "Runtime.evaluate",
            expression=expression,
            returnByValue=True,
            awaitPromise=True,
            patience_s=patience_s,
        )
        if "exceptionDetails" in answer:
            raise AssertionError(answer["exceptionDetails"]["exception"].get("description"))
        return answer["result"].get("value")

    def wait(self, expression: str) -> None:
        """Wait until an expression is true."""
        deadline = time.monotonic() + PATIENCE_S
        while not self.run(expression):
            assert time.monotonic() < deadline, f"never true: {expression}"
            time.sleep(0.02)

    def press(self, key: str) -> None:
        """Press and release a key."""
        text = key if len(key) == 1 else ""
        self.call("Input.dispatchKeyEvent", type="keyDown", key=key, text=text)
        self.call("Input.dispatchKeyEvent", type="keyUp", key=key)

    def type(self, text: str) -> None:
        """Type into what has the focus."""
        self.call("Input.insertText", text=text)

    def choose(self, element: str, value: str) -> None:
        """Choose an option of a select element."""
        self.run(
            f"""(() => {{
                const box = document.getElementById({json.dumps(element)});
                box.value = {json.dumps(value)};
                box.dispatchEvent(new Event("change", {{ bubbles: true }}));
            }})()"""
        )

    def click(self, selector: str) -> None:
        """Click an element."""
        self.run(f"document.querySelector({json.dumps(selector)}).click()")

    def cpu_ms(self) -> float:
        """Return the time that the page's thread has computed since the page was opened."""
        metrics = self.call("Performance.getMetrics")["metrics"]
        return next(metric["value"] for metric in metrics if metric["name"] == "ThreadTime") * 1000

    def screenshot(self, path: Path, *, whole: bool = True) -> None:
        """Write a picture of the page."""
        picture = self.call("Page.captureScreenshot", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(picture["data"]))


@contextmanager
def running(chromium: str) -> Iterator[Browser]:
    """Run a browser with a profile of its own."""
    folder = Path(tempfile.mkdtemp())
    process = subprocess.Popen(
        [chromium, *FLAGS, f"--user-data-dir={folder}", "about:blank"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    loop = asyncio.new_event_loop()
    try:
        port, path = _address(folder / "DevToolsActivePort", process)
        session = loop.run_until_complete(_session())
        browser = Browser(session, loop, port, path)
        loop.run_until_complete(browser.start())
        try:
            yield browser
        finally:
            loop.run_until_complete(browser.stop())
            loop.run_until_complete(session.close())
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        loop.close()
        shutil.rmtree(folder, ignore_errors=True)


async def _session() -> aiohttp.ClientSession:
    return aiohttp.ClientSession()


def _address(file: Path, process: subprocess.Popen[bytes]) -> tuple[str, str]:
    deadline = time.monotonic() + PATIENCE_S
    while not file.exists() or len(file.read_text().split()) < 2:
        assert process.poll() is None, "the browser ended at once"
        assert time.monotonic() < deadline, "the browser did not start"
        time.sleep(0.05)
    port, path = file.read_text().split()
    return port, path
