"""`staffel contact`."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any
from uuid import uuid4

import typer

from audit import contact_json
from database import Database
from intake import Observation, normalized_email
from intake.vault import Person, Tombstone
from projections import Directory, open_queries
from schemas import ASKED, terminal_cell
from scoring.fold import account_at, decode_contact
from scoring.plan import Plan
from staffel.application import Application
from staffel.cli.groups import examples, show_group
from staffel.cli.output import print_json, print_line, print_table
from staffel.cli.people import (
    PERSON_FIELDS,
    asked_contacts,
    matches_person,
    person_head,
    person_json,
    reach_text,
)
from staffel.cli.session import (
    AsCsv,
    AsJson,
    WithNames,
    connected_application,
    print_recorded,
    print_rows,
    requested_time,
    stored_account_id,
)
from staffel.cli.suppressions import By, Why, optional_decision
from staffel.errors import ProblemFound
from staffel.record_fact import SOURCE, record_fact, record_observation

Contact = Annotated[str, typer.Argument(metavar="CONTACT", help="Contact ID (`c_…`) or email address.")]
AccountOption = Annotated[
    str | None, typer.Option("--account", metavar="ID", help="Which account, if the contact is in several.")
]
Json = dict[str, Any]
DEFAULT_ROWS = 50
LISTED_FIELDS = ("contact", "account", "role", "engaged", "asked")

group = show_group("Show and edit contacts.")


@group.command("show", epilog=examples("staffel contact pat@acme.com"))
def contact(id: Contact, with_names: WithNames = False, as_json: AsJson = False) -> None:
    """Show a contact: how to reach them, role, engagement and scores in each account."""
    with connected_application() as application:
        contact_key = contact_id(application, id)
        as_of, _ = requested_time(application, None)
        engine, plan = application.engine, application.plan
        accounts = [contact_in_account(engine, plan, row, as_of) for row in contact_rows(application, contact_key)]
        person = application.vault.person(contact_key)
        with open_queries(engine) as queries:
            asked = asked_contacts(queries, contact_key).get(contact_key)
    if not accounts:
        raise ProblemFound(f"there is no contact {id}; `staffel account ID` lists the contacts of an account")
    if as_json:
        named = person_json(person, asked) if with_names else {}
        print_json({"contact": contact_key, **named, "asked": asked, "accounts": accounts})
    else:
        print_contact(contact_key, person, asked, accounts)


def contact_in_account(engine: Database, plan: Plan, row: Any, at: int) -> Json:
    """The contact within one account, valued at `at`."""
    with open_queries(engine) as queries:
        account_row = queries.account(row.account)
    account = account_at(account_row.state, at, plan) if account_row is not None else None
    decoded = decode_contact(bytes(row.state), plan)
    stored = {"role": row.role, "engaged": row.engaged, "scores": row.scores, "joined": None}
    return {"account": row.account} | (contact_json(decoded, account, plan) if account else stored)


def print_contact(contact: str, person: Person | None, asked: str | None, accounts: list[Json]) -> None:
    print_line(f"{person_head(contact, person, asked=asked)}{f' ({contact})' if person else ''}")
    print_line(f"{reach_text(person, asked)}\n")
    rows = [
        (row["account"], row["role"], track, score, row["engaged"].get(track), row["joined"])
        for row in accounts
        for track, score in row["scores"].items()
    ]
    columns = ["account", "role", "track", "score", "last engaged", "merged into"]
    print_table("", columns, rows, ["score"], optional=["merged into", "last engaged"])


def contact_id(application: Application, id_or_email: str) -> str:
    """The id itself, or the pseudonym of an email address."""
    if "@" not in id_or_email:
        return id_or_email
    contact_key = application.vault.contact_of(id_or_email)
    if contact_key is None:
        raise ProblemFound(f"No contact with the address {id_or_email}.")
    return str(contact_key)


def contact_rows(application: Application, contact: str) -> list[Any]:
    with open_queries(application.engine) as queries:
        return list(queries.contact(contact))


def existing_account(application: Application, requested: str) -> str:
    """The account with this id, alias or name."""
    with open_queries(application.engine) as queries:
        if queries.account(stored_account_id(application, requested)) is not None:
            return requested
    found = Directory(application.engine).account_of_name(requested)
    if found is None:
        raise ProblemFound(f"there is no account {requested}; `staffel account register` creates one")
    return found


def chosen_account(application: Application, contact: str, requested: str | None) -> str:
    accounts = [row.account for row in contact_rows(application, contact)]
    if requested is not None:
        return existing_account(application, requested)
    if len(accounts) == 1:
        return str(accounts[0])
    if not accounts:
        raise ProblemFound(f"there is no contact {contact}; use --account to record the first fact about them")
    raise ProblemFound(f"{contact} is in {', '.join(accounts)}; choose one with --account")


@group.command(
    "list",
    epilog=examples(
        "staffel contact list --account acme.com",
        "staffel contact list --search mueller",
        "staffel contact list --engaged --csv --names",
    ),
)
def list_contacts(
    account: Annotated[str | None, typer.Option("--account", metavar="ID", help="Only of this account.")] = None,
    search: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Only with these parts of a name or address, whatever the case.")
    ] = None,
    engaged: Annotated[
        bool | None, typer.Option("--engaged/--known-only", help="Only contacts who did something, or only the others.")
    ] = None,
    limit: Annotated[
        int, typer.Option(min=1, help="Maximum number of rows in a table; JSON and CSV have all.")
    ] = DEFAULT_ROWS,
    with_names: WithNames = False,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """List contacts with role, title, address and phone: who is engaged, and who is only known, as from a CRM."""
    with connected_application() as application, open_queries(application.engine) as queries:
        key = None if account is None else stored_account_id(application, existing_account(application, account))
        chosen = [row for row in queries.identified_contacts(key) if engaged is None or bool(row.engaged) == engaged]
        if search is not None:
            found = application.vault.persons(row.contact for row in chosen)
            chosen = [row for row in chosen if matches_person(found.get(row.contact), search)]
        rows = chosen if as_json or as_csv else chosen[:limit]
        persons = application.vault.persons(row.contact for row in rows)
        asked = asked_contacts(queries)
    contacts = [
        listed_contact(row, asked.get(row.contact))
        | (person_json(persons.get(row.contact), asked.get(row.contact)) if with_names else {})
        for row in rows
    ]
    if print_rows(contacts, as_json, as_csv, [*LISTED_FIELDS, *(PERSON_FIELDS if with_names else ())]):
        return
    if not rows:
        print_line(no_contacts_text(search))
        return
    print_contacts(contacts, persons)
    if len(chosen) > len(rows):
        print_line(f"and {len(chosen) - len(rows)} more; use --limit or --json to see them.")


def no_contacts_text(search: str | None) -> str:
    if search is not None:
        return f"No contact with {terminal_cell(search)} in the name or address."
    return "No contacts; `staffel ingest contacts` imports those of a CRM."


def listed_contact(row: Any, asked: str | None) -> Json:
    return {
        "contact": row.contact, "account": row.account, "role": row.role, "engaged": row.engaged, "asked": asked,
    }  # fmt: skip


def print_contacts(contacts: list[Json], persons: dict[str, Person]) -> None:
    """Addresses and phone numbers stay whole; what they leave no room for is left out, as is what nobody has."""
    cells = []
    for each in contacts:
        person = persons.get(each["contact"])
        shown = person_json(person, each["asked"])
        name, mark = shown["name"] or (None if shown["email"] else each["contact"]), each["asked"]
        address = (mark and f"({mark})") or shown["email"]
        last = max(each["engaged"].values(), default=None)
        cells.append((name, each["role"], address, shown["phone"], shown["title"], each["account"], last))
    columns = ["name", "role", "address", "phone", "title", "account", "last engaged"]
    known = [i for i, _ in enumerate(columns) if any(cell[i] for cell in cells)]
    rows = [[cell[i] for i in known] for cell in cells]
    optional = ["last engaged", "account", "title", "role"]
    print_table("", [columns[i] for i in known], rows, truncated=["name", "title"], optional=optional)


@group.command(
    "add",
    epilog=examples("staffel contact add pat@acme.com --name 'Pat Lee' --title CIO --role decision_maker"),
)
def add(
    email: Annotated[str, typer.Argument(metavar="EMAIL", help="Email address.")],
    name: Annotated[str | None, typer.Option(help="Name.")] = None,
    title: Annotated[str | None, typer.Option(help="Job title.")] = None,
    phone: Annotated[str | None, typer.Option(help="Phone number.")] = None,
    role: Annotated[str | None, typer.Option(help="Role, as the model names it, e.g. `decision_maker`.")] = None,
    seniority: Annotated[str | None, typer.Option(help="Seniority, e.g. `director`.")] = None,
    owner: Annotated[str | None, typer.Option(help="Who of you is responsible for the contact.")] = None,
    account: Annotated[
        str | None, typer.Option("--account", metavar="ID", help="The account, if it is not that of the address.")
    ] = None,
    again: Annotated[bool, typer.Option("--again", help="Also if the person was erased by `staffel forget`.")] = False,
    as_json: AsJson = False,
) -> None:
    """Make a contact known, without any engagement; name, address, title and phone stay in the vault."""
    told = {"role": role, "seniority": seniority, "owner": owner}
    with connected_application() as application:
        application.wait_until_visible()
        observation = Observation(
            where="contact.registered",
            source=SOURCE,
            id=str(uuid4()),
            type="contact.registered.v1",
            time=application.clock(),
            data={field: text for field, text in told.items() if text},
            account=None if account is None else existing_account(application, account),
            email=email,
            name=name,
            job_title=title,
            phone=phone,
        )
        with known_again(application, email, again):
            outcome = record_observation(application, observation)
    print_recorded(
        {
            "account": outcome.account,
            "contact": outcome.contact,
            "fact": observation.id,
            "type": observation.type,
            "partition": outcome.partition,
            "offset": outcome.offset,
        },
        as_json,
    )


@contextmanager
def known_again(application: Application, email: str, again: bool) -> Iterator[None]:
    """Whoever was erased is known again only if `again` is set, and if a fact is recorded."""
    vault = application.bound_vault
    erased_at = vault.erasure_times([email]).get(email) if vault.contact_of(email) is None else None
    if erased_at is None:
        yield
        return
    if not again:
        raise ProblemFound(f"the person with the address {email} was erased; --again makes them known again")
    key = vault.address_key(normalized_email(email) or email)
    vault.lift_tombstone(key)
    try:
        yield
    except ProblemFound:
        vault.mark_erased(Tombstone(key, erased_at, None))
        raise


@group.command("role", epilog=examples("staffel contact role pat@acme.com decision_maker"))
def role(
    id: Contact,
    name: Annotated[str, typer.Argument(metavar="ROLE", help="Role, as the model names it, e.g. `decision_maker`.")],
    account: AccountOption = None,
    as_json: AsJson = False,
) -> None:
    """Set a contact's role; all their points are re-weighted."""
    record_about_contact(
        id, "contact.identified.v1", account, lambda _, contact: {"contact": contact, "role": name}, as_json
    )


