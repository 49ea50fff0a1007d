"""Sites to crawl, all on one local server that tells them apart by their name, and a way to crawl them.

The names end in `.test`; the process that crawls is given a resolver that knows them (they are at 127.0.0.1).
"""

from __future__ import annotations

import gzip
import os
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple


class Reply(NamedTuple):
    """What a site answers. `size`: the Content-Length it claims, if not the true one; status 0: it hangs up."""

    body: bytes
    mime: str = "text/html"
    status: int = 200
    fields: tuple[tuple[str, str], ...] = ()
    size: int | None = None
    wait_s: float = 0.0


Site = Callable[[str], Reply | None]


class Sites:
    """Answers for each site, and remembers (host, path, time) of every request."""

    def __init__(self, sites: dict[str, Site]) -> None:
        self.sites = sites
        self.requests: list[tuple[str, str, float]] = []
        self.agents: set[str] = set()
        self.scheme = "http"
        self.port = 0

    def paths(self, host: str) -> list[str]:
        """What was asked of a host, in order."""
        return [path for name, path, _ in self.requests if name == host]

    def times(self, host: str) -> list[float]:
        return [when for name, _, when in self.requests if name == host]

    def at(self, host: str) -> str:
        """The address of a site, without a path."""
        return f"{self.scheme}://{host}:{self.port}"


@contextmanager
def served(sites: dict[str, Site], certificate: Path | None = None) -> Iterator[Sites]:
    """The sites, on a port the system chose; with TLS if there is a certificate (and its key, in one file)."""
    log = Sites(sites)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            host = self.headers["Host"].partition(":")[0]
            log.requests.append((host, self.path, time.monotonic()))
            log.agents.add(self.headers["User-Agent"])
            reply = log.sites[host](self.path) if host in log.sites else None
            reply = reply or Reply(b"<h1>not here</h1>", status=404)
            if not reply.status:
                self.close_connection = True
                return
            time.sleep(reply.wait_s)
            self.send_response(reply.status)
            self.send_header("Content-Type", reply.mime)
            self.send_header("Content-Length", str(len(reply.body) if reply.size is None else reply.size))
            for name, value in reply.fields:
                self.send_header(name, value)
            try:
                self.end_headers()
                self.wfile.write(reply.body)
            except OSError:  # the crawler had enough
                self.close_connection = True
            if reply.size is not None:
                self.close_connection = True

        def log_message(self, *arguments: Any) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if certificate:
        log.scheme = "https"
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    log.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield log
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


# The resolver of the process that crawls. `rebind.test` has a public address and a private one.
_RESOLVER = """
import socket
known = socket.getaddrinfo
def getaddrinfo(host, port, *rest, **more):
    name = host.decode() if isinstance(host, bytes) else host
    if name == "rebind.test":
        return known("8.8.8.8", port, *rest, **more) + known("127.0.0.1", port, *rest, **more)
    return known("127.0.0.1" if name.endswith(".test") else host, port, *rest, **more)
socket.getaddrinfo = getaddrinfo
import curate.crawl.crawling as crawling
crawling.PAGE_S = 2.0
from curate.cli import main
main()
"""


def certificate(path: Path, host: str) -> Path:
    """Write a certificate for `host`, signed by itself, and its key."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host)])
    now = datetime.now(UTC)
    built = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain)
    path.write_bytes(secret + built.public_bytes(pem))
    return path


def crawl_command(*arguments: object) -> list[str]:
    return [sys.executable, "-P", "-c", _RESOLVER, "crawl", *map(str, arguments)]


def environment(**more: str) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent), "COLUMNS": "120", **more}


def crawl(*arguments: object, cwd: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """`llmsapp crawl`, to its end."""
    return subprocess.run(
        crawl_command(*arguments),
        cwd=cwd,
        env=environment(**variables),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def page(title: str, *links: str, text: str = "") -> Reply:
    anchors = "".join(f'<p><a href="{link}">{link}</a></p>' for link in links)
    return Reply(f"<html><title>{title}</title><h1>{title}</h1><p>{text}</p>{anchors}</html>".encode())


def table(pages: dict[str, Reply]) -> Site:
    """A site of fixed pages."""
    return pages.get


def zipped(reply: Reply) -> Reply:
    """The reply as a server sends it that compresses."""
    return reply._replace(body=gzip.compress(reply.body), fields=(*reply.fields, ("Content-Encoding", "gzip")))
