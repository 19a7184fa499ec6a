"""Properties of the recorder: any input, and concurrent recorders."""

import random
from concurrent.futures import ThreadPoolExecutor

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from intake.observation import Observation, Rejected
from intake.recorder.appender import DirectAppender
from intake.recorder.drafts import Duplicate, Recorded
from intake.recorder.recorder import Recorder
from intake.vault.vault import Vault
from projections.directory import Directory
from schemas.facts.validation import check_fact
from streams.sql.log import SqlLog
from tests.intake.recorder.fakes import NOW, RecorderWorld, new_observation, registration


def test_two_concurrent_recorders_agree(database: Engine, vault_database: Engine) -> None:
    log = SqlLog(database)
    vaults = [Vault(vault_database, random.Random(n).randbytes) for n in range(2)]
    recorders = [Recorder(DirectAppender(log), vault, Directory(database), lambda: NOW) for vault in vaults]
    observations = [registration("r", None, ["acme.com"])] + [
        new_observation(str(n), email=f"p{n % 40}@acme.com", visitor=f"v{n % 40}") for n in range(200)
    ]
    with ThreadPoolExecutor(2) as pool:
        one, two = pool.map(lambda recorder: recorder.record(observations), recorders)

    assert [(a.account, a.contact) for a in one] == [(b.account, b.contact) for b in two]
    assert [type(a) is type(b) for a, b in zip(one, two, strict=True)].count(True) == 0
    records = log.read("engagement", 0, 0, 10_000)
    ids = [(fact["source"], fact["id"]) for fact in map(msgspec.json.decode, (record.value for record in records))]
    assert len(ids) == len(set(ids)) == 201 + 2 * 40
    log.close()


TEXTS = st.one_of(st.none(), st.text(max_size=12), st.sampled_from(["a@acme.com", "acme.com", "c_a", "v_b", "1.2.3.4"]))
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)),
    max_leaves=6,
)
KEYS = st.one_of(st.text(max_size=5), st.sampled_from(["url", "domains", "domain", "name", "properties", "attendees"]))
TYPES = st.sampled_from(
    "web.page_viewed.v1 account.registered.v1 account.updated.v1 account.domain_claimed.v1 contact.identified.v1 "
    "custom.tracked.v1 meeting.held.v1 model.activated.v1 nps.answered.v2 x".split()
)
OBSERVATIONS = st.builds(
    Observation,
    where=st.just("somewhere"),
    source=st.one_of(st.just("s"), st.text(max_size=5)),
    id=st.text(max_size=6),
    type=TYPES,
    time=st.one_of(st.just(NOW), st.integers()),
    data=st.dictionaries(KEYS, VALUES, max_size=4),
    account=TEXTS,
    account_hint=TEXTS,
    contact=TEXTS,
    email=TEXTS,
    name=TEXTS,
    visitor=TEXTS,
    person=TEXTS,
    host=TEXTS,
    ip=TEXTS,
    trusted=st.booleans(),
    attribution=TEXTS,
    origin=TEXTS,
)


@settings(max_examples=100)
@given(st.lists(OBSERVATIONS, max_size=6))
def test_every_observation_gets_one_outcome_and_affects_no_other(
    vault_engine: Engine, anything: list[Observation]
) -> None:
    intake = RecorderWorld(vault_engine)
    good = [new_observation(f"good {n}", source="good", account="good.com") for n in range(len(anything))]
    mixed = [observation for pair in zip(good, anything, strict=True) for observation in pair]

    outcomes = intake.record(*mixed)

    assert len(outcomes) == len(mixed)
    assert all(isinstance(outcome, Recorded) for outcome in outcomes[::2])
    assert all(isinstance(outcome, Recorded | Duplicate | Rejected) for outcome in outcomes)
    recorded = len(intake.log.records)
    again = intake.new_recorder().record(mixed)
    assert [isinstance(outcome, Rejected) for outcome in again] == [
        isinstance(outcome, Rejected) for outcome in outcomes
    ]
    assert len(intake.log.records) == recorded
    for fact in intake.log.facts():
        assert not isinstance(check_fact(fact["type"], fact.get("data", {})), tuple)
