"""CloudEvents in JSON become observations; invalid ones are rejected, and reading continues."""

import json
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from intake import cloudevents
from intake.observation import Item, Observation, Rejected
from schemas.times import parse_time

READ = Callable[..., list[Item]]


def event(**fields: Any) -> dict[str, Any]:
    whole = {
        "specversion": "1.0",
        "id": "e1",
        "source": "test",
        "type": "web.page_viewed.v1",
        "subject": "acme.example",
        "time": "2026-01-05T09:12:00.000Z",
        **fields,
    }
    return {name: value for name, value in whole.items() if value is not None}


def observation(where: str, **fields: Any) -> Observation:
    return Observation(
        **{
            "where": where,
            "source": "test",
            "id": "e1",
            "type": "web.page_viewed.v1",
            "time": parse_time("2026-01-05T09:12:00.000Z"),
            "account": "acme.example",
            "trusted": True,
            **fields,
        }
    )


def read(folder: Path, *lines: str | dict[str, Any]) -> list[Item]:
    path = folder / "events.jsonl"
    texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    path.write_text("".join(f"{text}\n" for text in texts))
    return list(cloudevents.read(path))


def test_fields_of_a_trusted_file_are_kept(tmp_path: Path) -> None:
    full = event(
        recordedtime="2026-01-05T09:12:01.120Z",
        contact="c_abcdefghijkl",
        domain="acme.example",
        attribution="email_domain",
        confidence=100,
        origin="e0",
        moves="m1 m2",
        data={"url": "/pricing", "unknown": [1]},
        traceparent="00-1-2-03",
    )
    assert read(tmp_path, full) == [
        observation(
            "events.jsonl:1",
            recorded_at=parse_time("2026-01-05T09:12:01.120Z"),
            contact="c_abcdefghijkl",
            domain="acme.example",
            attribution="email_domain",
            confidence=100,
            origin="e0",
            moves="m1 m2",
            data={"url": "/pricing", "unknown": [1]},
        )
    ]


def test_persons_visitors_subjects_and_versions_may_be_incomplete(tmp_path: Path) -> None:
    assert read(
        tmp_path,
        event(contact="pat@acme.example", subject=None),
        event(contact="v_abcdefghijkl"),
        event(visitor="cookie-17", type="web.searched", time="2026-01-05T10:12:00+01:00"),
        event(type="nps.answered.v2", data={"score": 9}),
    ) == [
        observation("events.jsonl:1", email="pat@acme.example", account=None),
        observation("events.jsonl:2", contact="v_abcdefghijkl"),
        observation("events.jsonl:3", visitor="cookie-17", type="web.searched.v1"),
        observation("events.jsonl:4", type="nps.answered.v2", data={"score": 9}),
    ]


def in_base64(text: str | bytes) -> str:
    return b64encode(text if isinstance(text, bytes) else text.encode()).decode()


def test_data_as_bytes_is_decoded(tmp_path: Path) -> None:
    assert read(tmp_path, event(data_base64=in_base64('{"url": "/pricing"}'))) == [
        observation("events.jsonl:1", data={"url": "/pricing"})
    ]


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"data_base64": in_base64("<xml/>")}, "data_base64: not a JSON object in Base64"),
        ({"data_base64": in_base64("[1]")}, "data_base64: not a JSON object in Base64"),
        ({"data_base64": in_base64(b"\xff")}, "data_base64: not a JSON object in Base64"),
        ({"data_base64": in_base64("[" * 100_000)}, "data_base64: not a JSON object in Base64"),
        ({"data_base64": "not base64!"}, "data_base64: not a JSON object in Base64"),
        ({"data_base64": in_base64("{}"), "data": {}}, "data and data_base64: an event has one of them"),
        ({"confidence": 101}, "Expected `int` <= 100"),
        ({"confidence": -5}, "Expected `int` >= 0"),
        ({"confidence": 18446744073709551615}, "Expected `int"),
        ({"attribution": "email\u202edomain"}, "Expected `str` matching regex"),
    ],
)
def test_a_field_without_meaning_is_rejected(tmp_path: Path, fields: dict[str, Any], why: str) -> None:
    [bad] = read(tmp_path, event(**fields))
    assert isinstance(bad, Rejected)
    assert (bad.code, bad.why[: len(why)]) == ("bad_field", why)


def test_a_domain_is_one_and_in_ascii(tmp_path: Path) -> None:
    assert read(tmp_path, event(domain="bücher.example"), event(domain="evil")) == [
        observation("events.jsonl:1", domain="xn--bcher-kva.example"),
        Rejected("events.jsonl:2", "bad_domain", "domain 'evil' is not a domain; for example acme.com"),
    ]


def test_times_may_have_small_letters(tmp_path: Path) -> None:
    assert read(tmp_path, event(time="2026-01-05t09:12:00z", recordedtime="2026-01-05t09:12:01z")) == [
        observation("events.jsonl:1", recorded_at=parse_time("2026-01-05T09:12:01.000Z"))
    ]


