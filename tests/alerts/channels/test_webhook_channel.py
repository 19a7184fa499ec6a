"""Signed webhooks, sent to a receiver that listens on this machine and verifies with the library of receivers."""

import re
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from time import time

import msgspec
import pytest
from standardwebhooks.webhooks import WebhookVerificationError

from alerts.channels.channel import Alert, AttemptFailed, Delivered, Gone, Outcome
from alerts.channels.webhook_channel import WebhookChannel, parse_retry_after
from projections.derived_facts import encode
from tests.alerts.builders import HOUR, NOON, OTHER_SECRET, SECRET, proposed_event
from tests.alerts.receiver import Receiver, ReceiverResponse, running_receiver
from tests.kafka.broker import free_port

ALERT = Alert("alert_one", "handoff_proposed", encode(proposed_event(name="Käse & Söhne")))


def now() -> int:
    """Receivers refuse what is older than minutes, by their own clock."""
    return round(time() * 1000)


def webhook(url: str, *secrets: str, seconds: float = 10, seconds_in_all: float = 20) -> WebhookChannel:
    return WebhookChannel("crm", url, secrets or [SECRET], now, timeout_s=seconds, total_timeout_s=seconds_in_all)


def test_an_alert_arrives_as_a_signed_event(receiver: Receiver) -> None:
    assert webhook(receiver.url).send(ALERT) == Delivered()

    [request] = receiver.requests
    assert request.verified_event() == msgspec.json.decode(ALERT.event)
    assert (request.path, request.id, request.body) == ("/hooks/staffel?tenant=1", "alert_one", ALERT.event)
    assert request.headers["content-type"] == "application/cloudevents+json"
    assert abs(int(request.headers["webhook-timestamp"]) - time()) < 5


def test_another_secret_does_not_verify(receiver: Receiver) -> None:
    webhook(receiver.url).send(ALERT)

    with pytest.raises(WebhookVerificationError, match="No matching signature"):
        receiver.requests[0].verified_event(OTHER_SECRET)


def test_during_a_rotation_both_secrets_verify(receiver: Receiver) -> None:
    webhook(receiver.url, OTHER_SECRET, SECRET).send(ALERT)

    [request] = receiver.requests
    assert request.verified_event(SECRET) == request.verified_event(OTHER_SECRET)


def test_the_signature_is_the_published_one() -> None:
    published = WebhookChannel("crm", "http://localhost", [SECRET], lambda: 1614265330_000)
    alert = Alert("msg_p5jXN8AQM9LWM0D4loKWxJek", "test", b'{"test": 2432232314}')

    assert published.headers(alert)["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (ReceiverResponse(200), Delivered()),
        (ReceiverResponse(202), Delivered()),
        (ReceiverResponse(400), AttemptFailed("answered 400")),
        (ReceiverResponse(401), AttemptFailed("answered 401")),
        (ReceiverResponse(500), AttemptFailed("answered 500")),
        (ReceiverResponse(429), AttemptFailed("answered 429")),
        (ReceiverResponse(429, {"Retry-After": "90"}), AttemptFailed("answered 429", 90_000)),
        (ReceiverResponse(503, {"Retry-After": "3600"}), AttemptFailed("answered 503", HOUR)),
        (ReceiverResponse(500, {"Retry-After": "90"}), AttemptFailed("answered 500")),
        (ReceiverResponse(302, {"Location": "http://127.0.0.1:9/elsewhere"}), AttemptFailed("answered 302")),
        (ReceiverResponse(410), Gone("answered 410 Gone: no more alerts are sent to it until a restart")),
    ],
)
def test_the_answer_decides(receiver: Receiver, answer: ReceiverResponse, outcome: object) -> None:
    receiver.responses = [answer]

    assert webhook(receiver.url).send(ALERT) == outcome
    assert len(receiver.requests) == 1


