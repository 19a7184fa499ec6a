"""Contacts that an export or research made known: they are there, in their role, and did nothing."""

from tests.scoring import model_builders as models
from tests.scoring.fold_runner import ACME, fact, fold_facts, fold_report, plan_of

NINE, TEN, ELEVEN = (f"2026-01-05T{hour:02d}:00:00Z" for hour in (9, 10, 11))
MODEL = models.content(
    models.rule("reply", on="email.clicked"),
    models.rule("known", on="contact.registered", points=7),
    model={"roles": {"boss": 2}},
)
REGISTERED = fact("r", NINE, "contact.registered", data={"role": "boss", "seniority": "vp"})


def track_of(*facts: dict[str, object]) -> dict[str, object]:
    return fold_report(plan_of(MODEL), facts, ELEVEN)["tracks"]["acquisition"]  # type: ignore[no-any-return]


def test_a_registered_contact_is_known_without_any_contribution() -> None:
    plan = plan_of(models.content(models.rule(on="email.clicked"), model={"roles": {"boss": 2}}))
    account = fold_facts(plan, [REGISTERED]).accounts[ACME]
    assert {contact.id: (contact.role, contact.unweighted_sums) for contact in account.contacts.values()} == {
        "c_a": ("boss", [0.0] * len(plan.slots))
    }
    assert account.pending_changes is not None
    assert account.pending_changes.lines == []


def test_without_a_role_it_is_known_all_the_same() -> None:
    account = fold_facts(plan_of(MODEL), [fact("r", NINE, "contact.registered")]).accounts[ACME]
    assert [(contact.id, contact.role) for contact in account.contacts.values()] == [("c_a", None)]


def test_its_role_weighs_what_it_does_before_and_after() -> None:
    clicks = [fact("1", NINE), fact("2", ELEVEN)]
    registered = fact("r", TEN, "contact.registered", data={"role": "boss"})
    lines = fold_report(plan_of(MODEL), [clicks[0], registered, clicks[1]], ELEVEN)["tracks"]["acquisition"]["lines"]
    assert [(line["rule"], line["weight"]) for line in lines] == [
        ("reply", 1),
        ("~role", 1),
        ("known", 2),
        ("reply", 2),
    ]


def test_the_newest_role_holds_whoever_told_it() -> None:
    identified = fact("i", TEN, "contact.identified", data={"role": "user"})
    registered = fact("r", NINE, "contact.registered", data={"role": "boss"})
    account = fold_facts(plan_of(MODEL), [identified, registered]).accounts[ACME]
    assert account.contacts["c_a"].role == "user"


def test_a_rule_may_give_it_points_but_never_engages_it() -> None:
    track = track_of(REGISTERED)
    assert (track["score"], track["breadth"]) == (14, 0)


def test_without_a_contact_nothing_becomes_known() -> None:
    plan = plan_of(models.content(models.rule(on="email.clicked")))
    assert fold_facts(plan, [fact("r", NINE, "contact.registered", None)]).accounts[ACME].contacts == {}


def test_an_alias_is_told_to_the_directory_and_changes_nothing_else() -> None:
    added = fact("a", NINE, "account.alias_added", None, data={"system": "hubspot", "id": "1002", "name": "Acme Sales"})
    senseless = fact("b", NINE, "account.alias_added", None, data={"system": "hubspot", "id": 7, "name": ""})
    account = fold_facts(plan_of(MODEL), [added, senseless]).accounts[ACME]
    assert account.pending_changes is not None
    assert [(each.system, each.id, each.name) for each in account.pending_changes.aliases] == [
        ("hubspot", "1002", "Acme Sales")
    ]
    assert (account.seq, account.profile, account.contacts) == (2, {}, {})
