"""Mails that anybody can send to slow an import down: one function per kind, of a seed and a size.

Each kind aims at something that costs more than in proportion to its length where it is done carelessly: patterns that
start anew at every character, parsers that look ahead, lists that grow while they are walked.
"""

from collections.abc import Callable, Iterator
from random import Random
from string import ascii_lowercase

MEAN_BYTES = 16_384
_ENVELOPE = "From {sender} Mon Jan  5 09:12:00 2026\n"
_HEADERS = {
    "From": "Pat <pat@acme.example>",
    "To": "anna@ours.example",
    "Subject": "Re: Demo?",
    "Date": "Mon, 05 Jan 2026 09:12:00 +0000",
    "In-Reply-To": "<m1@ours.example>",
}
Kind = Callable[[Random, int], tuple[dict[str, str], str]]
"""Headers beyond the usual ones, and the body."""


def hostile_mails(seed: int, count: int, size: int = MEAN_BYTES, kinds: list[str] | None = None) -> Iterator[bytes]:
    """`count` mails in mbox format of about `size` bytes in the mean, all kinds alike."""
    random, names = Random(seed), kinds or sorted(KINDS)
    for number in range(count):
        headers, body = KINDS[names[number % len(names)]](random, random.randint(size // 2, size * 3 // 2))
        yield _mail(number, headers, body)


def _mail(number: int, headers: dict[str, str], body: str) -> bytes:
    merged = {**_HEADERS, "Message-ID": f"<h{number}@acme.example>", **headers}
    head = "".join(f"{name}: {value}\n" for name, value in merged.items())
    return f"{_ENVELOPE.format(sender='pat@acme.example')}{head}\n{body}\n\n".encode("utf-8", "replace")


def _word(random: Random, length: int) -> str:
    return "".join(random.choices(ascii_lowercase, k=length))


def _repeated(text: str, size: int) -> str:
    return text * (size // len(text) + 1)


def _folded(text: str, size: int, width: int = 900) -> str:
    return "\n ".join([_repeated(text, width)] * (size // width + 1))


def _multipart(random: Random, size: int) -> tuple[dict[str, str], str]:
    part = "--cut\nContent-Type: text/plain\n\nx\n"
    return {"Content-Type": "multipart/mixed; boundary=cut"}, _repeated(part, size) + "--cut--"


def _nested(random: Random, size: int) -> tuple[dict[str, str], str]:
    levels = [f"--b{n}\nContent-Type: multipart/mixed; boundary=b{n + 1}\n\n" for n in range(size // 56)]
    return {"Content-Type": "multipart/mixed; boundary=b0"}, "".join(levels)


def _unclosed(random: Random, size: int) -> tuple[dict[str, str], str]:
    line = "\nFrom pat@acme.example Mon Jan  5 09:12:00 2026\n"
    cut = _word(random, 12)
    return {"Content-Type": f'multipart/mixed; boundary="{cut}"'}, f"--{cut}\n\n" + _repeated(line, size)


def _html(piece: str) -> Kind:
    return lambda random, size: ({"Content-Type": "text/html"}, "unsubscribe " + _repeated(piece, size))


def _header(name: str, piece: str, start: str = "") -> Kind:
    return lambda random, size: ({name: start + _folded(piece, size)}, "Yes.")


def _one_word(name: str, end: str = "") -> Kind:
    return lambda random, size: ({name: _word(random, size) + end}, "Yes.")


def _text(piece: str, **headers: str) -> Kind:
    changes = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda random, size: (changes, "unsubscribe\n" + _repeated(piece, size))


_BOUNCE = {"From": "MAILER-DAEMON@mx.example", "Return_Path": "<>"}
KINDS: dict[str, Kind] = {
    "sender of one word": _one_word("From"),
    "sender before an at": _one_word("From", "@"),
    "sender in brackets": _header("From", "<"),
    "sender in comments": _header("From", "("),
    "sender in quotes": _header("From", '"\\'),
    "sender among many": _header("From", "a@b.example,"),
    "sender written out": _header("From", "a at b dot "),
    "recipients": _header("To", "<a@b.example>,", "x@ours.example,"),
    "failed recipients": _one_word("X-Failed-Recipients"),
    "list of dots": _header("List-Id", ".", "x "),
    "encoded words that never end": _header("Subject", " =?a?q?x"),
    "encoded words": _header("Subject", " =?utf-8?b?w7w=?="),
    "words in punycode": _header("Subject", "=?punycode?q?" + "a" * 60 + "?= "),
    "tags": _header("Subject", "[a]Re:"),
    "references": _header("References", "<a@b.example> "),
    "references without end": _header("References", "<a"),
    "dates": _header("Date", "Mon, ("),
    "zones": _header("Date", " +", "Mon, 05 Jan 2026 09:12:00"),
    "parameters": _header("Content-Type", ';a="', "multipart/mixed"),
    "labels": _header("X-Gmail-Labels", ","),
    "many headers": lambda random, size: (
        {_word(random, 6): "x" for _ in range(size // 10)},
        "Yes.",
    ),
    "many parts": _multipart,
    "nested parts": _nested,
    "mails inside a part without end": _unclosed,
    "tags that never end": _html("<a "),
    "tags within tags": _html("<b><i>"),
    "comments that never end": _html("<!-- "),
    "character references": _html("&#99999999"),
    "quoted lines": _text("> x\n"),
    "beginnings of replies": lambda random, size: ({}, "unsubscribe " + "Op ]_" * 70 + "\n" + _repeated("> x\n", size)),
    "dashes": lambda random, size: ({"X-Filler": _folded("x", size // 2)}, _repeated("--\n", size // 2)),
    "beginnings of quotes": _text("on " + "x" * 190 + "\n"),
    "underscores": _text("_" * 60 + " \n"),
    "blank lines": _text("\n \t\n"),
    "text in punycode": _text("a" * 70 + "\n", Content_Type="text/plain; charset=punycode"),
    "damaged base64": _text("YQ=a", Content_Transfer_Encoding="base64"),
    "words of a mail server": _text("A message that you sent could not be delivered " + "x" * 100 + "@ y\n", **_BOUNCE),
    "lines of a mail server": _text("<" + "x" * 60 + "@" + "\n", **_BOUNCE),
}
