"""What a partition does with a record: fold it, detect a duplicate, or reject it with a reason."""

import pytest

from schemas.times import parse_time
from schemas.topics import ENGAGEMENT
from streams.activation import NoModelError
from streams.log import Record
from streams.scorer.active_model import RejectedRecord
from streams.scorer.embedded import load_nothing
from streams.scorer.partition_fold import MAX_FACT_BYTES, AdmittedFact, PartitionFold
from tests.scoring import model_builders as models
from tests.scoring.fold_runner import ACME, Json, fact, record_of

NINE_OCLOCK = "2026-01-05T09:00:00Z"


def model_activation(model: Json | None = None, offset: int = 0) -> Record:
    content = {"model": model or models.content(models.rule(on="email.clicked")), "version": "test-1-000000000000"}
    full = {"id": "m", "source": "staffel", "type": "model.activated.v1", "subject": "~model", "time": NINE_OCLOCK}
    return record_of({**full, "data": content}, offset)


def activated_fold(window: int = 100) -> PartitionFold:
    fold = PartitionFold(0, load_nothing, window=window)
    assert fold.apply(model_activation()) is None
    return fold


def code_of(answer: RejectedRecord | None) -> str | None:
    return answer and answer.code


def apply_codes(fold: PartitionFold, *facts: Json) -> list[str | None]:
    return [code_of(fold.apply(record_of(each, offset))) for offset, each in enumerate(facts, start=1)]


def test_a_fact_is_folded_into_its_account() -> None:
    fold = activated_fold()
    assert apply_codes(fold, fact("f1", NINE_OCLOCK), fact("f2", NINE_OCLOCK)) == [None, None]
    assert (fold.facts, fold.accounts[ACME].seq, list(fold.changed_accounts)) == (2, 2, [ACME])


def test_a_duplicate_is_counted_and_changes_nothing() -> None:
    fold = activated_fold()
    assert apply_codes(
        fold, fact("f1", NINE_OCLOCK), fact("f1", NINE_OCLOCK), fact("f1", NINE_OCLOCK, source="other")
    ) == [None, None, None]
    assert (fold.duplicates, fold.accounts[ACME].seq) == (1, 2)


def test_beyond_the_window_a_record_is_no_duplicate_any_more() -> None:
    fold = activated_fold(window=2)
    apply_codes(fold, *[fact(id, NINE_OCLOCK) for id in ("f1", "f2", "f3", "f1", "f3")])
    assert (fold.duplicates, fold.accounts[ACME].seq) == (1, 4)


@pytest.mark.parametrize(
    ("refused", "code"),
    [
        (fact("f", "soon"), "unreadable"),
        (fact("f", "2026-01-05T09:00:00"), "unreadable"),
        (fact("f", "1969-12-31T23:59:59.999Z"), "bad_time"),
        (fact("f", "9000-01-01T00:00:00Z"), "bad_time"),
        (fact("f", NINE_OCLOCK, data="text"), "unreadable"),
        ({**fact("f", NINE_OCLOCK), "contact": 5}, "unreadable"),
        (fact("f", NINE_OCLOCK, "account.merged", data={"into": "b.com"}), "not_yet"),
        (fact("f", NINE_OCLOCK, "engagement.retracted"), "not_yet"),
    ],
)  # fmt: skip
def test_what_cannot_be_folded_is_refused_and_touches_nothing(refused: Json, code: str) -> None:
    fold = activated_fold()
    assert apply_codes(fold, refused, fact("g", NINE_OCLOCK)) == [code, None]
    assert (fold.facts, fold.accounts[ACME].seq) == (1, 1)


def test_a_record_under_another_key_is_refused() -> None:
    fold = activated_fold()
    moved = record_of(fact("f", NINE_OCLOCK), 1)._replace(key="other.com")
    assert (code_of(fold.apply(moved)), fold.accounts) == ("wrong_key", {})


@pytest.mark.parametrize("subject", ["", "~checkpoint", "~other", "acme.com/c_a", "/"])
def test_what_cannot_be_the_id_of_an_account_is_none(subject: str) -> None:
    fold = activated_fold()
    assert (apply_codes(fold, fact("f", NINE_OCLOCK, subject=subject)), fold.accounts) == (["wrong_key"], {})


def test_only_an_activation_may_stand_under_the_key_of_the_model() -> None:
    assert apply_codes(activated_fold(), fact("f", NINE_OCLOCK, subject="~model")) == ["wrong_key"]


@pytest.mark.parametrize("value", [b"", b"\xff\xfe", b"[]", b'{"id":1}', b"{}"])
def test_bytes_that_are_no_fact_are_refused(value: bytes) -> None:
    assert code_of(activated_fold().apply(Record(1, ACME, value))) == "unreadable"


def test_a_second_activation_is_refused_and_the_first_one_stays() -> None:
    fold = activated_fold()
    plan = fold.plan
    assert (code_of(fold.apply(model_activation(offset=1))), fold.plan is plan, fold.model.offset) == (
        "not_yet",
        True,
        0,
    )


def test_a_partition_that_begins_without_a_model_is_not_folded() -> None:
    with pytest.raises(NoModelError, match=f"partition 3 of {ENGAGEMENT}|of partition 3"):
        PartitionFold(3, load_nothing).apply(record_of(fact("f", NINE_OCLOCK), 0))


def test_a_model_that_cannot_be_read_is_refused() -> None:
    fold = PartitionFold(0, load_nothing)
    assert code_of(fold.apply(model_activation({"model": "m", "tracks": {}, "more": 1}))) == "bad_model"


