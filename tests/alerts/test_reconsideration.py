"""Alerts that are sent after all: what was held, and what another channel gave up. On SQLite and on PostgreSQL."""

from alerts.channels.channel import AttemptFailed, Delivered, Gone
from tests.alerts.builders import DAY, HOUR, MINUTE, NOON, FakeChannel, proposed_event, settings
from tests.alerts.world import World

REFUSED = AttemptFailed("answered 500")


def test_a_held_alert_is_sent_when_the_one_before_it_has_failed(world: World) -> None:
    chat = FakeChannel("chat", Gone("answered 410 Gone"))
    world.restart_with(chat).receive(proposed_event(), proposed_event(crossing=2, at=NOON + MINUTE))
    assert world.alerts("status") == ["waiting", "held"]
    world.send_due()

    again = FakeChannel("chat")
    world.restart_with(again).send_due()
    assert world.alerts("status", "held_by", "why") == [
        ("failed", None, "answered 410 Gone"),
        ("delivered", None, None),
    ]
    assert [alert.id for alert in again.sent] == world.alerts("id")[1:]


def test_what_follows_a_delivered_alert_stays_held(world: World) -> None:
    world.receive(proposed_event(), proposed_event(crossing=2, at=NOON + MINUTE)).send_due().send_due(after=HOUR)

    assert world.alerts("status") == ["delivered", "held"]


def test_of_several_held_alerts_the_first_is_sent_and_holds_the_others(world: World) -> None:
    world.restart_with(FakeChannel("chat", Gone("answered 410 Gone")))
    world.receive(*(proposed_event(crossing=n, at=NOON + n * MINUTE) for n in (1, 2, 3))).send_due()
    world.restart_with(FakeChannel("chat")).send_due().send_due(after=HOUR)
    [_, second, _] = world.alerts("id")

    assert world.alerts("status", "held_by") == [("failed", None), ("delivered", None), ("held", second)]


def test_a_held_alert_that_became_too_old_is_not_sent(world: World) -> None:
    world.restart_with(FakeChannel("chat", REFUSED)).receive(proposed_event(), proposed_event(crossing=2))
    world.send_due().send_due(after=2 * DAY)

    assert world.alerts("status") == ["failed", "held"]


def test_one_receiver_that_fails_holds_no_other_one(world: World) -> None:
    channel = settings("mail, url: 'mailto://kim:pw@example.com?to=anna@example.com,bert@example.com'")
    anna, bert = channel.channels[0].receivers
    dead = FakeChannel("mail", REFUSED, receiver=anna)
    taking = FakeChannel("mail", receiver=bert)
    world.restart_with(dead, taking, settings=channel).receive(proposed_event())
    for _ in range(30):
        world.send_due(after=HOUR)

    assert sorted(world.alerts("receiver", "status")) == sorted([(anna, "failed"), (bert, "delivered")])
    assert (len(taking.sent), len(dead.sent)) == (1, 10)


def test_a_receiver_that_the_file_no_longer_names_has_failed(world: World) -> None:
    channel = settings("mail, url: 'mailto://kim:pw@example.com?to=anna@example.com,bert@example.com'")
    anna, _ = channel.channels[0].receivers
    world.restart_with(FakeChannel("mail"), settings=channel).receive(proposed_event())

    assert world.rows.fail_others([("mail", anna)], "no such receiver") == 1
    assert sorted(world.alerts("status")) == ["failed", "waiting"]


def with_fallback(world: World, chat: FakeChannel, on_call: FakeChannel) -> World:
    return world.restart_with(chat, on_call, settings=settings("chat, fallback: on-call", "on-call, kinds: [act_now]"))


def test_what_a_channel_does_not_take_its_fallback_gets_after_two_minutes(world: World) -> None:
    chat, on_call = FakeChannel("chat", REFUSED), FakeChannel("on-call")
    with_fallback(world, chat, on_call).receive(proposed_event())
    for _ in range(5):
        world.send_due(after=MINUTE)

    assert world.alerts("channel", "status", "attempts", "why") == [
        ("chat", "failed", 4, "left to on-call after 4 attempts: answered 500"),
        ("on-call", "delivered", 1, None),
    ]
    assert [alert.event for alert in on_call.sent] == [chat.sent[0].event]
    assert len(on_call.sent) == 1


def test_a_channel_that_is_gone_or_asks_for_a_long_silence_leaves_its_alerts_to_the_fallback_at_once(
    world: World,
) -> None:
    for answer in (Gone("answered 410 Gone"), AttemptFailed("answered 429", HOUR)):
        chat, on_call = FakeChannel("chat", answer), FakeChannel("on-call")
        before = len(world.alerts("id"))
        with_fallback(world, chat, on_call)
        world.receive(proposed_event(f"a{before}.com"), proposed_event(f"b{before}.com")).send_due()

        assert sorted(world.alerts("channel", "status")[before:]) == [
            *[("chat", "failed")] * 2,
            *[("on-call", "delivered")] * 2,
        ]
        assert len(chat.sent) == 1


def test_what_a_channel_takes_its_fallback_does_not_get(world: World) -> None:
    chat, on_call = FakeChannel("chat", REFUSED, Delivered()), FakeChannel("on-call")
    with_fallback(world, chat, on_call).receive(proposed_event()).send_due().send_due(after=HOUR)

    assert (world.alerts("channel", "status"), on_call.sent) == ([("chat", "delivered")], [])


def test_a_fallback_that_got_the_alert_itself_does_not_get_it_again(world: World) -> None:
    chat, on_call = FakeChannel("chat", Gone("answered 410 Gone")), FakeChannel("on-call")
    channels = settings("chat, fallback: on-call", "on-call")
    world.restart_with(chat, on_call, settings=channels).receive(proposed_event()).send_due().send_due(after=HOUR)

    assert len(on_call.sent) == 1


def test_a_fallback_gets_nothing_while_one_receiver_of_the_channel_got_it(world: World) -> None:
    channels = settings(
        "mail, fallback: on-call, url: 'mailto://kim:pw@example.com?to=anna@example.com,bert@example.com'",
        "on-call, kinds: [act_now]",
    )
    anna, bert = channels.channels[0].receivers
    on_call = FakeChannel("on-call")
    dead, taking = FakeChannel("mail", REFUSED, receiver=anna), FakeChannel("mail", receiver=bert)
    world.restart_with(dead, taking, on_call, settings=channels).receive(proposed_event())
    for _ in range(5):
        world.send_due(after=MINUTE)

    assert (sorted(world.alerts("status")), on_call.sent) == (["delivered", "failed"], [])


def test_a_fallback_has_a_cool_down_of_its_own(world: World) -> None:
    chat, on_call = FakeChannel("chat", Gone("answered 410 Gone")), FakeChannel("on-call")
    with_fallback(world, chat, on_call)
    world.receive(proposed_event(), proposed_event(crossing=2, at=NOON + MINUTE)).send_due().send_due()

    assert [(channel, status) for channel, status in world.alerts("channel", "status") if channel == "on-call"] == [
        ("on-call", "delivered"),
        ("on-call", "held"),
    ]
    assert len(on_call.sent) == 1
