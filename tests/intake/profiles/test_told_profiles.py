"""The table of what sources told last."""

from sqlalchemy import Engine

from intake.recorder.profiles.told_profiles import StoredProfiles, ToldProfile, account_key, contact_key

ACME = account_key("hubspot", "acme.com")
FIRST = ToldProfile("account:acme.com:told:1", 5, {"name": "Acme", "domains": ["acme.com"], "customer": None}, "1001")


def test_what_was_stored_last_is_found_by_source_and_subject(database: Engine) -> None:
    profiles = StoredProfiles(database)
    profiles.store({ACME: FIRST, ACME._replace(source="salesforce"): FIRST._replace(record=None)})
    changed = FIRST._replace(fact="account:acme.com:told:2", fields={"name": "Umbrella"})
    profiles.store({ACME: changed})
    assert profiles.find("hubspot", [ACME.subject, "account:b.com"]) == {ACME: changed}
    assert profiles.find("pipedrive", [ACME.subject]) == {}
    assert profiles.find("hubspot", []) == {}


def test_what_was_told_of_a_contact_is_found_in_each_account(database: Engine) -> None:
    profiles = StoredProfiles(database)
    told = {contact_key("hubspot", "c_pat", account): FIRST for account in ("acme.com", "b.com")}
    profiles.store(told)
    assert profiles.find("hubspot", ["contact:c_pat"]) == told
