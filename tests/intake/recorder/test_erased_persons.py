"""Persons who were erased stay erased, and looking up brings nobody into the vault."""

from intake.domains import normalized_email
from intake.observation import Filtered, Rejected
from intake.recorder.drafts import Duplicate, Recorded
from intake.vault.vault import Tombstone
from tests.intake.recorder.fakes import IDENTIFIED, NOW, RecorderWorld, new_observation

HOUR = 3_600_000
ERASED_AT = NOW - HOUR
PAT = "pat@acme.com"


def erase(intake: RecorderWorld, email: str, at: int = ERASED_AT) -> None:
    contact = intake.vault.contact_of(email)
    address = normalized_email(email)
    assert address is not None
    intake.vault.mark_erased(Tombstone(intake.vault.address_key(address), at, contact))
    if contact is not None:
        intake.vault.delete_person(contact)


def reply(id: str, time: int, type: str = "email.replied.v1", **fields: object) -> object:
    return new_observation(id, type, email=PAT, time=time, **fields)


def test_recording_a_file_again_does_not_bring_an_erased_person_back(intake: RecorderWorld) -> None:
    mails = [reply("1", ERASED_AT - 2 * HOUR), reply("2", ERASED_AT - HOUR, name="Pat Lee", person="u1")]
    first = intake.record(*mails)
    erase(intake, PAT)
    assert intake.new_recorder().record(mails) == [Duplicate("acme.com", None, 0, each.offset) for each in first]
    assert intake.vault.contact_of(PAT) is None


def test_what_happened_before_the_erasure_is_filtered(intake: RecorderWorld) -> None:
    erase(intake, PAT)
    assert intake.record(reply("1", ERASED_AT)) == [Filtered("test:1", "erased")]
    assert (intake.log.records, intake.vault.contact_of(PAT)) == ([], None)


def test_an_act_of_the_person_after_the_erasure_begins_a_new_contact(intake: RecorderWorld) -> None:
    [old] = intake.record(reply("1", ERASED_AT - HOUR))
    erase(intake, PAT)
    [new, early] = intake.record(reply("2", ERASED_AT + 1), reply("3", ERASED_AT - 1))
    assert isinstance(new, Recorded)
    assert new.contact not in (None, old.contact)
    assert early == Filtered("test:3", "erased")


def test_nothing_but_an_act_of_the_person_begins_a_new_contact(intake: RecorderWorld) -> None:
    erase(intake, PAT)
    after = ERASED_AT + 1
    passive = [
        reply("1", after, "email.delivered.v1"),
        reply("2", after, "email.bounced.v1"),
        reply("3", after, "contact.suppressed.v1", account="acme.com"),
        reply("4", after, IDENTIFIED, data={"role": "champion"}),
        reply("5", after, data={"bot": True}),
        reply("6", after, "email.opened.v1", data={"machine": True}),
    ]
    assert intake.record(*passive) == [Filtered(f"test:{n}", "erased") for n in range(1, 7)]


def test_after_a_new_contact_began_everything_that_happened_since_counts(intake: RecorderWorld) -> None:
    erase(intake, PAT)
    new, delivered = intake.record(reply("1", ERASED_AT + 1), reply("2", ERASED_AT + 2, "email.delivered.v1"))
    assert (type(new), type(delivered)) == (Recorded, Recorded)
    assert new.contact == delivered.contact == intake.vault.contact_of(PAT)


def test_a_rejected_observation_admits_nobody(intake: RecorderWorld) -> None:
    intake.directory.domains = {"acme.com": "acme"}
    claim = {"domains": ["acme.com"]}
    [outcome] = intake.record(new_observation("1", "account.registered.v1", account="beta", email=PAT, data=claim))
    assert (type(outcome), intake.vault.contact_of(PAT)) == (Rejected, None)


def test_a_duplicate_of_a_person_that_the_vault_never_knew_admits_nobody(intake: RecorderWorld) -> None:
    intake.record(new_observation("1", "email.replied.v1", account="acme.com"))
    assert intake.record(reply("1", NOW)) == [Duplicate("acme.com", None, 0, 0)]
    assert intake.vault.contact_of(PAT) is None
