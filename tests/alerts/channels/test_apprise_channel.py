"""Chat and mail: Apprise itself, speaking to a receiver that listens on this machine."""

import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec
import pytest

from alerts.channels.apprise_channel import AppriseChannel
from alerts.channels.channel import Alert, AttemptFailed, Delivered
from alerts.channels.receivers import receivers_of
from alerts.messages import Links
from projections.derived_facts import encode
from tests.alerts.builders import proposed_event
from tests.alerts.receiver import Receiver, ReceiverResponse
from tests.kafka.broker import free_port

ALERT = Alert("alert_one", "act_now", encode(proposed_event(name="Acme GmbH")))


def channel(receiver: Receiver, link: str | None = None) -> AppriseChannel:
    return channel_to(receiver.url.replace("http://", "json://kim:topsecret@"), link)


def channel_to(address: str, link: str | None = None) -> AppriseChannel:
    [receiver] = receivers_of(address)
    return AppriseChannel("chat", receiver, Links(link))


def test_people_get_words(receiver: Receiver) -> None:
    assert channel(receiver, "https://crm.example.com/{account}").send(ALERT) == Delivered()

    [request] = receiver.requests
    sent = msgspec.json.decode(request.body)
    assert (sent["title"], sent["type"]) == ("ACT NOW: Acme GmbH (acme.com)", "warning")
    assert sent["message"].splitlines() == [
        "acquisition, score 112.5, for sdr",
        "due Mon 5 Jan 2026 16:00 (UTC)",
        "- 60.0 meeting_held, c_anna",
        "- 30.0 reply, c_bert",
        "- 12.5 pricing_page",
        "- and 1 more",
        "staffel handoff accept acme.com/acquisition/1 --by YOU",
        "https://crm.example.com/acme.com",
    ]


@pytest.mark.parametrize(
    ("kind", "loudness"),
    [("handoff_proposed", "info"), ("act_now", "warning"), ("service_level_passed", "failure")],
)
def test_what_is_overdue_is_louder_than_what_is_urgent_and_that_than_what_is_new(
    receiver: Receiver, kind: str, loudness: str
) -> None:
    channel(receiver).send(ALERT._replace(kind=kind))

    assert msgspec.json.decode(receiver.requests[0].body)["type"] == loudness


def test_a_failing_service_is_tried_again(receiver: Receiver) -> None:
    receiver.responses = [ReceiverResponse(500)]

    assert channel(receiver).send(ALERT) == AttemptFailed("JSON answered 500")


def test_who_cannot_be_reached_is_tried_again() -> None:
    assert channel_to(f"json://127.0.0.1:{free_port()}/token").send(ALERT) == AttemptFailed("JSON: no answer")


def test_what_apprise_would_log_stays_out_of_the_log(receiver: Receiver, capfd: pytest.CaptureFixture[str]) -> None:
    receiver.responses = [ReceiverResponse(500)]
    with everything_logged() as lines:
        logging.getLogger("some.other").debug("heard")
        channel(receiver).send(ALERT)

    assert lines.getvalue() == "heard\n"
    assert capfd.readouterr() == ("", "")


@contextmanager
def everything_logged() -> Iterator[io.StringIO]:
    """What reaches the handlers of the root, as where an operator asks for every line."""
    lines, root = io.StringIO(), logging.getLogger()
    handler, level = logging.StreamHandler(lines), root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        yield lines
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
