"""A webhook receiver that listens on this machine, gives the configured responses and stores its requests."""

import socket
import ssl
import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Condition, Thread
from time import monotonic
from typing import Any, NamedTuple

from standardwebhooks.webhooks import Webhook

from tests.alerts.builders import SECRET


class Request(NamedTuple):
    """What came, and when (seconds of a monotonic clock)."""

    path: str
    headers: Mapping[str, str]
    body: bytes
    at: float

    def verified_event(self, secret: str = SECRET) -> Any:
        """The event, by the library that receivers use. Raises where the signature is not by this secret."""
        return Webhook(secret).verify(self.body, dict(self.headers))

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]


class ReceiverResponse(NamedTuple):
    status: int = 204
    headers: Mapping[str, str] = {}
    never_ends: bool = False
    """One byte after the other, and never an end."""
    body: bytes = b""
    closes_connection: bool = False
    """The connection ends without an answer."""


class Receiver:
    """`answers` in their order, the last one for ever. While `held` a request gets no answer."""

    def __init__(self, host: str = "127.0.0.1", port: int = 0, tls: ssl.SSLContext | None = None) -> None:
        self.responses: list[ReceiverResponse] = [ReceiverResponse()]
        self.requests: list[Request] = []
        self.changed = Condition()
        self._held = False
        self._ended = False
        server = _IPv6Server if ":" in host else ThreadingHTTPServer
        self._server = server((host, port), _handler(self))
        self._server.daemon_threads = True
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/hooks/staffel?tenant=1"

    @property
    def host(self) -> str:
        """With the port."""
        return f"127.0.0.1:{self._server.server_port}"

    def hold(self, held: bool = True) -> None:
        with self.changed:
            self._held = held
            self.changed.notify_all()

    def await_requests(self, number: int, seconds: float = 20) -> list[Request]:
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.requests) >= number, seconds), f"{len(self.requests)} came"
            return list(self.requests)

    def respond_to(self, request: Request) -> ReceiverResponse:
        with self.changed:
            self.requests.append(request)
            response = self.responses[min(len(self.requests), len(self.responses)) - 1]
            self.changed.notify_all()
            self.changed.wait_for(lambda: not self._held or self._ended)
        return response

    def wait_closed(self, after: float) -> bool:
        with self.changed:
            return self.changed.wait_for(lambda: self._ended, after)

    def close(self) -> None:
        with self.changed:
            self._ended = True
            self.changed.notify_all()
        self._server.shutdown()
        self._server.server_close()


class _IPv6Server(ThreadingHTTPServer):
    address_family = socket.AF_INET6


@contextmanager
def running_receiver(host: str = "127.0.0.1", port: int = 0, tls: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    receiver = Receiver(host, port, tls)
    try:
        yield receiver
    finally:
        receiver.close()


def _handler(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            answer = receiver.respond_to(Request(self.path, headers, body, monotonic()))
            if answer.never_ends:
                _send_slowly(receiver, self.wfile)
            elif answer.closes_connection:
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.connection.close()
            else:
                self._answer(answer)

        def _answer(self, answer: ReceiverResponse) -> None:
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer.body)

        def log_message(self, format: str, *arguments: Any) -> None:
            """Requests are stored, not printed."""

    return Handler


def _send_slowly(receiver: Receiver, to: Any) -> None:
    try:
        to.write(b"HTTP/1.1 2")
        while not receiver.wait_closed(0.05):
            to.write(b"0")
            to.flush()
    except OSError:
        return
