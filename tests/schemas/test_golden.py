"""Every fact that was ever written can still be read. Files in `tests/golden/` are added, never changed."""

from hashlib import sha256
from pathlib import Path

import jsonschema
import msgspec
import pytest

from schemas.contract.__main__ import published_files
from schemas.contract.json_schemas import facts_schema, handoffs_schema, suppressions_schema
from schemas.envelope import Fact, decode_fact, encode_fact
from schemas.facts.registry import TYPES
from schemas.facts.upcasters import upcast
from schemas.facts.validation import check_fact
from schemas.handoff_events import HANDOFF_EVENTS, SUPPRESSION_EVENTS
from schemas.times import parse_time

GOLDEN = Path(__file__).parents[1] / "golden"
PUBLISHED = Path(__file__).parents[2] / "schemas" / "published"
FACTS_SCHEMA = jsonschema.Draft202012Validator(facts_schema())
HANDOFFS_SCHEMA = jsonschema.Draft202012Validator(handoffs_schema())
SUPPRESSIONS_SCHEMA = jsonschema.Draft202012Validator(suppressions_schema())


def golden(type_: str) -> bytes:
    return (GOLDEN / f"{type_}.json").read_bytes().rstrip(b"\n")


def test_every_type_and_version_has_a_golden_file_and_none_is_left_over() -> None:
    on_disk = {path.name.removesuffix(".json") for path in GOLDEN.glob("*.json")}
    assert on_disk == {*TYPES, *HANDOFF_EVENTS, *SUPPRESSION_EVENTS}


def test_no_golden_file_was_changed() -> None:
    written = dict(reversed(line.split("  ")) for line in (GOLDEN / "SHA256SUMS").read_text().splitlines())
    assert written == {path.name: sha256(path.read_bytes()).hexdigest() for path in GOLDEN.glob("*.json")}


@pytest.mark.parametrize("type_", TYPES)
def test_a_golden_fact_is_read_and_written_again_to_the_same_bytes(type_: str) -> None:
    fact = decode_fact(golden(type_))
    written = encode_fact(
        id=fact.id,
        source=fact.source,
        type=fact.type,
        subject=fact.subject,
        time=parse_time(fact.time),
        recorded_at=parse_time(fact.recordedtime),
        contact=fact.contact,
        domain=fact.domain,
        attribution=fact.attribution,
        confidence=fact.confidence,
        origin=fact.origin,
        moves=fact.moves,
        data=fact.data,
    )
    assert (fact.type, written) == (type_, golden(type_))


@pytest.mark.parametrize("type_", TYPES)
def test_a_golden_fact_fits_its_class_its_check_and_its_published_schema(type_: str) -> None:
    fact = Fact.model_validate_json(golden(type_))
    content = TYPES[type_].model_validate_json(msgspec.json.encode(fact.data))
    assert content.as_json() == fact.data
    assert check_fact(type_, fact.data) is fact.data
    FACTS_SCHEMA.validate(msgspec.json.decode(golden(type_)))


@pytest.mark.parametrize("type_", TYPES)
def test_a_golden_fact_of_an_old_version_becomes_one_of_the_newest(type_: str) -> None:
    newest, data = upcast(type_, decode_fact(golden(type_)).data)
    later = [other for other in TYPES if other.rpartition(".v")[0] == type_.rpartition(".v")[0]]
    assert newest == max(later, key=lambda other: int(other.rpartition(".v")[2]))
    assert check_fact(newest, data) is data


@pytest.mark.parametrize("type_", HANDOFF_EVENTS)
def test_a_golden_handoff_event_fits_its_class_and_its_published_schema(type_: str) -> None:
    event = msgspec.json.decode(golden(type_))
    assert event["type"] == type_
    HANDOFF_EVENTS[type_].model_validate_json(msgspec.json.encode(event["data"]))
    HANDOFFS_SCHEMA.validate(event)


@pytest.mark.parametrize("type_", SUPPRESSION_EVENTS)
def test_a_golden_suppression_event_fits_its_class_and_its_published_schema(type_: str) -> None:
    event = msgspec.json.decode(golden(type_))
    assert event["type"] == type_
    SUPPRESSION_EVENTS[type_].model_validate_json(msgspec.json.encode(event["data"]))
    SUPPRESSIONS_SCHEMA.validate(event)


def test_the_published_files_are_current() -> None:
    on_disk = {path.name: path.read_text("utf-8") for path in PUBLISHED.iterdir()}
    assert on_disk == published_files(), "run `python -m schemas.contract`"
