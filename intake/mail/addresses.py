"""Addresses in headers: RFC 5322 with names, comments, groups and routes, and what programs and archives write instead.

One pass over the characters, whatever they are: nothing is tried twice.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import re2

from intake.budgets import DEFAULT_BUDGETS
from intake.mail.headers import decoded_header

_TOKEN = re.compile(r'"(?:[^"\\]+|\\.)*"?|\\.|[()<>,;:]|[^"\\()<>,;:]+', re.DOTALL)
_SIMPLE = re.compile(r"([\w .'&/+-]{0,100})<([\w+-]+(?:\.[\w+-]+){0,8})@((?:[\w-]+\.)+[\w-]+)>", re.ASCII)
"""`Ada Kern <ada@pharma.example>`, as nearly all programs write it."""
_FORBIDDEN = re.compile(r"[\s<>()\[\],;:\"@＠\\]")
_OBFUSCATED = re2.compile(
    r"(?i)([^\s<>()\[\],;:\"@]+)\s*(?:\s(?:at|_at_)\s|\(at?\)|\[at?\]|\{at\}|＠|&#64;)\s*"
    r"([\w-]+(?:(?:\.|\sdot\s|\s?\(dot\)\s?|\s?\[dot\]\s?)[\w-]+)+)",
)
_DOT = re.compile(r"\s?[(\[]?\bdot\b[)\]]?\s?", re.IGNORECASE)
_MAX_ADDRESS_CHARS = 254
_MAX_ADDRESSES = 500
"""Of one header."""


@dataclass(frozen=True, slots=True)
class Sender:
    """The sender: lower-case address, and name if given. `masked`: an archive has shortened the address."""

    email: str
    name: str | None = None
    masked: bool = False

    @property
    def domain(self) -> str:
        """The domain of the address."""
        return self.email.rpartition("@")[2]


def read_address(value: str) -> Sender | None:
    """The first address of a header, also encoded as a whole, or obfuscated as `name at domain`."""
    return next(iter(read_addresses(value)), None)


def read_addresses(value: str) -> list[Sender]:
    """The addresses of a header, each once."""
    if len(value) <= _MAX_ADDRESS_CHARS and (simple := _SIMPLE.fullmatch(value)) is not None:
        return [Sender(f"{simple[2]}@{simple[3]}".lower(), " ".join(simple[1].split()).strip(" '") or None)]
    value = value[: DEFAULT_BUDGETS.header_value_chars]
    found = _parsed(value) or (_parsed(value.replace('"', " ")) if '"' in value else [])
    if not found and "=?" in value:
        # Some programs encode the whole header. Decoding first would let a name pass for an address.
        readable = decoded_header(value)
        found = _parsed(readable) if readable != value else []
    first: dict[str, Sender] = {}
    for sender in found:
        first.setdefault(sender.email, sender)
    return list(first.values())


def _parsed(value: str) -> list[Sender]:
    plain = value if "@" in value else _OBFUSCATED.sub(_deobfuscated, value)
    senders: list[Sender] = []
    for entry in _entries(plain):
        sender = entry.sender()
        if sender is not None:
            senders.append(sender)
            if len(senders) == _MAX_ADDRESSES:
                break
    return senders


@dataclass(slots=True)
class _Entry:
    """What stands between two commas. `in_brackets` is None without angle brackets."""

    phrase: str = ""
    comment: str = ""
    in_brackets: str | None = None

    def sender(self) -> Sender | None:
        if self.in_brackets is not None and (email := _valid_email(self.in_brackets)):
            return _sender(email, self.phrase or self.comment)
        email, name = _bare_email(self.phrase)
        return _sender(email, name or self.comment) if email else None

    def is_complete(self) -> bool:
        return self.in_brackets is not None or "@" in self.phrase


def _entries(value: str) -> Iterator[_Entry]:
    """The entries of a list. A comma in a name without quotes (`Kern, Ada <ada@…>`) separates nothing."""
    entry, depth, opened = _Entry(), 0, False
    for token in _TOKEN.findall(value):
        if depth:
            depth += (token == "(") - (token == ")")
            entry.comment += token if depth and token != "(" else ""
        elif token == "(":
            depth = 1
        elif opened:
            opened = token != ">"
            entry.in_brackets = (entry.in_brackets or "") + (token if opened and token != "<" else "")
        elif token == "<":
            opened, entry.in_brackets = True, ""
        elif token == ";" or (token == "," and entry.is_complete()):
            yield entry
            entry = _Entry()
        elif token == ":" and "@" not in entry.phrase:
            # `Team: ada@…, eve@…;` The name of a group is nobody's.
            entry.phrase = ""
        else:
            entry.phrase += token if entry.in_brackets is None else ""
    yield entry


def _sender(email: str, name: str) -> Sender:
    return Sender(email, _display_name(name), masked="..." in email.partition("@")[0])


def _display_name(phrase: str) -> str | None:
    """The name without quotes, and without addresses, which mail programs put there, too."""
    name = decoded_header(phrase.strip()).replace('\\"', '"')
    words = [word for word in name.split() if "@" not in word and "＠" not in word]
    return " ".join(words).strip(" \"'<>,;:")[:200] or None


def _bare_email(phrase: str) -> tuple[str | None, str]:
    """The first word that is an address, and the rest."""
    words = phrase.split()
    for index, word in enumerate(words):
        email = _valid_email(word.strip("[]{}")) if "@" in word or "＠" in word else None
        if email is not None:
            return email, " ".join([*words[:index], *words[index + 1 :]])
    return None, phrase


def _valid_email(text: str) -> str | None:
    """The address in lower case, without `mailto:` and a route (`@relay:`); None if it is not one."""
    bare = text.strip()[: 2 * _MAX_ADDRESS_CHARS].lower().removeprefix("mailto:")
    bare = bare.rpartition(":")[2] if bare.startswith("@") else bare
    local, at, domain = bare.replace("＠", "@").strip(" .'").rpartition("@")
    if local.startswith('"') and local.endswith('"'):
        local = local[1:-1]
    email = f"{local}@{domain}"
    invalid = _FORBIDDEN.search(local) or _FORBIDDEN.search(domain) or "." not in domain.strip(".")
    return email if at and local and not invalid and len(email) <= _MAX_ADDRESS_CHARS else None


def _deobfuscated(match: re.Match[str]) -> str:
    return f"{match[1]}@{_DOT.sub('.', match[2])}"
