"""The table of what sources told last."""

from sqlalchemy import Engine

from intake.recorder.profiles.told_profiles import ProfileKey, StoredProfiles, ToldProfile

ACME = ProfileKey("hubspot", "account:acme.com")
FIRST = ToldProfile("account:acme.com:told:1", 5, {"name": "Acme", "domains": ["acme.com"], "customer": None}, "1001")


def test_what_was_stored_last_is_found_by_source_and_subject(database: Engine) -> None:
    profiles = StoredProfiles(database)
    profiles.store({ACME: FIRST, ACME._replace(source="salesforce"): FIRST._replace(record=None)})
    changed = FIRST._replace(fact="account:acme.com:told:2", fields={"name": "Umbrella"})
    profiles.store({ACME: changed})
    others = [ACME._replace(source="pipedrive"), ACME._replace(subject="account:b.com")]
    assert profiles.find([ACME, *others]) == {ACME: changed}
    assert profiles.find([]) == {}
