"""Who wrote a mail. Lists and groups that put their own address into From keep the writer's in another header."""

import re

from intake.mail.addresses import Sender, read_address, read_addresses
from intake.mail.headers import Headers, first_value

_VIA = re.compile(r"^['\"]?(.{1,100}?)['\"]? (?:via|über|par) .", re.IGNORECASE)
_LIST_NAME = re.compile(r"<([^<>\s]{1,200})>|^([^<>\s]{1,200})$")
_LIST_ADDRESS_HEADERS = ("list-post", "mailing-list", "x-beenthere", "x-mailing-list", "list-owner")
_LIST_HEADERS = frozenset({*_LIST_ADDRESS_HEADERS, "list-id"})
_WRITER_HEADERS = ("x-original-from", "reply-to", "x-original-sender", "x-mailfrom", "cc")
"""Google Groups, Mailman, and others, best first. Mailman names the writer in Cc where answers go to the list."""
_ENCODED = re.compile(r"^([^=@]{1,64})(?:=40|=)([^=@]{1,190}\.[^=@]{2,60})@")


def author_of(headers: Headers, envelope: str = "") -> Sender | None:
    """The first author: of the From headers, else of Sender, else of the `From ` line."""
    for name in ("from", "sender"):
        shown = next((one for value in headers.get(name, ()) if (one := read_address(value))), None)
        if shown is not None:
            return _writer_behind(headers, shown) or shown
    return read_address(envelope.removeprefix("From ").partition("  ")[0])


def list_id(headers: Headers) -> str | None:
    """The mailing list's own name (RFC 2919), in lower case, without brackets."""
    match = _LIST_NAME.search(first_value(headers, "list-id")[-300:])
    name = (match[1] or match[2]).lower() if match else ""
    return name if "." in name else None


def _writer_behind(headers: Headers, shown: Sender) -> Sender | None:
    """The person in whose place a list put itself; None if the address shown is the writer's own."""
    via = _VIA.match(shown.name) if shown.name else None
    lists = _list_addresses(headers) if headers.keys() & _LIST_HEADERS else frozenset()
    if via is None and shown.email not in lists and "x-original-from" not in headers:
        return None
    name = via[1].strip("'\" ") if via else None
    for header in _WRITER_HEADERS:
        for candidate in _addresses(headers, header):
            if candidate.email != shown.email and candidate.email not in lists and _is_likely(header, candidate, via):
                return Sender(candidate.email, candidate.name or name, candidate.masked)
    # `kim=beta.example@groups.example`: the address itself is written into the local part.
    encoded = _ENCODED.match(shown.email) if via else None
    return Sender(f"{encoded[1]}@{encoded[2]}", name) if encoded else None


def _is_likely(header: str, candidate: Sender, via: re.Match[str] | None) -> bool:
    """In Cc there are others, too: there only a person of that name is the writer."""
    return header != "cc" or (via is not None and (candidate.name or "").strip("'\" ").lower() == via[1].lower())


def _list_addresses(headers: Headers) -> frozenset[str]:
    found = [one.email for name in _LIST_ADDRESS_HEADERS for one in _addresses(headers, name)]
    identifier = list_id(headers)
    return frozenset([*found, *([identifier.replace(".", "@", 1)] if identifier else [])])


def _addresses(headers: Headers, name: str) -> list[Sender]:
    values = headers.get(name, ())[:3]
    return [one for value in values for one in read_addresses(value)]
