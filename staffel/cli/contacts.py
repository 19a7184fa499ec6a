"""Commands about people. Never shows a person that the vault does not know."""

from collections.abc import Callable
from typing import Annotated, Any

import typer

from audit.account_report import contact_json
from database.engine import Database
from intake.account_ids import account_id
from projections.queries import open_queries
from scoring.fold.codec import decode_contact
from scoring.fold.valuation import account_at
from scoring.plan.plan import Plan
from staffel.application import Application
from staffel.cli.groups import examples, show_group
from staffel.cli.output import escape_control, print_json, print_line, print_table
from staffel.cli.session import AsJson, connected_application, print_recorded, requested_time
from staffel.errors import ProblemFound
from staffel.record_fact import record_fact

Contact = Annotated[str, typer.Argument(metavar="CONTACT", help="Contact id `c_…`, or the person's e-mail address.")]
AccountOption = Annotated[
    str | None, typer.Option("--account", metavar="ID", help="Which account, where the contact is in several.")
]
Json = dict[str, Any]

commands = typer.Typer()
group = show_group("Show and edit contacts.")


@group.command("show", epilog=examples("staffel contact pat@acme.com"))
def contact(id: Contact, as_json: AsJson = False) -> None:
    """One person: role, engagement and scores in each account that knows them."""
    with connected_application() as application:
        contact_key = contact_id(application, id)
        as_of, _ = requested_time(application, None)
        engine, plan = application.engine, application.plan
        accounts = [contact_in_account(engine, plan, row, as_of) for row in contact_rows(application, contact_key)]
        person = application.vault.person(contact_key)
    if not accounts:
        raise ProblemFound(f"there is no contact {id}; `staffel account ID` lists the people of an account")
    person_fields = {"name": person.name, "email": person.email} if person else {"name": None, "email": None}
    report = {"contact": contact_key, **person_fields, "accounts": accounts}
    print_json(report) if as_json else print_contact(report)


def contact_in_account(engine: Database, plan: Plan, row: Any, at: int) -> Json:
    """The contact within one account, valued at an instant."""
    with open_queries(engine) as queries:
        account_row = queries.account(row.account)
    account = account_at(account_row.state, at, plan) if account_row is not None else None
    decoded = decode_contact(bytes(row.state), plan)
    stored = {"role": row.role, "engaged": row.engaged, "scores": row.scores, "joined": None}
    return {"account": row.account} | (contact_json(decoded, account, plan) if account else stored)


def print_contact(report: Json) -> None:
    names = [text for text in (report["name"], report["email"]) if text]
    print_line(f"{', '.join(map(escape_control, names)) or 'a visitor or an erased person'} ({report['contact']})\n")
    rows = [
        (row["account"], row["role"], track, score, row["engaged"].get(track), row["joined"])
        for row in report["accounts"]
        for track, score in row["scores"].items()
    ]
    print_table("", ["account", "role", "track", "score", "last engaged", "part of"], rows, numbers=["score"])


def contact_id(application: Application, id_or_email: str) -> str:
    """A pseudonym as it stands, or that of an address."""
    if "@" not in id_or_email:
        return id_or_email
    contact_key = application.vault.contact_of(id_or_email)
    if contact_key is None:
        raise ProblemFound(
            f"nobody is known by {id_or_email}; a person is, from the first fact on that shows the address"
        )
    return str(contact_key)


def contact_rows(application: Application, contact: str) -> list[Any]:
    with open_queries(application.engine) as queries:
        return list(queries.contact(contact))


def chosen_account(application: Application, contact: str, requested: str | None) -> str:
    accounts = [row.account for row in contact_rows(application, contact)]
    if requested is not None:
        with open_queries(application.engine) as queries:
            if queries.account(account_id(requested) or requested) is None:
                raise ProblemFound(f"there is no account {requested}; `staffel account register` makes one known")
        return requested
    if len(accounts) == 1:
        return str(accounts[0])
    if not accounts:
        raise ProblemFound(f"there is no contact {contact}; with --account its first fact can be recorded")
    raise ProblemFound(f"{contact} is in {', '.join(accounts)}; say which with --account")


@group.command("role", epilog=examples("staffel contact role pat@acme.com decision_maker"))
def role(
    id: Contact,
    name: Annotated[str, typer.Argument(metavar="ROLE", help="As the model names it, `decision_maker`.")],
    account: AccountOption = None,
    as_json: AsJson = False,
) -> None:
    """Say which role a person has; all of its contributions are weighed anew."""
    record_about_contact(
        id, "contact.identified.v1", account, lambda contact: {"contact": contact, "role": name}, as_json
    )


@group.command("suppress", epilog=examples("staffel contact suppress pat@acme.com --reason 'asked us on the phone'"))
def suppress(
    id: Contact,
    account: AccountOption = None,
    reason: Annotated[str | None, typer.Option(metavar="TEXT", help="Why.")] = None,
    as_json: AsJson = False,
) -> None:
    """Campaigns leave this person alone from now on."""
    record_about_contact(id, "contact.suppressed.v1", account, lambda _: {"reason": reason} if reason else {}, as_json)


@group.command("release", epilog=examples("staffel contact release pat@acme.com"))
def release(id: Contact, account: AccountOption = None, as_json: AsJson = False) -> None:
    """Campaigns may address this person again."""
    record_about_contact(id, "contact.released.v1", account, lambda _: {}, as_json)


def record_about_contact(
    id: str, type: str, account: str | None, content_of: Callable[[str], Json], as_json: bool
) -> None:
    with connected_application() as application:
        application.wait_until_visible()
        contact_key = contact_id(application, id)
        account_key = chosen_account(application, contact_key, account)
        recorded = record_fact(
            application, type, account=account_key, contact=contact_key, data=content_of(contact_key)
        )
    print_recorded(recorded, as_json)


@commands.command("forget", epilog=examples("staffel forget pat@acme.com"))
def forget(
    email: Annotated[str, typer.Argument(metavar="EMAIL", help="The person's e-mail address.")], as_json: AsJson = False
) -> None:
    """Erase a contact: the vault forgets the person, scores and history stay."""
    with connected_application() as application:
        application.wait_until_visible()
        contact_key = application.vault.contact_of(email)
        if contact_key is None:
            raise ProblemFound(f"nobody is known by {email}; nothing is left to forget")
        accounts = [row.account for row in contact_rows(application, contact_key)]
        for account in accounts:
            record_fact(application, "contact.erased.v1", account=account, contact=contact_key, data={})
        application.vault.forget(email)
    answer = {"contact": contact_key, "accounts": accounts}
    print_json(answer) if as_json else print_line(erased_text(contact_key, accounts))


def erased_text(contact: str, accounts: list[str]) -> str:
    return f"Forgotten: {contact} is nobody from now on, in {', '.join(accounts) or 'no account'}."
