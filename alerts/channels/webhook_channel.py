"""The channel for signed webhooks, as Standard Webhooks specifies them.

It does not follow redirects, and reasons of failures contain no address or secret.
"""

import asyncio
import os
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from socket import SOCK_STREAM, gaierror
from ssl import SSLError, create_default_context
from time import monotonic

import httpx
from standardwebhooks.webhooks import Webhook as Signer

from alerts.channels.channel import LONGEST_WAIT_MS, Alert, AttemptFailed, Delivered, Gone, Outcome
from alerts.channels.validation import is_link_local
from schemas import CONTENT_TYPE

_TIMEOUT_S = 10.0
"""For the connection, and between two parts of the response."""
_TOTAL_TIMEOUT_S = 20.0
_MAX_ANSWER_BYTES = 64 << 10
"""What comes after these is not waited for."""
_BUSY_STATUSES = (429, 503)
_GONE_STATUS = 410


class LinkLocalError(Exception):
    """The host of a webhook is link-local."""


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
        self.name, self.receiver = name, ""
        self._address = address
        self._signers = [Signer(secret) for secret in secrets]
        self._clock, self._timeout_s, self._total_timeout_s = clock, timeout_s, total_timeout_s
        self._tls_context = create_default_context()  # trusts what the system trusts

    def send(self, alert: Alert) -> Outcome:
        started = monotonic()
        try:
            response = asyncio.run(self._post(alert.event, self.headers(alert)))
        except LinkLocalError:
            return AttemptFailed("its host is link-local: such addresses serve the machine itself")
        except (httpx.HTTPError, TimeoutError) as error:
            return AttemptFailed(_failure_reason(error, monotonic() - started, self._timeout_s))
        return self._outcome(response)

    async def _post(self, body: bytes, headers: Mapping[str, str]) -> httpx.Response:
        """Send the request and read the response: one that is cut off was not an answer.

        Asynchronous for the sake of the total time limit: a response may arrive byte by byte.
        """
        await self._refuse_link_local()
        client = httpx.AsyncClient(timeout=self._timeout_s, verify=self._tls_context, trust_env=False)
        async with (
            asyncio.timeout(self._total_timeout_s),
            client,
            client.stream("POST", self._address, content=body, headers=headers) as response,
        ):
            received = 0
            async for chunk in response.aiter_raw():
                received += len(chunk)
                if received > _MAX_ANSWER_BYTES:
                    break
            return response

    async def _refuse_link_local(self) -> None:
        """A name may lead to an address that serves the machine itself, and whoever owns the name decides."""
        host, port = httpx.URL(self._address).host, httpx.URL(self._address).port
        try:
            found = await asyncio.get_running_loop().getaddrinfo(host, port or 443, type=SOCK_STREAM)
        except OSError:
            return  # the request then fails with the reason
        if any(is_link_local(str(address[0])) for *_, address in found):
            raise LinkLocalError

    def headers(self, alert: Alert) -> Mapping[str, str]:
        # The time of this attempt, not of the event: receivers reject timestamps that are minutes old.
        now = datetime.fromtimestamp(self._clock() // 1000, UTC)
        signatures = [signer.sign(alert.id, now, alert.event.decode()) for signer in self._signers]
        return {
            "content-type": CONTENT_TYPE,
            "user-agent": "staffel",
            "connection": "close",
            "webhook-id": alert.id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": " ".join(signatures),
        }

    def _outcome(self, response: httpx.Response) -> Outcome:
        status = response.status_code
        if response.is_success:
            return Delivered()
        if status == _GONE_STATUS:
            return Gone("answered 410 Gone: no more alerts are sent to it until a restart")
        retry_after = response.headers.get("retry-after") if status in _BUSY_STATUSES else None
        return AttemptFailed(f"answered {status}", parse_retry_after(retry_after, self._clock()))


def parse_retry_after(retry_after: str | None, now: int) -> int | None:
    """Milliseconds, from seconds or an HTTP date; None if the header is missing or invalid."""
    text = (retry_after or "").strip()
    try:
        delay = int(text) * 1000 if text.isdecimal() else int(parsedate_to_datetime(text).timestamp()) * 1000 - now
    except (ValueError, OverflowError):
        return None
    return max(0, min(delay, LONGEST_WAIT_MS))


def _failure_reason(error: httpx.HTTPError | TimeoutError, elapsed: float, timeout_s: float) -> str:
    """The kind of error; its text may contain the address, and addresses may contain a secret."""
    if isinstance(error, (httpx.TimeoutException, TimeoutError)) or elapsed >= timeout_s:
        return f"no answer within {elapsed:.0f} s"
    cause = _root_cause(error)
    if isinstance(cause, SSLError):
        return f"no trusted connection: {cause.reason or type(cause).__name__}"
    if isinstance(cause, gaierror):
        return f"no answer: {cause.strerror}"
    # Not `cause.strerror`: that of asyncio contains the address.
    return (
        f"no answer: {os.strerror(cause.errno) if isinstance(cause, OSError) and cause.errno else type(cause).__name__}"
    )


def _root_cause(error: BaseException) -> BaseException:
    """The error of the lowest layer: httpx, httpcore and anyio each wrap the one below."""
    while (cause := error.__cause__ or error.__context__) is not None:
        error = cause
    return error
