"""The channel against servers in this process: what it trusts, where it goes, and how it fails."""

import asyncio
import contextlib
import datetime as dt
import ipaddress
import itertools
import ssl

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from evaldrop.bedrock.channel import MOST_BYTES, Channel
from evaldrop.bedrock.protocol import ServiceError

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


async def plain_headers():
    return {"Content-Type": "application/json"}


class Peer(asyncio.Protocol):
    """Writes an answer to the first bytes of a request, or lets it be written; else it says nothing."""

    def __init__(self, server):
        self.server = server

    def connection_made(self, transport):
        self.transport = transport
        self.server.open.add(transport)
        self.server.connections += 1
        if self.server.hangs_up:
            transport.abort()

    def data_received(self, data):
        self.server.seen.append(data.decode(errors="replace"))
        if callable(self.server.answer):
            self.writing = asyncio.ensure_future(self.server.answer(self.transport))
        elif self.server.answer is not None:
            self.transport.write(self.server.answer)

    def connection_lost(self, exc):
        self.server.open.discard(self.transport)
        self.server.lost.set()


class Served:
    """What a server here answers, and what it saw; `lost` is set when a client went away."""

    def __init__(self, answer, *, hangs_up):
        self.answer = answer
        self.hangs_up = hangs_up
        self.seen = []
        self.open = set()
        self.lost = asyncio.Event()
        self.port = 0
        self.connections = 0


@contextlib.asynccontextmanager
async def serving(answer=OK, *, tls=None, hangs_up=False):
    served = Served(answer, hangs_up=hangs_up)
    server = await asyncio.get_running_loop().create_server(lambda: Peer(served), "127.0.0.1", 0, ssl=tls)
    served.port = server.sockets[0].getsockname()[1]
    try:
        yield served
    finally:
        server.close()
        for transport in list(served.open):
            transport.abort()
        await asyncio.sleep(0.05)  # TLS takes leave in a few steps


async def exchange(url, **options):
    channel = Channel(**{"max_in_flight": 1, "headers": {"User-Agent": "evaldrop/test"}, **options})
    try:
        return await channel.post(url, b"{}", plain_headers)
    finally:
        await channel.close()


def test_an_answer_has_status_headers_in_any_case_body_and_time():
    async def call():
        answer = (
            b"HTTP/1.1 302 Found\r\nX-Amzn-ErrorType: Odd\r\nLocation: /x\r\nContent-Length: 4\r\n\r\nbody"
        )
        async with serving(answer) as served:
            return await exchange(f"http://127.0.0.1:{served.port}/model/a%2Fb%3A0/converse"), served.seen

    answer, seen = asyncio.run(call())
    assert (answer.status, answer.body) == (302, b"body"), (
        "no redirect is followed: a signature is for one URL"
    )
    assert answer.headers.get("x-amzn-errortype") == answer.headers["X-AMZN-ERRORTYPE"] == "Odd"
    assert 0 <= answer.elapsed_ms < 5000
    assert len(seen) == 1
    assert seen[0].startswith("POST /model/a%2Fb%3A0/converse HTTP/1.1\r\n")
    assert "user-agent: evaldrop/test" in seen[0].lower()
    assert "accept-encoding" not in seen[0].lower()


def test_a_request_that_nobody_waits_for_is_taken_back_from_the_network():
    async def call():
        async with serving(None) as served:
            channel = Channel(max_in_flight=1, headers={})
            waiting = asyncio.create_task(
                channel.post(f"http://127.0.0.1:{served.port}/", b"{}", plain_headers)
            )
            await asyncio.sleep(0.2)
            waiting.cancel()
            await asyncio.wait_for(served.lost.wait(), 5)
            await channel.close()

    asyncio.run(call())


@pytest.mark.parametrize("answer", [None, OK[:-1]])
def test_a_server_that_falls_silent_is_a_model_timeout(answer):
    async def call():
        async with serving(answer) as served:
            await exchange(f"http://127.0.0.1:{served.port}/", read_timeout_s=0.1)

    with pytest.raises(ServiceError, match=r"127\.0\.0\.1 did not answer within 0\.1 s") as caught:
        asyncio.run(call())
    assert caught.value.code == "ModelTimeoutException"


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
TO_THE_END = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"
PACKED = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize("head", [CHUNKED, TO_THE_END, PACKED])
def test_an_answer_without_end_is_cut_off_at_a_stated_size(head):
    block = b"x" * 65_536
    sent = b"10000\r\n" + block + b"\r\n" if head != TO_THE_END else block

    async def endless(transport):
        transport.write(head)
        while not transport.is_closing():
            transport.write(sent)
            await asyncio.sleep(0)

    async def call():
        async with serving(endless) as served:
            try:
                await exchange(f"http://127.0.0.1:{served.port}/")
            finally:
                await asyncio.wait_for(served.lost.wait(), 5)  # the rest is not taken

    with pytest.raises(ServiceError, match=r"http://127\.0\.0\.1:\d+ sent more than 4 MiB") as caught:
        asyncio.run(call())
    assert caught.value.code == "States.DataLimitExceeded", "as a state that cannot hold it; not tried again"


