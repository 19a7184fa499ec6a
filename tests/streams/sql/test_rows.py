"""Offsets of new records: without gaps, in order, each id once."""

from hypothesis import given
from hypothesis import strategies as st

from streams.log import Appended, NewRecord
from streams.sql.rows import PartitionOffset, assign_offsets, stored_ids

IDS = st.none() | st.sampled_from(["a", "b", "c", "d"])
RECORDS = st.tuples(st.integers(0, 2), IDS)


def placement_request(records: list[tuple[int, str | None]]) -> list[tuple[int, bytes | None, NewRecord]]:
    new = [NewRecord("acme.com", b"", id) for _, id in records]
    return list(zip([partition for partition, _ in records], stored_ids(new), new, strict=True))


@given(st.lists(RECORDS), st.dictionaries(st.sampled_from([b"a", b"b"]), st.tuples(st.integers(0, 2), st.just(0))))
def test_rows_follow_the_ends_without_holes_and_no_id_comes_twice(
    records: list[tuple[int, str | None]], existing: dict[bytes, PartitionOffset]
) -> None:
    ends = {0: 10, 1: 20, 2: 30}
    placed = assign_offsets(placement_request(records), ends, existing)
    for partition, end in ends.items():
        offsets = [row[1] for row in placed.rows if row[0] == partition]
        assert offsets == list(range(end, placed.ends.get(partition, end)))
    ids = [row[3] for row in placed.rows if row[3] is not None]
    assert len(set(ids)) == len(ids)
    assert not set(ids) & set(existing)


@given(st.lists(RECORDS))
def test_one_batch_places_as_many_small_ones_would(records: list[tuple[int, str | None]]) -> None:
    ends, existing, one_by_one = {0: 0, 1: 0, 2: 0}, dict[bytes, PartitionOffset](), list[Appended]()
    for each in placement_request(records):
        placed = assign_offsets([each], ends, existing)
        one_by_one += placed.appended
        ends |= placed.ends
        existing |= {row[3]: (row[0], row[1]) for row in placed.rows if row[3] is not None}
    assert assign_offsets(placement_request(records), {0: 0, 1: 0, 2: 0}, {}).appended == one_by_one
