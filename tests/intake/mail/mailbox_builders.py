"""Builders of mbox files; all names and addresses are fictitious."""

from collections.abc import Sequence
from pathlib import Path

OUR_DOMAINS = frozenset({"staffel.example"})
OUR_MAIL = {
    "From": "Mara Sand <mara@staffel.example>",
    "To": "Ada Kern <ada@pharma.example>",
    "Message-ID": "<offer-1@mail.test>",
    "Subject": "Your trial",
}
REPLY = {
    "From": "Ada Kern <ada@pharma.example>",
    "To": "Mara Sand <mara@staffel.example>",
    "Message-ID": "<answer-1@pharma.example>",
    "In-Reply-To": "<offer-1@mail.test>",
    "Subject": "Re: Your trial",
    "Date": "Tue, 02 Jan 2024 11:30:00 +0100",
}
ENVELOPE_LINE = "From someone@mail.test Tue Jan  2 10:30:00 2024"


def mail(
    headers: dict[str, str], body: str = "Good to know.", *, envelope: str = ENVELOPE_LINE, **changes: str | None
) -> bytes:
    """One mail with its `From ` line; `in_reply_to=None` leaves a header out, `auto_submitted="…"` adds one."""
    merged: dict[str, str | None] = {"Date": "Mon, 01 Jan 2024 09:00:00 +0000", **headers}
    merged |= {_header(name, merged): value for name, value in changes.items()}
    lines = [envelope, *(f"{name}: {value}" for name, value in merged.items() if value is not None), "", body, "", ""]
    return "\n".join(lines).encode()


def write_mailbox(folder: Path, *mails: bytes, name: str = "inbox.mbox") -> Path:
    path = folder / name
    path.write_bytes(b"".join(mails))
    return path


def _header(argument: str, known: Sequence[str] | dict[str, str | None]) -> str:
    name = argument.replace("_", "-").title()
    return next((one for one in known if one.lower() == name.lower()), name)