@pytest.mark.parametrize("size", [MOST_BYTES, MOST_BYTES + 1])
@pytest.mark.parametrize("is_told", [True, False])
def test_an_answer_is_read_up_to_the_size_and_no_byte_further(size, is_told):
    body = b"x" * size
    length = b"Content-Length: %d\r\n" % size if is_told else b"Connection: close\r\n"

    async def whole(transport):
        transport.write(b"HTTP/1.1 200 OK\r\n" + length + b"\r\n" + body)
        if not is_told:
            transport.close()

    async def call():
        async with serving(whole) as served:
            return await exchange(f"http://127.0.0.1:{served.port}/")

    if size <= MOST_BYTES:
        assert asyncio.run(call()).body == body
    else:
        with pytest.raises(ServiceError, match="more than 4 MiB"):
            asyncio.run(call())


def test_a_head_without_end_is_an_error():
    async def heads(transport):
        transport.write(b"HTTP/1.1 200 OK\r\n")
        while not transport.is_closing():
            transport.write(b"X-More: " + b"a" * 4000 + b"\r\n")
            await asyncio.sleep(0)

    async def call():
        async with serving(heads) as served:
            await exchange(f"http://127.0.0.1:{served.port}/")

    with pytest.raises(ServiceError, match="message head is too large"):
        asyncio.run(call())


@pytest.mark.parametrize(
    "head", [b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n"]
)
def test_a_server_that_drips_is_a_model_timeout(head):
    """It is never silent for long, and never done."""

    async def drip(transport):
        transport.write(head)
        letters = itertools.cycle(b"HTTP/1.1 200 OK\r\n" if not head else b"X")
        while not transport.is_closing():
            transport.write(bytes([next(letters)]))
            await asyncio.sleep(0.02)

    async def call():
        async with serving(drip) as served:
            await exchange(f"http://127.0.0.1:{served.port}/", read_timeout_s=0.3, sending_timeout_s=0.3)

    with pytest.raises(ServiceError, match=r"did not (end its )?answer within 0\.[36] s") as caught:
        asyncio.run(call())
    assert caught.value.code == "ModelTimeoutException"


def test_an_answer_that_breaks_off_says_so():
    async def half(transport):
        transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nok")
        transport.close()

    async def call():
        async with serving(half) as served:
            await exchange(f"http://127.0.0.1:{served.port}/")

    with pytest.raises(ServiceError, match="broke off in the middle of its answer: end of file") as caught:
        asyncio.run(call())
    assert caught.value.code == "ServiceUnavailableException"


@pytest.mark.parametrize("middle", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nok"])
def test_a_call_that_is_given_up_frees_its_place(middle):
    async def call():
        async with serving(middle) as served:
            channel = Channel(max_in_flight=1, headers={})
            url = f"http://127.0.0.1:{served.port}/"
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(channel.post(url, b"{}", plain_headers), 0.2)
            await asyncio.wait_for(served.lost.wait(), 5)
            served.answer = OK
            answer = await asyncio.wait_for(channel.post(url, b"{}", plain_headers), 5)
            await channel.close()
            return answer.body

    assert asyncio.run(call()) == b"ok"


def test_connections_are_used_again():
    """Also though the end of an answer whose length is told is not waited for."""

    async def call():
        async with serving() as served:
            channel = Channel(max_in_flight=1, headers={})
            for _ in range(5):
                assert (
                    await channel.post(f"http://127.0.0.1:{served.port}/", b"{}", plain_headers)
                ).body == b"ok"
            await channel.close()
            return served.connections

    assert asyncio.run(call()) == 1


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://127.0.0.1:9/", r"http://127\.0\.0\.1:9 cannot be reached: .*refused.*Nothing listens there"),
        (
            "http://no-such-host.invalid/",
            r"http://no-such-host\.invalid cannot be reached: dns error.*name right",
        ),
    ],
)
def test_who_cannot_be_reached_is_told_with_what_to_do(url, said):
    with pytest.raises(ServiceError, match=said):
        asyncio.run(exchange(url))


def test_tls_to_a_server_without_it_says_so():
    async def call():
        async with serving() as served:
            await exchange(f"https://127.0.0.1:{served.port}/", certificates=another_authority())

    with pytest.raises(ServiceError, match="does not speak TLS there: is it http://"):
        asyncio.run(call())