@group.command("suppress", epilog=examples("staffel contact suppress pat@acme.com --reason 'asked us on the phone'"))
def suppress(
    id: Contact, account: AccountOption = None, by: By = None, reason: Why = None, as_json: AsJson = False
) -> None:
    """Suppress: exclude this contact from campaigns."""
    record_about_contact(
        id,
        "contact.suppressed.v1",
        account,
        lambda application, _: optional_decision(application, by, reason),
        as_json,
    )


@group.command("release", epilog=examples("staffel contact release pat@acme.com"))
def release(
    id: Contact, account: AccountOption = None, by: By = None, reason: Why = None, as_json: AsJson = False
) -> None:
    """Release: include this contact in campaigns again, whatever the contact or you asked for before.

    What holds because sales talks with them, or because they were erased, stays.
    """
    with connected_application() as application:
        data = optional_decision(application, by, reason)
        application.wait_until_visible()
        contact_key = contact_id(application, id)
        recorded = [
            record_fact(application, "contact.released.v1", account=key, contact=contact_key, data=data)
            for key in accounts_to_release(application, contact_key, account)
        ]
    if as_json:
        print_json(recorded[0] if len(recorded) == 1 else recorded)
        return
    for each in recorded:
        print_recorded(each, as_json)


def accounts_to_release(application: Application, contact: str, requested: str | None) -> list[str]:
    """The accounts where the contact was suppressed; a release there ends what was asked."""
    if requested is None:
        with open_queries(application.engine) as queries:
            asked = [row.account for row in queries.suppressions(contact=contact) if row.reason == ASKED]
        if asked:
            return list(dict.fromkeys(asked))
    return [chosen_account(application, contact, requested)]


def record_about_contact(
    id: str, type: str, account: str | None, content_of: Callable[[Application, str], Json], as_json: bool
) -> None:
    with connected_application() as application:
        application.wait_until_visible()
        contact_key = contact_id(application, id)
        data = content_of(application, contact_key)
        account_key = chosen_account(application, contact_key, account)
        recorded = record_fact(application, type, account=account_key, contact=contact_key, data=data)
    print_recorded(recorded, as_json)
