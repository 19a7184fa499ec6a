"""The scoring task: the same states however units are split and recovered, or an error with the reason."""

import msgspec
import pytest

from schemas.dead_letters import parse_error_headers
from schemas.scores import CHECKPOINT_KEY, decode_checkpoint
from schemas.topics import ENGAGEMENT, MAX_RECORD_BYTES
from scoring.fold.state import FOLD_VERSION
from streams.activation import OtherFoldVersion
from streams.log import LogRefused
from streams.worker.scoring import ScoringTask, UnitTooLargeError
from streams.worker.units import size_of
from tests.streams.worker.fakes import FakeRecord
from tests.streams.worker.scoring_partition import (
    ADDRESS,
    LOG,
    MODEL,
    OPTIONS,
    ScoringPartition,
    activation_fake,
    fact_records,
    is_account,
    straight_fold_digests,
)

ACCOUNT = b"company-0.example"
CHECKPOINT = CHECKPOINT_KEY.encode()


def test_units_end_in_the_states_of_a_straight_fold() -> None:
    source = fact_records(2_000)
    assert ScoringPartition(source).fold().digests() == straight_fold_digests(source)


def test_recovered_after_every_unit_the_states_are_the_same() -> None:
    source = fact_records(600)
    partition = ScoringPartition(source)
    for until in range(0, len(source) + 1, 50):
        partition.fold(until).recover()
    assert partition.fold().digests() == straight_fold_digests(source)


def test_a_unit_ends_with_the_position_the_model_the_newest_time_and_the_log() -> None:
    partition = ScoringPartition(fact_records(20)).fold()
    [unit] = partition.units
    assert [key for key, _ in unit.records].index(CHECKPOINT) == len(unit.records) - 1
    checkpoint = decode_checkpoint(unit.records[-1][1])
    assert (checkpoint.next, checkpoint.model_at, checkpoint.log) == (21, 0, "log-1")
    assert (unit.next, unit.fact_count) == (21, 20)
    assert checkpoint.latest == msgspec.json.decode(partition.source[-1].value or b"")["time"]


def test_a_unit_that_is_too_large_is_folded_again_in_halves() -> None:
    source = [*fact_records(300, accounts=1), *fact_records(600, accounts=300)[301:]]
    partition = ScoringPartition(source, unit_bytes=20_000).fold()
    assert partition.digests() == straight_fold_digests(source)
    assert partition.counters.unit_splits > 0
    assert max(size_of(unit.records) for unit in partition.units) <= 20_000
    assert [unit.next for unit in partition.units] == sorted({unit.next for unit in partition.units})
    checkpoints = [decode_checkpoint(unit.records[-1][1]) for unit in partition.units]
    assert [each.latest for each in checkpoints] == [latest_time(source[1 : each.next]) for each in checkpoints]


def latest_time(facts: list[FakeRecord]) -> str:
    return str(max(msgspec.json.decode(fact.value or b"")["time"] for fact in facts))


@pytest.mark.parametrize("unit_bytes", [10, 3_000, 20_000])
def test_however_units_are_cut_every_change_is_told_once(unit_bytes: int) -> None:
    cut, whole = (
        ScoringPartition(fact_records(300), unit_bytes=unit_bytes).fold(),
        ScoringPartition(fact_records(300)).fold(),
    )
    assert changes_by_account(cut) == changes_by_account(whole)
    assert all(update.after_seq < update.seq for update in cut.updates())


def changes_by_account(partition: ScoringPartition) -> dict[str, list[object]]:
    """account -> its lines, stage changes and handoffs, in order, and the seqs they belong to."""
    lines: dict[str, list[object]] = {}
    for update in partition.updates():
        changes = update.changes
        lines.setdefault(update.account, []).extend([*changes.lines, *changes.stages, *changes.handoffs])
    return {account: sorted(map(repr, each)) for account, each in lines.items()}


def test_seqs_of_an_account_are_dense_though_accounts_are_dropped_from_memory() -> None:
    source = fact_records(1_000)
    partition = ScoringPartition(source, max_decoded_accounts=3).fold(batch_size=50)
    reached: dict[str, int] = {}
    for update in partition.updates():
        assert update.after_seq == reached.get(update.account, 0)
        reached[update.account] = update.seq
    assert partition.digests() == straight_fold_digests(source)


def test_a_single_fact_may_take_more_than_a_unit_but_no_more_than_a_batch() -> None:
    assert len(ScoringPartition(fact_records(5), unit_bytes=10).fold().units) == 5
    with pytest.raises(
        UnitTooLargeError, match=r"the fact at offset 1 of partition 0 of engagement changes .* may have 900"
    ):
        ScoringPartition(fact_records(5), unit_bytes=10, largest_unit=900).fold()


def test_markers_alone_make_a_unit_of_the_position() -> None:
    partition = ScoringPartition(fact_records(3)).fold()
    partition.write_units(partition.task.fold(9, []))
    assert [key for key, _ in partition.units[-1].records] == [CHECKPOINT]
    assert decode_checkpoint(partition.latest[CHECKPOINT]).next == 9


