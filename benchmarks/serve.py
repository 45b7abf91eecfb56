"""
How fast `evaldrop serve` lists runs, of 10,000, to many clients who ask without a pause.

    python -m benchmarks.serve
    python -m benchmarks.serve --clients 50 --seconds 5

Whoever asks without a pause waits for all others who do: the median is about the clients times what an answer
takes. That is printed beside it, as the server's processor time.
"""

import argparse
import asyncio
import multiprocessing
import tempfile
import time
from pathlib import Path

from benchmarks.store import _filled, _median, _p95
from evaldrop.api.local import serving
from evaldrop.store.opening import FILE


def main() -> None:
    """Print a line per number of clients."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 50, 200])
    parser.add_argument("--seconds", type=float, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        _filled(Path(folder) / FILE, options.runs).close()
        with serving(out=folder, bedrock="simulated", evaluations=folder) as server:
            print(f"GET /runs of {options.runs:,}   a second   median ms   p95 ms   processor ms each")
            for clients in options.clients:
                asked = (server.address, server.token, clients, options.seconds)
                began = time.process_time()
                with multiprocessing.get_context("spawn").Pool(1) as pool:
                    took = pool.apply(_ask_all, asked)
                each = (time.process_time() - began) * 1_000 / len(took)
                rate, median = len(took) / options.seconds, _median(took)
                print(f"{clients:5} at once      {rate:9,.0f} {median:11.1f} {_p95(took):8.1f} {each:12.2f}")


def _ask_all(address: str, token: str, clients: int, seconds: float) -> list[float]:
    async def all_of_them() -> list[float]:
        until = time.monotonic() + seconds
        found = await asyncio.gather(*(_ask(address, token, until) for _ in range(clients)))
        return [took for each in found for took in each]

    return asyncio.run(all_of_them())


async def _ask(address: str, token: str, until: float) -> list[float]:
    """Return how long each answer took to one client, in ms."""
    host, _, port = address.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    request = f"GET /runs HTTP/1.1\r\nHost: {host}:{port}\r\nx-api-key: {token}\r\n\r\n".encode()
    took = []
    while time.monotonic() < until:
        began = time.perf_counter()
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
        await reader.readexactly(length)
        took.append((time.perf_counter() - began) * 1_000)
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(head.decode())
    writer.close()
    return took


if __name__ == "__main__":
    main()