def test_the_newest_time_is_that_of_facts_which_are_no_control_facts() -> None:
    fold = activated_fold()
    review = fact("r", "2026-03-01T00:00:00Z", "review.due")
    apply_codes(fold, fact("f", "2026-01-06T00:00:00Z"), review, fact("g", NINE_OCLOCK))
    assert fold.latest_time == parse_time("2026-01-06T00:00:00Z")


def test_an_older_version_of_a_fact_is_read_as_the_newest() -> None:
    model = models.content(models.rule(on="nps.answered", points={"field": "score"}))
    fold = PartitionFold(0, load_nothing)
    fold.apply(model_activation(model))
    apply_codes(fold, fact("f", NINE_OCLOCK, "nps.answered", data={"score": 12}))
    assert fold.accounts[ACME].sums == [10]


def test_a_record_that_was_folded_before_is_remembered_without_being_folded() -> None:
    fold = activated_fold()
    fold.mark_seen(record_of(fact("f1", NINE_OCLOCK), 1))
    fold.mark_seen(model_activation(offset=2))
    fold.mark_seen(Record(3, ACME, b"no fact"))
    assert (code_of(fold.apply(record_of(fact("f1", NINE_OCLOCK), 4))), fold.duplicates, fold.accounts) == (None, 1, {})


def test_an_activation_that_repeats_the_first_one_is_a_duplicate() -> None:
    first = model_activation()
    again = Record(1, first.key, first.value.replace(b'"version"', b'"initial":true,"version"'))
    fold = activated_fold()
    assert (fold.apply(again), fold.duplicates, fold.model.offset) == (None, 1, 0)


@pytest.mark.parametrize("broken", [b'"\xff\xfe"', b"1e999", b'"\\ud800"', b"[" * 3_000 + b"]" * 3_000])
def test_a_fact_whose_content_cannot_be_read_as_a_whole_touches_no_account(broken: bytes) -> None:
    fold = activated_fold()
    update = record_of(fact("f", NINE_OCLOCK, "account.updated", data={"name": "Acme", "more": "?"}), 1)
    assert code_of(fold.apply(update._replace(value=update.value.replace(b'"?"', broken)))) == "unreadable"
    assert (fold.accounts, fold.facts) == ({}, 0)


def test_a_fact_that_could_not_be_read_is_none_that_a_later_one_may_repeat() -> None:
    fold, update = (
        activated_fold(),
        record_of(fact("f", NINE_OCLOCK, "account.updated", data={"name": "Acme", "more": "?"}), 1),
    )
    broken = update._replace(value=update.value.replace(b'"?"', b"1e999"))
    fold.apply(broken)
    fold.mark_seen(broken._replace(offset=2))
    assert (fold.apply(update._replace(offset=3)), fold.duplicates, fold.facts) == (None, 0, 1)


def test_what_was_admitted_touches_its_account_when_it_is_taken() -> None:
    fold = activated_fold()
    admitted = fold.admit(record_of(fact("f", NINE_OCLOCK), 1))
    assert isinstance(admitted, AdmittedFact)
    assert (fold.accounts, fold.facts) == ({}, 0)
    fold.fold_admitted(admitted)
    assert (fold.accounts[ACME].seq, fold.facts) == (1, 1)


def test_a_fact_that_no_record_of_an_account_could_hold_is_refused() -> None:
    fold = activated_fold()
    large = record_of(fact("f", NINE_OCLOCK, data={"url": "x" * MAX_FACT_BYTES}), 1)
    assert (code_of(fold.apply(large)), fold.accounts) == ("unreadable", {})


LONG = "c" * 1_100
IDENTIFIED = "contact.identified"


@pytest.mark.parametrize(
    "unfit",
    [
        fact("f", NINE_OCLOCK, contact=LONG),
        fact("f", NINE_OCLOCK, contact="c_\0a"),
        fact("f", NINE_OCLOCK, IDENTIFIED, contact=None, data={"contact": LONG, "visitor": "v_a"}),
        fact("f", NINE_OCLOCK, IDENTIFIED, contact=None, data={"contact": "c_\0a", "role": "champion"}),
        fact("f", NINE_OCLOCK, contact=None, subject="x" * 1_001),
        fact("f", NINE_OCLOCK, contact=None, subject="語" * 700),
        fact("f", NINE_OCLOCK, contact=None, subject="a\0b"),
    ],
)
def test_a_fact_whose_keys_no_store_can_hold_is_refused_and_its_neighbours_count(unfit: Json) -> None:
    fold = activated_fold()
    assert apply_codes(fold, fact("e", NINE_OCLOCK), unfit, fact("g", NINE_OCLOCK)) == [None, "unfit_key", None]
    assert (fold.facts, list(fold.accounts), fold.accounts[ACME].seq) == (2, [ACME], 2)


@pytest.mark.parametrize(
    "odd",
    [
        fact("a\0b", NINE_OCLOCK),
        fact("f" * 5_000, NINE_OCLOCK),
        fact("f", NINE_OCLOCK, "account.registered", data={"name": ["x"], "owner": {}, "domains": [1, None, {}]}),
        fact("f", NINE_OCLOCK, "account.domain_claimed", data={"domain": "a\0b"}),
        fact("f", NINE_OCLOCK, IDENTIFIED, contact="c_a", data={"role": "a\0b", "to": ACME}),
    ],
)
def test_what_a_log_has_counted_so_far_goes_on_counting(odd: Json) -> None:
    fold = activated_fold()
    assert apply_codes(fold, odd) == [None]
    assert fold.accounts[ACME].seq == 1


@pytest.mark.parametrize("time", ["geheim@acme.com", "2026-13-01T00:00:00Z"])
def test_a_reason_repeats_nothing_of_the_record(time: str) -> None:
    [refused] = [activated_fold().apply(record_of(fact("f", time), 1))]
    assert refused is not None
    assert time not in refused.why
