"""An export that is imported again tells only what differs from what its source told last."""

from pathlib import Path

from tests.staffel.cli.cli_runner import Json, cloud_event, run_json, write_lines

HEADER = "Name,Domain,Industry,Employees"


def imported(*rows: str, header: str = HEADER) -> Json:
    return run_json("ingest", "accounts", write_lines(Path("crm.csv"), header, *rows), "--name", "hubspot")


def tellings() -> list[Json]:
    facts = run_json("account", "acme.com", "--deep")["facts"]
    return [(fact["type"], fact["data"]) for fact in facts if fact["source"] == "hubspot"]


def test_one_changed_field_is_one_fact_with_this_field() -> None:
    imported("Acme,acme.com,biotech,10")
    assert imported("Acme,acme.com,biotech,12")["recorded"] == 1
    assert imported("Acme,acme.com,biotech,12")["recorded"] == 0
    assert tellings()[1:] == [("account.updated.v1", {"employees": 12})]


def test_what_another_source_told_in_between_stays() -> None:
    """The export says the industry of last year once more; somebody knows better since."""
    imported("Acme,acme.com,biotech,10")
    better = cloud_event("1", "account.updated", data={"industry": "pharma"})
    run_json("ingest", "cloudevents", write_lines(Path("facts.jsonl"), better))
    imported("Acme,acme.com,biotech,12")
    profile = run_json("account", "acme.com")["profile"]
    assert (profile["industry"], profile["employees"]) == ("pharma", 12)


def test_a_cell_that_was_emptied_forgets_and_a_column_that_is_gone_does_not() -> None:
    imported("Acme,acme.com,biotech,10")
    imported("Acme,acme.com,", header="Name,Domain,Industry")
    profile = run_json("account", "acme.com")["profile"]
    assert (profile.get("industry"), profile["employees"]) == (None, 10)
    assert tellings()[1:] == [("account.updated.v1", {"industry": None})]


def test_a_cell_that_was_always_empty_hides_nothing_of_others() -> None:
    run_json("account", "register", "acme.com", "--industry", "pharma")
    imported("Acme,acme.com,,10")
    imported("Acme,acme.com,,12")
    assert run_json("account", "acme.com")["profile"]["industry"] == "pharma"


def test_opportunities_again_are_duplicates() -> None:
    imported("Acme,acme.com,biotech,10")
    deals = write_lines(
        Path("deals.csv"),
        "Deal ID,Account,Deal stage,Create date,Close date",
        "1,Acme,Closed Won,2026-01-05,2026-02-05",
    )
    counts = [run_json("ingest", "opportunities", deals, "--name", "hubspot") for _ in range(2)]
    assert [(tally["recorded"], tally["duplicates"]) for tally in counts] == [(2, 0), (0, 2)]
