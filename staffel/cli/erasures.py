"""`staffel forget` and `staffel erasures`."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from alerts import AlertOutbox, Naming
from intake import normalized_email
from intake.vault import Tombstone
from schemas import format_time
from staffel.application import Application
from staffel.cli.groups import examples
from staffel.cli.output import print_json, print_line
from staffel.cli.session import AsCsv, AsJson, connected_application, print_rows
from staffel.cli.viewer import viewer_of
from staffel.erasure import (
    MAX_PLACES,
    Place,
    apply_erasures,
    erase,
    erasures_in_log,
    kept_elsewhere,
    overwrite,
    places_of,
)
from staffel.errors import ProblemFound, UsageError
from staffel.settings import read_text
from staffel.wording import quantity

Json = dict[str, Any]
MAX_PLACES_SHOWN = 10

commands = typer.Typer()
group = typer.Typer(no_args_is_help=True, help="List erasures, and apply them again after a restore.")


@commands.command("forget", epilog=examples("staffel forget pat@acme.com", "staffel forget c_7d2kq0x4mzra"))
def forget(
    person: Annotated[str, typer.Argument(metavar="PERSON", help="Email address or contact ID (`c_…`).")],
    search: Annotated[
        list[str] | None, typer.Option("--search", metavar="NAME", help="List records whose text names this, too.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Erase a contact: the vault forgets the person, scores and history stay."""
    if not all(name.strip() for name in search or []):
        raise UsageError("--search: write the name to look for")
    with connected_application() as application:
        email, contact = person_named(application, person)
        texts = [*filter(None, [email or address_of(application, contact)]), *(search or [])]
        accounts = erase(application, email, contact)
        places = list(islice(places_of(application.log, texts), MAX_PLACES + 1)) if texts else []
        namings = AlertOutbox(application.engine).namings_of(contact) if contact is not None else []
        told = [f"{each.channel}, {viewer_of(application, each.at).head}" for each in namings[:MAX_PLACES_SHOWN]]
        remaining, note = overwrite(application), kept_elsewhere(application)
    result = {
        "contact": contact,
        "accounts": accounts,
        "remaining": [place._asdict() for place in places[:MAX_PLACES]],
        "remaining_is_complete": len(places) <= MAX_PLACES,
        "named_in_alerts": [naming_json(naming) for naming in namings],
    }
    if as_json:
        print_json(result)
    else:
        print_erasure(contact, accounts, places)
        print_namings(told, len(namings))
        if note is not None:
            print_line(note)
    if remaining is not None:
        raise ProblemFound(remaining)


def person_named(application: Application, person: str) -> tuple[str | None, str | None]:
    """Address and contact id, as far as the argument or the vault tells."""
    if person.startswith("c_") and "@" not in person:
        return None, person
    email = normalized_email(person)
    if email is None:
        raise UsageError(f"{person}: write an email address or a contact ID such as c_7d2kq0x4mzra")
    return email, application.bound_vault.contact_of(email)


def address_of(application: Application, contact: str | None) -> str | None:
    known = application.bound_vault.person(contact) if contact else None
    return known.email if known else None


def print_erasure(contact: str | None, accounts: list[str], places: list[Place]) -> None:
    print_line(erased_text(contact, accounts))
    if not places:
        return
    found = quantity(len(places), "record") if len(places) <= MAX_PLACES else f"More than {MAX_PLACES:,} records"
    print_line(f"{found} with the person's name or address cannot leave the log:")
    for place in places[:MAX_PLACES_SHOWN]:
        print_line(f"  {place.topic}, partition {place.partition}, offset {place.offset}")
    if len(places) > MAX_PLACES_SHOWN:
        more = f"and {len(places) - MAX_PLACES_SHOWN} more; --json lists them."
        print_line(f"  … {more if len(places) <= MAX_PLACES else f'--json lists the first {MAX_PLACES:,}.'}")


def print_namings(shown: list[str], total: int) -> None:
    """Chats and mailboxes keep what they were sent; only their users can delete it."""
    if not shown:
        return
    print_line(f"{quantity(total, 'alert')} told the person's name; delete it there:")
    for each in shown:
        print_line(f"  {each}")
    if total > len(shown):
        print_line(f"  … and {total - len(shown)} more; --json lists them.")


def naming_json(naming: Naming) -> Json:
    return {
        "channel": naming.channel, "receiver": naming.receiver or None, "alert": naming.alert,
        "at": format_time(naming.at),
    }  # fmt: skip


def erased_text(contact: str | None, accounts: list[str]) -> str:
    if contact is None:
        return "No contact has this address. What happened before now will not be recorded under it."
    scope = f"account{'s' * (len(accounts) > 1)} {', '.join(accounts)}" if accounts else "in no account"
    return f"Erased: {contact} can no longer be linked to a person ({scope})."


@group.command("list", epilog=examples("staffel erasures list > erasures.jsonl"))
def list_erasures(as_json: AsJson = False, as_csv: AsCsv = False) -> None:
    """Print one JSON line per erasure: keyed hash of the address, time, former contact ID."""
    with connected_application() as application:
        rows = [tombstone._asdict() for tombstone in application.vault.tombstones()]
    if print_rows(rows, as_json, as_csv, Tombstone._fields):
        return
    for row in rows:
        print_line(msgspec.json.encode(row).decode())


@group.command("apply", epilog=examples("staffel erasures apply", "staffel erasures apply erasures.jsonl"))
def apply(
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="Lines of `erasures list`; default: the erasures of the log.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Erase again, after restoring a backup of the vault, who was erased since."""
    with connected_application() as application:
        tombstones = erasures_in_log(application) if file is None else read_erasures(file)
        applied = apply_erasures(application, list(tombstones))
        remaining = overwrite(application)
    print_json({"erased": applied}) if as_json else print_line(f"{quantity(applied, 'contact')} erased again.")
    if remaining is not None:
        raise ProblemFound(remaining)


def read_erasures(file: Path) -> Iterator[Tombstone]:
    """Raises `UsageError` for a line that `erasures list` did not print."""
    for number, line in enumerate(read_text(file).splitlines(), 1):
        if not line.strip():
            continue
        try:
            yield msgspec.json.decode(line, type=_ErasureLine).tombstone()
        except msgspec.MsgspecError as error:
            raise UsageError(f"{file}:{number}: not a line of `staffel erasures list` ({error})") from None


class _ErasureLine(msgspec.Struct):
    address_hash: str
    erased_at: int
    contact: str | None = None

    def tombstone(self) -> Tombstone:
        return Tombstone(self.address_hash, self.erased_at, self.contact)
