"""`/healthz`, `/readyz` and `/metrics` of a process, served by a small WSGI server in a thread.

`/healthz`: the loop ran recently; otherwise a supervisor restarts the process. `/readyz`: every readiness check passes.
Both answer 200 or 503 with JSON. The pages need no authentication, so they hold no secrets, addresses, users or hosts.
"""

from collections.abc import Callable, Iterable
from socket import gaierror
from socketserver import ThreadingMixIn
from threading import Thread
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import msgspec
from prometheus_client import make_wsgi_app

from staffel.errors import UsageError
from staffel.processes.heartbeat import Heartbeat
from staffel.processes.metrics import Metrics
from staffel.processes.readiness import ReadinessMonitor

MAX_STEP_AGE_S = 60.0
"""The largest unit takes some seconds, and so does the timeout of a broker."""
_JSON_HEADERS = [("Content-Type", "application/json"), ("Cache-Control", "no-store")]

Response = tuple[str, Any]
StartResponse = Callable[..., Any]
WsgiApp = Callable[[dict[str, Any], StartResponse], Iterable[bytes]]


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _QuietHandler(WSGIRequestHandler):
    timeout = 10

    def log_message(self, format: str, *arguments: Any) -> None:
        """No-op: requests for health are not logged."""


def health_app(
    heartbeat: Heartbeat, monitor: ReadinessMonitor, metrics: Metrics, max_age_s: float = MAX_STEP_AGE_S
) -> WsgiApp:
    """The WSGI application; `max_age_s`: seconds without a heartbeat after which the process counts as dead."""
    metrics_app = make_wsgi_app(metrics.registry)
    routes: dict[str, Callable[[], Response]] = {
        "/healthz": lambda: health(heartbeat, max_age_s),
        "/readyz": lambda: readiness(monitor),
    }

    def app(environ: dict[str, Any], start: StartResponse) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if path == "/metrics":
            return metrics_app(environ, start)  # type: ignore[no-any-return]
        status, body = routes.get(path, not_found)()
        start(status, _JSON_HEADERS)
        return [msgspec.json.encode(body), b"\n"]

    return app


def health(heartbeat: Heartbeat, max_age_s: float) -> Response:
    age = heartbeat.age
    return status_line(age < max_age_s), {"alive": age < max_age_s, "last_step_s": round(age, 3)}


def readiness(monitor: ReadinessMonitor) -> Response:
    checks = monitor.statuses()
    ready = all(check.ok for check in checks)
    return status_line(ready), {"ready": ready, "checks": [check._asdict() for check in checks]}


def status_line(ok: bool) -> str:
    return "200 OK" if ok else "503 Service Unavailable"


def not_found() -> Response:
    return "404 Not Found", {"pages": ["/healthz", "/readyz", "/metrics"]}


def serve(address: str, port: int, app: Callable[..., Any]) -> int:
    """Serve until the process ends and return the port; 0 takes a free one. Raises `UsageError` if it is taken."""
    try:
        server = make_server(address, port, app, server_class=_Server, handler_class=_QuietHandler)
    except gaierror:
        raise UsageError(f"STAFFEL_LISTEN: {address} is no address of this machine; 0.0.0.0 is all of them") from None
    except OSError as error:
        raise UsageError(
            f"--port {port}: {error.strerror} on {address}; choose another port, or 0 for any free one"
        ) from None
    Thread(target=server.serve_forever, name="health pages", daemon=True).start()
    return server.server_port
