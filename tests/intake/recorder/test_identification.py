"""Persons and visitors: under which account they are recorded, and when they are identified."""

from intake.recorder.drafts import Recorded
from tests.intake.recorder.fakes import IDENTIFIED, RecorderWorld, new_observation


def test_free_mail_makes_no_account_and_keeps_the_person(intake: RecorderWorld) -> None:
    outcome, again = intake.record(
        new_observation("1", email="pat@gmail.com"), new_observation("2", email="PAT@gmail.com")
    )
    pat = intake.contact("pat@gmail.com")
    assert outcome.account == again.account
    assert outcome.account.startswith("anon:v_")
    assert intake.log.fact_fields("contact", "attribution", "confidence") == [(pat, "anonymous", 0)] * 2


def test_a_free_mail_person_found_in_a_company_is_released_to_it(intake: RecorderWorld) -> None:
    intake.record(new_observation("1", email="pat@gmail.com"))
    anonymous, pat = intake.log.records[0].key, intake.contact("pat@gmail.com")
    visitor = anonymous.removeprefix("anon:")

    intake.new_recorder().record(
        [new_observation("2", IDENTIFIED, account="acme.com", email="pat@gmail.com", data={"role": "champion"})]
    )

    content = {"visitor": visitor, "contact": pat, "to": "acme.com"}
    assert intake.log.fact_fields("id", "subject", "contact", "data")[1:] == [
        ("2", "acme.com", pat, {"role": "champion"}),
        (f"identified:{visitor}:{pat}", anonymous, pat, content),
        (f"identified:{visitor}:{pat}~to", "acme.com", pat, content),
    ]
    intake.record(new_observation("3", account="acme.com", email="pat@gmail.com"))
    assert len(intake.log.records) == 5


def test_an_identification_is_recorded_where_the_visitor_is_and_where_the_person_is(intake: RecorderWorld) -> None:
    intake.record(new_observation("1", visitor="cookie"))
    anonymous, visitor = intake.log.records[0].key, intake.vault.visitor_for("cookie")
    outcomes = intake.record(
        new_observation("2", IDENTIFIED, visitor="cookie", email="pat@acme.com", data={"role": "champion"})
    )

    pat = intake.contact("pat@acme.com")
    content = {"visitor": visitor, "contact": pat, "to": "acme.com", "role": "champion"}
    assert outcomes == [Recorded("acme.com", pat, 0, 2)]
    assert intake.log.fact_fields("id", "subject", "contact", "data") == [
        ("1", anonymous, visitor, None),
        ("2", anonymous, pat, content),
        ("2~to", "acme.com", pat, content),
    ]
    assert anonymous == f"anon:{visitor}"


def test_after_its_identification_a_visitor_counts_for_the_persons_account(intake: RecorderWorld) -> None:
    intake.record(
        new_observation("1", visitor="cookie"),
        new_observation("2", IDENTIFIED, visitor="cookie", email="pat@acme.com"),
        new_observation("3", visitor="cookie"),
    )
    assert intake.log.fact_fields("id", "subject", "contact", "attribution")[-1] == (
        "3",
        "acme.com",
        intake.vault.visitor_for("cookie"),
        "visitor",
    )


def test_a_visitor_identified_in_its_own_company_is_recorded_once(intake: RecorderWorld) -> None:
    visitor = intake.vault.visitor_for("cookie")
    intake.record(new_observation("1", host="gate.acme.com", visitor="cookie"))
    intake.record(new_observation("2", IDENTIFIED, visitor="cookie", email="pat@acme.com"))
    assert intake.log.fact_fields("id", "subject")[1:] == [("2", "acme.com")]
    assert intake.log.facts()[1]["data"] == {
        "visitor": visitor,
        "contact": intake.contact("pat@acme.com"),
        "to": "acme.com",
    }


def test_a_visitor_of_two_accounts_is_identified_in_both(intake: RecorderWorld) -> None:
    intake.record(new_observation("1", visitor="cookie"), new_observation("2", host="gate.beta.com", visitor="cookie"))
    anonymous = f"anon:{intake.vault.visitor_for('cookie')}"
    recorder = intake.new_recorder()
    intake.directory.visitors = {intake.vault.visitor_for("cookie"): "beta.com"}
    recorder.record([new_observation("3", IDENTIFIED, visitor="cookie", email="pat@acme.com")])
    assert intake.log.fact_fields("id", "subject")[2:] == [("3", anonymous), ("3~2", "beta.com"), ("3~to", "acme.com")]


