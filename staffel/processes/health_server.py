"""`/healthz`, `/readyz` and `/metrics` of a process, as a tiny WSGI server in a thread. Never holds anything secret.

`/healthz`: the loop gave a sign of life lately; a supervisor restarts the process otherwise. `/readyz`: every check
holds. Both answer 200 or 503 with JSON.
"""

from collections.abc import Callable, Iterable
from socketserver import ThreadingMixIn
from threading import Thread
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import msgspec
from prometheus_client import make_wsgi_app

from staffel.errors import Usage
from staffel.processes.heartbeat import Pulse
from staffel.processes.metrics import Metrics
from staffel.processes.readiness import Watch

ALIVE_S = 60.0
"""The largest unit takes some seconds, and so does a broker that does not answer."""
_JSON = [("Content-Type", "application/json"), ("Cache-Control", "no-store")]

Answer = tuple[str, Any]
Start = Callable[..., Any]
Application = Callable[[dict[str, Any], Start], Iterable[bytes]]


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Silent(WSGIRequestHandler):
    timeout = 10

    def log_message(self, format: str, *arguments: Any) -> None:
        """Requests for health are no news."""


def pages(pulse: Pulse, watch: Watch, metrics: Metrics, alive: float = ALIVE_S) -> Application:
    """The WSGI application; `alive`: seconds without a sign of life after which the process is taken for dead."""
    measured = make_wsgi_app(metrics.registry)
    answers: dict[str, Callable[[], Answer]] = {
        "/healthz": lambda: health(pulse, alive),
        "/readyz": lambda: readiness(watch),
    }

    def app(environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if path == "/metrics":
            return measured(environ, start)  # type: ignore[no-any-return]
        status, told = answers.get(path, nothing_here)()
        start(status, _JSON)
        return [msgspec.json.encode(told), b"\n"]

    return app


def health(pulse: Pulse, alive: float) -> Answer:
    age = pulse.age
    return status(age < alive), {"alive": age < alive, "last_step_s": round(age, 3)}


def readiness(watch: Watch) -> Answer:
    checks = watch.checks()
    ready = all(check.ok for check in checks)
    return status(ready), {"ready": ready, "checks": [check._asdict() for check in checks]}


def status(ok: bool) -> str:
    return "200 OK" if ok else "503 Service Unavailable"


def nothing_here() -> Answer:
    return "404 Not Found", {"pages": ["/healthz", "/readyz", "/metrics"]}


def serve(address: str, port: int, app: Callable[..., Any]) -> int:
    """Serve until the process ends; the port, which is a free one where 0 was asked for. Raises `Usage`."""
    try:
        server = make_server(address, port, app, server_class=_Server, handler_class=_Silent)
    except OSError as error:
        raise Usage(f"--port {port}: {error.strerror} on {address}; name another one, or 0 for any free one") from None
    Thread(target=server.serve_forever, name="health pages", daemon=True).start()
    return server.server_port
