"""Commands about accounts and contacts. Never computes a score."""

from typing import Annotated, Any

import typer

from staffel.printing import minute, print_json, print_table, progress, say
from staffel.session import AsJson, At, Found, connected, instant

SHOWN = 50
NO_ACCOUNTS = "No accounts yet: `staffel ingest` brings some, `staffel demo` shows some."
Json = dict[str, Any]


def accounts(
    stage: Annotated[str | None, typer.Option(help="Only accounts in this stage of the first track.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help=f"At most so many; {SHOWN} in a table, all in JSON.")] = None,
    at: At = None,
    as_json: AsJson = False,
) -> None:
    """Accounts with score, stage, fit and breadth, the highest first."""
    from audit.standing import NO_LIMIT, standings, standings_then

    most = limit or (NO_LIMIT if as_json else SHOWN)
    with connected() as staffel:
        when, historic = instant(staffel, at)
        if historic:
            with progress("folding what had been recorded") as advance:
                rows = standings_then(staffel.log, when, stage=stage, limit=most, progress=advance)
        else:
            rows = standings(staffel.engine, staffel.plan, when, stage=stage, limit=most)
    if as_json:
        print_json(rows)
        return
    print_accounts(rows)
    if rows and len(rows) == most:
        say(f"The {most} highest; --limit shows more.")


def print_accounts(rows: list[Json]) -> None:
    tracks = list(rows[0]["tracks"]) if rows else []
    columns = ["account", "name", "fit", "breadth", *[part for track in tracks for part in (track, "stage")], "falls"]
    cells = [account_cells(row) for row in rows]
    print_table("", columns, cells, numbers=["breadth", *tracks])
    say(f"As of {minute(rows[0]['as_of'])} UTC." if rows else NO_ACCOUNTS)


def account_cells(row: Json) -> list[Any]:
    fit = row["fit"]
    graded = fit["grade"] if fit["grade"] == "unknown" else f"{fit['grade']} ({fit['points']:g})"
    standing = [part for track in row["tracks"].values() for part in (track["score"], track["stage"])]
    falls = min(filter(None, (track["falls_at"] for track in row["tracks"].values())), default=None)
    return [row["account"], row["name"], graded, row["breadth"], *standing, minute(falls)]


def account(
    id: Annotated[str, typer.Argument(help="Account id.")],
    explain: Annotated[bool, typer.Option("--explain", help="Every line whose sum is the score.")] = False,
    deep: Annotated[bool, typer.Option("--deep", help="Fold the history again and show every fact.")] = False,
    at: At = None,
    as_json: AsJson = False,
) -> None:
    """One account: score, stage, people, handoffs, and with --explain why."""
    from staffel.explaining import explanation, print_explanation

    with connected() as staffel:
        when, historic = instant(staffel, at)
        told = explanation(staffel, id, when, historic=historic, lines=explain or not as_json, deep=deep)
        if told is None:
            raise Found(f"there is no account {id}; `staffel accounts` lists them")
        people = {} if as_json else names_of(staffel, told)
    if as_json:
        print_json(told)
        return
    print_explanation(told, people, explain=explain, deep=deep)


def names_of(staffel: Any, told: Json) -> dict[str, str]:
    """contact -> what the vault calls it."""
    contacts = [contact["contact"] for contact in told["contacts"]]
    return {id: person.name or person.email for id, person in staffel.vault.persons(contacts).items()}


def register(
    id: Annotated[str, typer.Argument(help="Account id: its main domain, or any id without blanks and slashes.")],
    name: Annotated[str | None, typer.Option(help="The company's name.")] = None,
    domain: Annotated[list[str] | None, typer.Option(help="A domain; may be given several times.")] = None,
    industry: Annotated[str | None, typer.Option()] = None,
    employees: Annotated[int | None, typer.Option(min=0)] = None,
    country: Annotated[str | None, typer.Option(help="Two letters, as the model writes them.")] = None,
    segment: Annotated[str | None, typer.Option()] = None,
    owner: Annotated[str | None, typer.Option(help="Who in sales owns the account.")] = None,
    customer: Annotated[bool | None, typer.Option("--customer/--prospect")] = None,
    target: Annotated[bool | None, typer.Option("--target/--no-target", help="On the list of target accounts.")] = None,
    as_json: AsJson = False,
) -> None:
    """Make an account known, or tell more about one."""
    from staffel.commands import record_one, tell

    given = {
        "name": name, "domains": domain, "industry": industry, "employees": employees, "country": country,
        "segment": segment, "owner": owner, "customer": customer, "target": target,
    }  # fmt: skip
    content = {field: value for field, value in given.items() if value is not None}
    with connected() as staffel:
        told = record_one(staffel, "account.registered.v1", account=id, data=content)
    tell(told, as_json)


def claim(
    id: Annotated[str, typer.Argument(help="Account id.")],
    domain: Annotated[str, typer.Argument(help="The domain, `acme.com`.")],
    as_json: AsJson = False,
) -> None:
    """Say that a domain belongs to an account."""
    from staffel.commands import record_one, tell

    with connected() as staffel:
        told = record_one(staffel, "account.domain_claimed.v1", account=id, data={"domain": domain})
    tell(told, as_json)
