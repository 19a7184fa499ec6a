"""Commands about people. Never shows a person that the vault does not know."""

from typing import Annotated, Any

import typer

from staffel.cli.output import plain, print_json, print_table, say
from staffel.cli.session import AsJson, connected, instant
from staffel.errors import Found

Contact = Annotated[str, typer.Argument(metavar="CONTACT", help="Contact id `c_…`, or the person's e-mail address.")]
OfAccount = Annotated[
    str | None, typer.Option("--account", metavar="ID", help="Which account, where the contact is in several.")
]
Json = dict[str, Any]


def contact(id: Contact, as_json: AsJson = False) -> None:
    """One person: role, engagement and scores in each account that knows them."""
    with connected() as staffel:
        found = contact_id(staffel, id)
        when, _ = instant(staffel, None)
        accounts = [standing(staffel, row, when) for row in accounts_with(staffel, found)]
        person = staffel.vault.person(found)
    if not accounts:
        raise Found(f"there is no contact {id}; `staffel account ID` lists the people of an account")
    known = {"name": person.name, "email": person.email} if person else {"name": None, "email": None}
    told = {"contact": found, **known, "accounts": accounts}
    print_json(told) if as_json else print_contact(told)


def standing(staffel: Any, row: Any, at: int) -> Json:
    """The contact within one account, valued at an instant."""
    from audit.account_report import contact_json
    from projections.queries import open_queries
    from scoring.fold.codec import decode_contact
    from scoring.fold.valuation import account_at

    with open_queries(staffel.engine) as questions:
        holding = questions.account(row.account)
    account = account_at(holding.state, at, staffel.plan) if holding is not None else None
    shown = decode_contact(bytes(row.state), staffel.plan)
    told = {"role": row.role, "engaged": row.engaged, "scores": row.scores, "joined": None}
    return {"account": row.account} | (contact_json(shown, account, staffel.plan) if account else told)


def print_contact(told: Json) -> None:
    known = [text for text in (told["name"], told["email"]) if text]
    say(f"{', '.join(map(plain, known)) or 'a visitor or an erased person'} ({told['contact']})\n")
    rows = [
        (row["account"], row["role"], track, score, row["engaged"].get(track), row["joined"])
        for row in told["accounts"]
        for track, score in row["scores"].items()
    ]
    print_table("", ["account", "role", "track", "score", "last engaged", "part of"], rows, numbers=["score"])


def contact_id(staffel: Any, given: str) -> str:
    """A pseudonym as it stands, or that of an address."""
    if "@" not in given:
        return given
    found = staffel.vault.find(given)
    if found is None:
        raise Found(f"nobody is known by {given}; a person is, from the first fact on that shows the address")
    return str(found)


def accounts_with(staffel: Any, contact: str) -> list[Any]:
    from projections.queries import open_queries

    with open_queries(staffel.engine) as questions:
        return list(questions.contact(contact))


def account_of(staffel: Any, contact: str, given: str | None) -> str:
    from intake.account_ids import account_id
    from projections.queries import open_queries

    accounts = [row.account for row in accounts_with(staffel, contact)]
    if given is not None:
        with open_queries(staffel.engine) as questions:
            if questions.account(account_id(given) or given) is None:
                raise Found(f"there is no account {given}; `staffel account register` makes one known")
        return given
    if len(accounts) == 1:
        return str(accounts[0])
    if not accounts:
        raise Found(f"there is no contact {contact}; with --account its first fact can be recorded")
    raise Found(f"{contact} is in {', '.join(accounts)}; say which with --account")


def role(
    id: Contact,
    name: Annotated[str, typer.Argument(metavar="ROLE", help="As the model names it, `decision_maker`.")],
    account: OfAccount = None,
    as_json: AsJson = False,
) -> None:
    """Say which role a person has; all of its contributions are weighed anew."""
    record(id, "contact.identified.v1", account, lambda contact: {"contact": contact, "role": name}, as_json)


def suppress(
    id: Contact,
    account: OfAccount = None,
    reason: Annotated[str | None, typer.Option(metavar="TEXT", help="Why.")] = None,
    as_json: AsJson = False,
) -> None:
    """Campaigns leave this person alone from now on."""
    record(id, "contact.suppressed.v1", account, lambda _: {"reason": reason} if reason else {}, as_json)


def release(id: Contact, account: OfAccount = None, as_json: AsJson = False) -> None:
    """Campaigns may address this person again."""
    record(id, "contact.released.v1", account, lambda _: {}, as_json)


def record(id: str, type: str, account: str | None, content: Any, as_json: bool) -> None:
    from staffel.cli.session import tell
    from staffel.record_fact import record_one

    with connected() as staffel:
        staffel.settle()
        found = contact_id(staffel, id)
        home = account_of(staffel, found, account)
        told = record_one(staffel, type, account=home, contact=found, data=content(found))
    tell(told, as_json)


def forget(
    email: Annotated[str, typer.Argument(metavar="EMAIL", help="The person's e-mail address.")], as_json: AsJson = False
) -> None:
    """Erase a person: the vault forgets who the pseudonym is, scores and history stay."""
    from staffel.record_fact import record_one

    with connected() as staffel:
        staffel.settle()
        found = staffel.vault.contact_of(email)
        if found is None:
            raise Found(f"nobody is known by {email}; nothing is left to forget")
        homes = [row.account for row in accounts_with(staffel, found)]
        for home in homes:
            record_one(staffel, "contact.erased.v1", account=home, contact=found, data={})
        staffel.vault.forget(email)
    answer = {"contact": found, "accounts": homes}
    print_json(answer) if as_json else say(forgotten(found, homes))


def forgotten(contact: str, homes: list[str]) -> str:
    return f"Forgotten: {contact} is nobody from now on, in {', '.join(homes) or 'no account'}."