def test_a_fetch_without_news_makes_no_unit() -> None:
    partition = ScoringPartition(fact_records(3)).fold()
    assert list(partition.task.fold(partition.task.next, [])) == []


def test_poison_is_referred_to_by_a_dead_letter_without_its_content_before_the_position_passes_it() -> None:
    own = (("trace", b"7"),)
    poison = [
        FakeRecord(1, ACCOUNT, b"\xff no fact", own),
        FakeRecord(2, None, b"{}"),
        FakeRecord(3, b"\xfe", None),
        FakeRecord(4, ACCOUNT, b"[" * 5_000),
    ]
    source = [
        activation_fake(),
        *poison,
        *(record._replace(offset=record.offset + 4) for record in fact_records(5)[1:]),
    ]
    partition = ScoringPartition(source).fold()
    letters = partition.units[0].dead_letters
    assert [(letter.key, letter.value) for letter in letters] == [(each.key, b"") for each in poison]
    assert own[0] not in letters[0].headers
    headers = [parse_error_headers(letter.headers) for letter in letters]
    assert [(each["topic"], each["offset"], each["exception.class.name"]) for each in headers] == [
        (ENGAGEMENT, str(offset), "unreadable") for offset in (1, 2, 3, 4)
    ]
    assert partition.digests() == straight_fold_digests(source)


UNFIT = [{"contact": "c" * 1_001}, {"contact": "c_\0"}, {"subject": "x" * 1_001}, {"subject": "a\0b"}]


@pytest.mark.parametrize("unfit", UNFIT)
def test_a_fact_whose_keys_no_store_can_hold_is_a_letter_as_on_every_host(unfit: dict[str, str]) -> None:
    good = fact_records(3)
    document = {**msgspec.json.decode(good[1].value), "id": "odd", **unfit}
    odd = FakeRecord(2, document["subject"].encode(), msgspec.json.encode(document))
    after = [record._replace(offset=record.offset + 1) for record in good[2:]]
    source = [*good[:2], odd, *after]
    partition = ScoringPartition(source).fold()
    letters = [letter for unit in partition.units for letter in unit.dead_letters]
    assert [parse_error_headers(letter.headers)["exception.class.name"] for letter in letters] == ["unfit_key"]
    assert partition.digests() == straight_fold_digests([*good[:2], *after])


def test_a_record_of_any_size_makes_a_small_letter() -> None:
    [unit] = ScoringPartition([activation_fake(), FakeRecord(1, ACCOUNT, b"x" * (MAX_RECORD_BYTES + 1))]).fold().units
    [letter] = unit.dead_letters
    assert (letter.value, sum(len(value) for _, value in letter.headers) < 500) == (b"", True)


def test_letters_alone_are_followed_by_the_position() -> None:
    partition = ScoringPartition([activation_fake(), FakeRecord(1, ACCOUNT, b"poison")]).fold()
    assert [(len(unit.dead_letters), unit.next, len(unit.records)) for unit in partition.units] == [(1, 2, 1)]


@pytest.mark.parametrize(("between", "known"), [(2, True), (3, False)])
def test_a_duplicate_is_known_within_the_window_after_a_recovery(between: int, known: bool) -> None:
    facts = fact_records(between + 1)[1:]
    again = facts[0]._replace(offset=between + 2)
    partition = ScoringPartition([activation_fake(), *facts, again], window=3).fold(between + 2)
    partition.recover()
    partition.fold()
    assert partition.counters.duplicates == known


def test_an_activation_that_repeats_the_one_in_force_is_a_duplicate() -> None:
    source = [
        activation_fake(),
        activation_fake(1),
        *(record._replace(offset=record.offset + 1) for record in fact_records(3)[1:]),
    ]
    partition = ScoringPartition(source).fold()
    assert [len(unit.dead_letters) for unit in partition.units] == [0]
    assert partition.counters.duplicates == 1
    assert decode_checkpoint(partition.latest[CHECKPOINT]).model_at == 0


def test_an_activation_of_another_model_is_a_dead_letter() -> None:
    other = activation_fake(1, MODEL.replace("points: 10", "points: 11"))
    [unit] = ScoringPartition([activation_fake(), other]).fold().units
    assert [parse_error_headers(letter.headers)["exception.class.name"] for letter in unit.dead_letters] == ["not_yet"]


def test_facts_before_any_model_are_refused_with_a_way_out() -> None:
    with pytest.raises(LogRefused, match=r"offset 1 of partition 0 .* run `staffel topics create` first"):
        ScoringPartition(fact_records(3)[1:]).fold()


def test_scores_of_another_engagement_are_refused() -> None:
    partition = ScoringPartition(fact_records(3)).fold()
    partition.log_id = "log-2"
    with pytest.raises(
        LogRefused, match=r"a-scores was computed from another a-engagement .topic id log-1; now it is log-2"
    ):
        partition.recover()


