"""Names in alerts: read when an alert is sent, and noted before they leave. On SQLite and on PostgreSQL."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
import pytest

from alerts.channels.registry import channels_of
from alerts.outbox import Naming
from alerts.people import People
from alerts.settings import AlertSettings, read_alerts
from database.errors import DatabaseError
from schemas.documents import DocumentError
from tests.alerts.builders import MINUTE, NOON, SECRET, proposed_event
from tests.alerts.receiver import Receiver, ReceiverResponse
from tests.alerts.world import World


def lookup(contacts: Sequence[str]) -> Mapping[str, str]:
    return {"c_anna": "Anna Berg"}


def unreadable(contacts: Sequence[str]) -> Mapping[str, str]:
    raise DatabaseError("the vault is away")


def settings(receiver: Receiver, *, names: bool) -> AlertSettings:
    mail = f"{{name: mail, url: '{receiver.url.replace('http:', 'json:')}', names: {str(names).lower()}}}"
    crm = f"{{name: crm, webhook: '{receiver.url}', secret_env: SECRET}}"
    return read_alerts(f"channels: [{mail}, {crm}]", "alerts.yaml", {"SECRET": SECRET})


def sending(world: World, receiver: Receiver, *, names: bool = True, by: object = lookup) -> World:
    people = People(world.rows, lookup if by is lookup else unreadable, world.clock, world.logger)
    made = settings(receiver, names=names)
    return world.restart_with(*channels_of(made, world.clock, people=people), settings=made)


def test_a_channel_that_may_name_persons_names_them_and_webhooks_and_rows_do_not(
    world: World, receiver: Receiver
) -> None:
    sending(world, receiver).receive(proposed_event()).send_due()
    [mail, crm] = receiver.requests

    assert "- 60.0 meeting_held, Anna Berg\n- 30.0 reply, c_bert" in msgspec.json.decode(mail.body)["message"]
    assert b"Anna" not in crm.body
    assert not [event for event in world.alerts("event") if b"Anna" in event]


def test_other_channels_show_pseudonyms(world: World, receiver: Receiver) -> None:
    sending(world, receiver, names=False).receive(proposed_event()).send_due()

    assert not [request for request in receiver.requests if b"Anna" in request.body]
    assert world.rows.namings_of("c_anna") == []


def test_who_was_told_a_name_is_noted_once(world: World, receiver: Receiver) -> None:
    receiver.responses = [ReceiverResponse(500), ReceiverResponse(204)]
    sending(world, receiver).receive(proposed_event()).send_due().send_due(after=MINUTE)
    [id, _] = world.alerts("id")

    assert len(receiver.requests) == 3
    assert world.rows.namings_of("c_anna") == [Naming("c_anna", id, "mail", "", NOON)]
    assert world.rows.namings_of("c_bert") == []


def test_a_vault_that_cannot_be_read_delays_no_alert(world: World, receiver: Receiver) -> None:
    sending(world, receiver, by=unreadable).receive(proposed_event()).send_due()

    assert world.alerts("status") == ["delivered", "delivered"]
    assert "c_anna" in msgspec.json.decode(receiver.requests[0].body)["message"]
    assert [what for what, _ in world.logger.lines] == ["alert_without_names", "alert_delivered", "alert_delivered"]


def test_a_webhook_cannot_be_told_to_name_persons() -> None:
    text = "channels: [{name: crm, webhook: 'https://example.com', secret_env: SECRET, names: true}]"
    with pytest.raises(DocumentError, match="`names` is only for chat and mail: webhooks never carry names"):
        read_alerts(text, str(Path("alerts.yaml")), {"SECRET": SECRET})