def test_a_server_that_hangs_up_is_unavailable_and_no_password_is_told():
    async def call():
        async with serving(hangs_up=True) as served:
            await exchange(f"http://me:secret@127.0.0.1:{served.port}/")

    with pytest.raises(
        ServiceError, match=r"^ServiceUnavailableException.*http://127\.0\.0\.1:\d+ cannot"
    ) as caught:
        asyncio.run(call())
    assert "secret" not in str(caught.value)


def test_a_proxy_gets_the_request_instead_of_the_server():
    async def call():
        async with serving() as served:
            answer = await exchange("http://model.example/v1/x", proxy=f"http://127.0.0.1:{served.port}")
        return answer, served.seen

    answer, seen = asyncio.run(call())
    assert answer.body == b"ok"
    assert seen[0].startswith("POST http://model.example/v1/x HTTP/1.1\r\n")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_proxy_of_the_environment_is_not_used(monkeypatch, host):
    """Whoever made the channel has asked the environment, by its own rules."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")

    async def call():
        async with serving() as served:
            return await exchange(f"http://{host}:{served.port}/")

    assert asyncio.run(call()).status == 200


def certificate(name, key, issuer, signed_with, *, authority):
    """A certificate for an hour, for the address 127.0.0.1, in PEM."""
    now = dt.datetime.now(dt.UTC)
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .sign(signed_with, hashes.SHA256())
        .public_bytes(serialization.Encoding.PEM)
    )


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    """A server's TLS context for 127.0.0.1, and the certificate of the authority that vouches for it."""
    root, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    folder = tmp_path_factory.mktemp("authority")
    shown = certificate("server", key, "root", root, authority=False)
    (folder / "certificate.pem").write_bytes(shown)
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "certificate.pem", folder / "key.pem")
    return context, certificate("root", root, "root", root, authority=True)


def another_authority():
    key = ec.generate_private_key(ec.SECP256R1())
    return certificate("another", key, "another", key, authority=True)


@pytest.mark.parametrize("others", [b"", another_authority()])
def test_the_authorities_of_a_bundle_are_trusted(authority, others):
    context, pem = authority

    async def call():
        async with serving(tls=context) as served:
            return await exchange(f"https://127.0.0.1:{served.port}/", certificates=others + pem)

    assert asyncio.run(call()).body == b"ok"


@pytest.mark.parametrize("trusted", [None, another_authority()])
def test_a_server_that_nobody_trusted_vouches_for_is_sent_nothing(authority, trusted):
    context, _ = authority
    seen = []

    async def call():
        async with serving(tls=context) as served:
            seen.append(served.seen)
            await exchange(f"https://127.0.0.1:{served.port}/", certificates=trusted)

    with pytest.raises(ServiceError, match=r"cannot be reached: .*certificate.*AWS_CA_BUNDLE") as caught:
        asyncio.run(call())
    assert caught.value.code == "ServiceUnavailableException"
    assert seen == [[]]


class Tunnel(asyncio.Protocol):
    """A proxy's end of a connection: it opens the way that CONNECT asks for, and passes bytes on."""

    def __init__(self, asked):
        self.asked = asked
        self.onward = None

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        if self.onward is not None:
            self.onward.write(data)
        elif not self.asked:
            self.asked.append(data.decode())
            self.opening = asyncio.ensure_future(self.open(data.split()[1].decode()))

    async def open(self, where):
        host, _, port = where.rpartition(":")
        self.onward, _ = await asyncio.get_running_loop().create_connection(
            lambda: Back(self.transport), host, int(port)
        )
        self.transport.write(b"HTTP/1.1 200 Connection established\r\n\r\n")

    def connection_lost(self, exc):
        if self.onward is not None:
            self.onward.abort()


class Back(asyncio.Protocol):
    def __init__(self, transport):
        self.to = transport

    def data_received(self, data):
        self.to.write(data)

    def connection_lost(self, exc):
        self.to.close()


def test_an_encrypted_request_passes_a_proxy_by_way_of_a_tunnel(authority):
    """The proxy learns the server's name and its own password, and nothing of the request."""
    context, pem = authority
    asked = []

    async def call():
        proxy = await asyncio.get_running_loop().create_server(lambda: Tunnel(asked), "127.0.0.1", 0)
        async with serving(tls=context) as served, proxy:
            port = proxy.sockets[0].getsockname()[1]
            answer = await exchange(
                f"https://127.0.0.1:{served.port}/secret",
                certificates=pem,
                proxy=f"http://me:word@127.0.0.1:{port}",
            )
            await asyncio.sleep(0.05)
            return answer, served.seen, served.port

    answer, seen, port = asyncio.run(call())
    assert answer.body == b"ok"
    assert seen[0].startswith("POST /secret HTTP/1.1")
    assert asked[0].startswith(f"CONNECT 127.0.0.1:{port} HTTP/1.1\r\n")
    assert "proxy-authorization: basic bwu6d29yza==" in asked[0].lower()