def test_scores_that_name_no_log_are_taken() -> None:
    partition = ScoringPartition(fact_records(3)).fold()
    checkpoint = msgspec.json.decode(partition.latest[CHECKPOINT])
    del checkpoint["log"]
    partition.latest[CHECKPOINT] = msgspec.json.encode(checkpoint)
    assert partition.recover().next == 4


def test_states_of_another_model_are_folded_again_all_at_once_and_written_anew() -> None:
    source = fact_records(500)
    partition = ScoringPartition(source).fold(300)
    expected = straight_fold_digests(source[:300])
    partition.latest = {key: changed_account(key, value, model="other-1") for key, value in partition.latest.items()}
    partition.units.clear()
    partition.recover()
    assert partition.digests() == expected
    assert "other-1" not in {update.model for update in partition.updates()}
    assert {unit.next for unit in partition.units} == {300}
    assert {update.after_seq - update.seq for update in partition.updates()} == {0}
    assert partition.fold().digests() == straight_fold_digests(source)


@pytest.mark.parametrize("version", [FOLD_VERSION - 1, FOLD_VERSION + 1])
def test_states_of_another_fold_are_refused_and_left_as_they_are(version: int) -> None:
    partition = ScoringPartition(fact_records(500)).fold(300)
    partition.latest = {key: changed_account(key, value, fold=version) for key, value in partition.latest.items()}
    stored = dict(partition.latest)
    with pytest.raises(OtherFoldVersion, match=f"this log was scored by version {version} of the fold"):
        partition.recover()
    assert partition.latest == stored


def changed_account(key: bytes, value: bytes, **fields: object) -> bytes:
    """An account as something else than this scorer would have written it; other records stay."""
    return msgspec.json.encode({**msgspec.json.decode(value), **fields, "digest": "?"}) if is_account(key) else value


def test_a_refold_knows_the_duplicates_of_the_whole_partition() -> None:
    facts = fact_records(10)[1:]
    source = [activation_fake(), *facts, facts[0]._replace(offset=11), facts[1]._replace(offset=12)]
    partition = ScoringPartition(source).fold(12)
    partition.latest = {key: changed_account(key, value, model="other-1") for key, value in partition.latest.items()}
    partition.recover()
    partition.fold()
    assert (partition.counters.duplicates, partition.digests()) == (2, straight_fold_digests(source))


def test_what_cannot_be_read_again_as_a_whole_touches_no_account() -> None:
    envelope = b'{"id":"u","source":"s","type":"account.updated.v1","subject":"company-0.example",'
    update = envelope + b'"time":"2025-01-05T00:00:00Z"'
    broken = [update + b',"data":{"name":"N","more":"\xff"}}', update + b',"data":{"name":"N","more":1e999}}']
    deep = update + b',"data":{"name":"N","more":' + b"[" * 3_000 + b"]" * 3_000 + b"}}"
    poison = [FakeRecord(offset, ACCOUNT, value) for offset, value in enumerate([*broken, deep], start=1)]
    source = [
        activation_fake(),
        *poison,
        *(record._replace(offset=record.offset + 3) for record in fact_records(3)[1:]),
    ]
    partition = ScoringPartition(source).fold()
    assert len(partition.units[0].dead_letters) == 3
    assert [update.seq for update in partition.updates() if update.account == ACCOUNT.decode()] == [
        sum(record.key == ACCOUNT for record in source[4:])
    ]


@pytest.mark.parametrize("own_record_too", [False, True])
def test_an_account_of_which_a_record_is_lost_is_folded_again_from_its_own_facts(own_record_too: bool) -> None:
    source = fact_records(500)
    partition = ScoringPartition(source).fold(300)
    whole = dict(partition.latest)
    contact = next(key for key in whole if key.startswith(ACCOUNT + b"/"))
    lost = [contact, b"nobody.example", *([ACCOUNT] if own_record_too else [])]
    partition.latest = {key: value for key, value in whole.items() if key not in lost}
    partition.units.clear()
    partition.recover(lost)
    assert partition.latest.keys() == whole.keys()
    assert partition.latest[contact] == whole[contact]
    assert partition.digests() == straight_fold_digests(source[:300])
    assert {update.account for update in partition.updates()} == {ACCOUNT.decode()}
    assert partition.counters.refolded_accounts == 2
    assert partition.fold().digests() == straight_fold_digests(source)


def test_orders_are_those_of_the_records() -> None:
    source = fact_records(50)
    partition = ScoringPartition(source).fold()
    work = ScoringTask(ADDRESS, LOG, OPTIONS, partition.counters)
    for key, value in partition.latest.items():
        record = msgspec.json.decode(value)
        assert work.order(key, value) == record["next" if key == CHECKPOINT else "seq"]


@pytest.mark.parametrize("value", [b"", b"text", b'{"seq":7,"a":1}', b'{"type":"account.scored.v1","seq":"x","a":1}'])
def test_what_has_no_order_is_none_of_a_workers_records(value: bytes) -> None:
    with pytest.raises(ValueError):
        ScoringTask(ADDRESS, LOG, OPTIONS, ScoringPartition(fact_records(1)).counters).order(ACCOUNT, value)
