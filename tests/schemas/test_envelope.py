"""The identity of a fact as read from the bytes of a record."""

import pytest

from schemas.envelope import FactIdentity, identity_of


def test_a_fact_is_identified_by_source_and_id() -> None:
    identity = identity_of(b'{"id":"e1","source":"web","subject":"acme.com","data":{}}')
    assert (identity.record_id, identity.subject) == ("web\ne1", "acme.com")


def test_an_event_without_source_or_id_has_no_record_id() -> None:
    assert identity_of(b'{"id":"e1"}').record_id is None


@pytest.mark.parametrize("value", [b"", b"{", b"[]", b'{"id":1}', b'{"id":"\xff"}', b"[" * 100_000])
def test_bytes_that_hold_no_event_have_an_empty_identity(value: bytes) -> None:
    assert identity_of(value) == FactIdentity()