def test_a_form_with_visitor_and_address_identifies_once(intake: RecorderWorld) -> None:
    form = {"type": "web.form_submitted.v1", "visitor": "cookie", "email": "pat@acme.com", "data": {"form": "demo"}}
    intake.record(new_observation("1", **form), new_observation("2", **form))
    visitor, pat = intake.vault.visitor_for("cookie"), intake.contact("pat@acme.com")
    expected = [
        ("1", "acme.com"),
        (f"identified:{visitor}:{pat}", f"anon:{visitor}"),
        (f"identified:{visitor}:{pat}~to", "acme.com"),
        ("2", "acme.com"),
    ]
    assert intake.log.fact_fields("id", "subject") == expected
    intake.new_recorder().record([new_observation("1", **form), new_observation("2", **form)])
    assert intake.log.fact_fields("id", "subject") == expected


def test_an_identification_by_free_mail_waits_for_the_company(intake: RecorderWorld) -> None:
    visitor = intake.vault.visitor_for("cookie")
    intake.record(new_observation("1", IDENTIFIED, visitor="cookie", email="pat@gmail.com"))
    pat = intake.contact("pat@gmail.com")
    assert intake.log.fact_fields("subject", "contact", "data") == [
        (f"anon:{visitor}", pat, {"visitor": visitor, "contact": pat}),
    ]
    intake.new_recorder().record([new_observation("2", account="acme.com", email="pat@gmail.com")])
    assert intake.log.fact_fields("subject")[1:] == [("acme.com",), (f"anon:{visitor}",), ("acme.com",)]


def test_a_sources_own_id_of_a_person_refers_to_the_address_it_once_sent(intake: RecorderWorld) -> None:
    intake.record(new_observation("1", source="segment/web", person="u1"))
    anonymous = intake.log.records[0].key
    intake.new_recorder().record([new_observation("2", source="segment/web", person="u1", email="pat@acme.com")])
    intake.new_recorder().record([new_observation("3", source="segment/server", person="u1")])

    pat = intake.contact("pat@acme.com")
    assert anonymous.startswith("anon:v_")
    assert intake.log.fact_fields("id", "subject", "contact")[1:] == [
        ("2", "acme.com", pat),
        (f"identified:{anonymous[5:]}:{pat}", anonymous, pat),
        (f"identified:{anonymous[5:]}:{pat}~to", "acme.com", pat),
        ("3", "acme.com", pat),
    ]


def test_a_person_whose_sources_own_id_is_an_address_is_known_by_it(intake: RecorderWorld) -> None:
    intake.record(new_observation("1", source="segment/web", person="pat@acme.com"))
    assert intake.log.fact_fields("subject", "contact") == [("acme.com", intake.contact("pat@acme.com"))]


def test_known_people_stay_with_their_account(intake: RecorderWorld) -> None:
    pat = intake.contact("pat@gmail.com")
    intake.directory.contacts[pat] = "acme.com"
    intake.record(new_observation("1", email="pat@gmail.com"))
    assert intake.log.fact_fields("subject", "contact", "attribution") == [("acme.com", pat, "contact")]


def test_a_trusted_identification_that_names_its_account_is_one_record(intake: RecorderWorld) -> None:
    content = {"visitor": "v_a", "contact": "c_a", "to": "acme.com"}
    fields = {"type": IDENTIFIED, "contact": "c_a", "trusted": True, "data": content}
    intake.record(new_observation("1", account="anon:v_a", **fields), new_observation("2", contact="v_a", trusted=True))
    assert intake.log.fact_fields("id", "subject", "data") == [("1", "anon:v_a", content), ("2", "acme.com", None)]


def test_a_trusted_identification_without_account_finds_both(intake: RecorderWorld) -> None:
    fields = {"type": IDENTIFIED, "email": "pat@acme.com", "trusted": True, "data": {"visitor": "v_a"}}
    intake.record(new_observation("1", **fields))
    assert intake.log.fact_fields("id", "subject") == [("1", "anon:v_a"), ("1~to", "acme.com")]


def test_the_directory_is_not_asked_for_persons_whom_the_batch_has_just_named(intake: RecorderWorld) -> None:
    intake.record(new_observation("first", email="pat@acme.com"))
    for_one = intake.directory.lookups
    intake.new_recorder().record([new_observation(f"{n}", email=f"pat{n}@acme.com") for n in range(30)])
    assert intake.directory.lookups == 2 * for_one