@pytest.mark.parametrize(
    ("header", "silence"),
    [
        (None, None),
        ("120", 120_000),
        ("0", 0),
        ("Mon, 05 Jan 2026 12:30:00 GMT", HOUR // 2),
        ("Mon, 05 Jan 2026 11:30:00 GMT", 0),
        ("99999999", 6 * HOUR),
        ("soon", None),
        ("-5", None),
        ("", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(header: str | None, silence: int | None) -> None:
    assert parse_retry_after(header, NOON) == silence


def is_timeout(outcome: Outcome) -> bool:
    return isinstance(outcome, AttemptFailed) and re.fullmatch(r"no answer within \d+ s", outcome.why) is not None


def test_a_silent_receiver_times_out(receiver: Receiver) -> None:
    receiver.hold()

    assert is_timeout(webhook(receiver.url, seconds=0.2).send(ALERT))


def test_a_response_byte_by_byte_is_cut_off(receiver: Receiver) -> None:
    receiver.responses = [ReceiverResponse(never_ends=True)]

    assert is_timeout(webhook(receiver.url, seconds=0.5, seconds_in_all=1.2).send(ALERT))


def test_a_connection_that_is_refused_or_cut_is_no_answer(receiver: Receiver) -> None:
    receiver.responses = [ReceiverResponse(closes_connection=True)]

    assert webhook(f"http://127.0.0.1:{free_port()}/token").send(ALERT) == AttemptFailed(
        "no answer: Connection refused"
    )
    assert webhook(receiver.url).send(ALERT) in (
        AttemptFailed("no answer: RemoteProtocolError"),
        AttemptFailed("no answer: Connection reset by peer"),
    )


def test_an_answer_that_is_cut_off_is_none(receiver: Receiver) -> None:
    receiver.responses = [ReceiverResponse(200, {"Content-Length": "10"})]

    assert webhook(receiver.url).send(ALERT) == AttemptFailed("no answer: RemoteProtocolError")


@pytest.mark.parametrize("host", ["169.254.169.254", "2852039166", "0xA9FEA9FE", "[fe80::1]", "[::ffff:169.254.1.1]"])
def test_nothing_is_sent_to_an_address_that_serves_the_machine_itself(host: str) -> None:
    outcome = webhook(f"http://{host}/latest/meta-data").send(ALERT)

    assert outcome == AttemptFailed("its host is link-local: such addresses serve the machine itself")


def test_an_ipv6_address_without_a_port_means_the_usual_one() -> None:
    try:
        made = running_receiver("::1", 80)
        with made as receiver:
            assert webhook("http://[::1]/hooks/staffel").send(ALERT) == Delivered()
            [request] = receiver.requests
    except PermissionError:
        pytest.skip("this user may not listen on port 80")

    assert (request.path, request.headers["host"]) == ("/hooks/staffel", "[::1]")


def test_an_ipv6_address_with_a_port_means_that_port() -> None:
    with running_receiver("::1") as receiver:
        url = receiver.url.replace("127.0.0.1", "[::1]")

        assert webhook(url).send(ALERT) == Delivered()
        assert receiver.requests[0].verified_event()["subject"] == "acme.com"


def test_a_host_that_does_not_exist_is_no_answer() -> None:
    [outcome] = [webhook("https://no-such-host.invalid/token").send(ALERT)]

    assert isinstance(outcome, AttemptFailed)
    assert outcome.why.startswith("no answer: ")


def test_an_untrusted_certificate_is_refused() -> None:
    with _without_certificate() as port:
        outcome = webhook(f"https://127.0.0.1:{port}/token").send(ALERT)

    assert isinstance(outcome, AttemptFailed)
    assert outcome.why.startswith("no trusted connection: ")


def test_no_failure_reason_contains_an_address_or_a_secret(receiver: Receiver) -> None:
    receiver.responses = [ReceiverResponse(500)]
    urls = [receiver.url, f"http://127.0.0.1:{free_port()}/hooks", "https://no-such-host.invalid/hooks"]

    reasons = " ".join(str(webhook(url).send(ALERT)) for url in urls)
    assert not [part for part in ("hooks", "tenant", SECRET.removeprefix("whsec_")) if part in reasons]


@contextmanager
def _without_certificate() -> Iterator[int]:
    """A server of TLS that shows no certificate at all."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()

        def serve() -> None:
            connection, _ = listening.accept()
            with connection:
                try:
                    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).wrap_socket(connection, server_side=True)
                except OSError:
                    return

        Thread(target=serve, daemon=True).start()
        yield int(listening.getsockname()[1])
