"""The channel for signed webhooks, as Standard Webhooks specifies them.

It does not follow redirects, and reasons of failures contain no address or secret.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from socket import SHUT_RDWR
from ssl import SSLContext, SSLError, create_default_context
from threading import Timer
from time import monotonic
from typing import NamedTuple
from urllib.parse import urlsplit, urlunsplit

from standardwebhooks.webhooks import Webhook as Signer

from alerts.channel import Alert, AttemptFailed, Delivered, Gone, Outcome
from schemas.envelope import CONTENT_TYPE

_TIMEOUT_S = 10.0
"""For the connection, and between two parts of the response."""
_TOTAL_TIMEOUT_S = 20.0
_MAX_RETRY_AFTER_MS = 6 * 3_600_000
_BUSY_STATUSES = (429, 503)
_GONE_STATUS = 410


class WebhookResponse(NamedTuple):
    status: int
    retry_after: str | None


class WebhookChannel:
    """`secrets`: each adds a signature, so that a receiver can rotate its secret. `clock`: milliseconds since 1970."""

    def __init__(
        self,
        name: str,
        address: str,
        secrets: Sequence[str],
        clock: Callable[[], int],
        *,
        timeout_s: float = _TIMEOUT_S,
        total_timeout_s: float = _TOTAL_TIMEOUT_S,
    ) -> None:
        self.name = name
        self._address = urlsplit(address)
        self._target = urlunsplit(("", "", self._address.path or "/", self._address.query, ""))
        self._tls_context: SSLContext | None = create_default_context() if self._address.scheme == "https" else None
        self._signers = [Signer(secret) for secret in secrets]
        self._clock, self._timeout_s, self._total_timeout_s = clock, timeout_s, total_timeout_s

    def send(self, alert: Alert) -> Outcome:
        started = monotonic()
        try:
            response = self._post(alert.event, self.headers(alert))
        except (OSError, HTTPException) as error:
            return AttemptFailed(_failure_reason(error, monotonic() - started, self._timeout_s))
        return self._outcome(response)

    def _post(self, body: bytes, headers: Mapping[str, str]) -> WebhookResponse:
        """Raises OSError or HTTPException if there is no response in time."""
        connection = self._connection()
        deadline = Timer(self._total_timeout_s, _abort, [connection])
        deadline.daemon = True
        deadline.start()
        try:
            connection.request("POST", self._target, body, dict(headers))
            response = connection.getresponse()
            return WebhookResponse(response.status, response.headers.get("retry-after"))
        finally:
            deadline.cancel()
            connection.close()

    def _connection(self) -> HTTPConnection:
        host, port = self._address.hostname or "", self._address.port
        if self._tls_context is None:
            return HTTPConnection(host, port, timeout=self._timeout_s)
        return HTTPSConnection(host, port, timeout=self._timeout_s, context=self._tls_context)

    def headers(self, alert: Alert) -> Mapping[str, str]:
        # The time of this attempt, not of the event: receivers reject timestamps that are minutes old.
        now = datetime.fromtimestamp(self._clock() // 1000, UTC)
        signatures = [signer.sign(alert.id, now, alert.event.decode()) for signer in self._signers]
        return {
            "content-type": CONTENT_TYPE,
            "user-agent": "staffel",
            "webhook-id": alert.id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": " ".join(signatures),
        }

    def _outcome(self, response: WebhookResponse) -> Outcome:
        if 200 <= response.status < 300:
            return Delivered()
        if response.status == _GONE_STATUS:
            return Gone("answered 410 Gone: no more alerts are sent to it until a restart")
        after = parse_retry_after(response.retry_after, self._clock()) if response.status in _BUSY_STATUSES else None
        return AttemptFailed(f"answered {response.status}", after)


def parse_retry_after(retry_after: str | None, now: int) -> int | None:
    """Milliseconds, from seconds or an HTTP date; None if the header is missing or invalid."""
    text = (retry_after or "").strip()
    try:
        delay = int(text) * 1000 if text.isdecimal() else int(parsedate_to_datetime(text).timestamp()) * 1000 - now
    except (ValueError, OverflowError):
        return None
    return max(0, min(delay, _MAX_RETRY_AFTER_MS))


def _abort(connection: HTTPConnection) -> None:
    """Shut the socket down, so that the thread waiting for the response gets an error."""
    with suppress(OSError):
        if connection.sock is not None:
            connection.sock.shutdown(SHUT_RDWR)


def _failure_reason(error: OSError | HTTPException, elapsed: float, timeout_s: float) -> str:
    """The kind of error; its text may contain the address, and addresses may contain a secret."""
    if isinstance(error, SSLError) and not isinstance(error, TimeoutError):
        return f"no trusted connection: {error.reason or type(error).__name__}"
    if isinstance(error, TimeoutError) or elapsed >= timeout_s:
        return f"no answer within {elapsed:.0f} s"
    return f"no answer: {getattr(error, 'strerror', None) or type(error).__name__}"