@pytest.mark.parametrize("type_", ["model.activated", "model.activated.v1", "review.due.v1", "review.due.v2"])
def test_control_facts_are_always_rejected(tmp_path: Path, type_: str) -> None:
    why = f"{type_} is a control fact: only Staffel itself records those"
    assert read(tmp_path, event(type=type_)) == [Rejected("events.jsonl:1", "control_fact", why)]


@pytest.mark.parametrize(
    ("line", "code", "why"),
    [
        ("{not json}", "bad_json", "object keys must be strings"),
        ('{"id": 1}', "bad_field", "Expected `str | null`, got `int` - at `$.id`"),
        ("17", "bad_field", "Expected `object`, got `int`"),
        (event(data=[1]), "bad_field", "Expected `object | null`, got `array` - at `$.data`"),
        (event(specversion="0.3"), "bad_field", "specversion '0.3': only 1.0 is supported"),
        (event(id="", source=None), "missing_field", "missing or empty: id, source; every CloudEvent needs"),
        (event(specversion=None, time=None), "missing_field", "missing or empty: specversion, time;"),
        (event(type="web.page_view"), "unknown_type", "unknown fact type 'web.page_view'"),
        (event(type="web.page_viewed.v7"), "unknown_type", "unknown fact type 'web.page_viewed.v7'"),
        (event(time="yesterday"), "bad_time", "time 'yesterday' is not a time"),
        (event(time="2026-01-05T09:12:00"), "no_zone", "time '2026-01-05T09:12:00' has no time zone"),
        (event(recordedtime="soon"), "bad_time", "recordedtime 'soon' is not a time"),
        (event(contact="Pat"), "bad_contact", "contact 'Pat' is neither an e-mail address nor a pseudonym"),
        (event(data={"url": "x" * (1 << 20)}), "too_large", "longer than 1,048,576 bytes"),
        ('{"data": {"a": ' + "[" * 100_000, "bad_json", "nested too deeply"),
    ],
)
def test_a_bad_event_is_rejected_and_the_others_are_read(
    tmp_path: Path, line: str | dict[str, Any], code: str, why: str
) -> None:
    before, bad, after = read(tmp_path, event(), line, "", "   ", event(id="e2"))
    assert isinstance(bad, Rejected)
    assert (before, bad.where, bad.code) == (observation("events.jsonl:1"), "events.jsonl:2", code)
    assert after == observation("events.jsonl:5", id="e2")
    assert why in bad.why


def test_bytes_that_are_not_utf_8_are_rejected(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(
        json.dumps(event()).encode() + b"\n" + json.dumps(event(id="M\xfc"), ensure_ascii=False).encode("cp1252")
    )
    bad = list(cloudevents.read(path))[1]
    assert bad == Rejected("events.jsonl:2", "bad_encoding", "the text is not UTF-8: byte 0xfc; convert it")


@pytest.mark.parametrize("indent", [None, 2])
def test_an_array_is_read_like_lines(tmp_path: Path, indent: int | None) -> None:
    items = read(tmp_path, json.dumps([event(), {"id": 1}, event(id="e3")], indent=indent))
    where = "events.jsonl:1" if indent is None else "events.jsonl"
    assert [item.where for item in items] == [f"{where}#1", f"{where}#2", f"{where}#3"]
    assert [type(item) for item in items] == [Observation, Rejected, Observation]


def test_a_single_event_over_many_lines_is_read(tmp_path: Path) -> None:
    assert read(tmp_path, json.dumps(event(), indent=2)) == [observation("events.jsonl")]


def test_a_truncated_array_yields_the_items_before_the_end(tmp_path: Path) -> None:
    items = read(tmp_path, json.dumps([event(), event(id="e2"), event(id="e3")], indent=2)[:-40])
    assert items[:2] == [observation("events.jsonl#1"), observation("events.jsonl#2", id="e2")]
    assert [(item.where, item.code) for item in items[2:] if isinstance(item, Rejected)] == [
        ("events.jsonl#3", "bad_json")
    ]


def test_a_truncated_first_line_does_not_affect_the_others(tmp_path: Path) -> None:
    items = read(tmp_path, json.dumps(event())[:-20], event(id="e2"))
    assert [type(item) for item in items] == [Rejected, Observation]


def test_a_file_without_events_is_rejected_once(tmp_path: Path) -> None:
    (item,) = read(tmp_path, *["name;city"] * 30)
    assert isinstance(item, Rejected)
    assert (item.where, item.code) == ("events.jsonl", "wrong_format")


def test_an_event_from_the_network_is_not_trusted() -> None:
    assert cloudevents.parse_event("body", json.dumps(event()).encode()) == observation("body", trusted=False)
