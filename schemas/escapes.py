"""Text from outside as a medium shows it: one function per medium, so that no name acts on whoever reads it.

Characters that are not seen but act are written as escapes (`\\x1b`, `\\u202e`): control characters (C0, C1), those
that turn the direction of text, zero-width and invisible ones, line separators, lone surrogates.
"""

import re
from html import escape as _html_escape
from unicodedata import category

MAX_CHAT_LENGTH = 80
_INVISIBLE_LETTERS = "\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0"
"""Printable by their category, and blank."""
_NOT_ASCII = re.compile(r"[^ -~]")
_NOT_ASCII_LINES = re.compile(r"[^ -~\n\t]")
_NEWLINES = re.compile(r"\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")
_CHAT_SIGNS = str.maketrans(
    {"<": "‹", ">": "›", "@": "(at)", "*": "·", "`": "'", "[": "(", "]": ")", "|": "¦", "\\": "/"}
)
"""Characters that chat services read as mentions, links or mark-up, and what stands for them."""
_LINK_DOT = re.compile(r"(?<=\S)[.\u3002\uff0e\uff61](?=\S)")
_LINK_SLASHES = re.compile(r"(?<=:)//")
_EMPHASIS = re.compile(r"(?<![^\W_])[_~]+|[_~]+(?![^\W_])")
_FORMULA_SIGNS = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")


def terminal_text(text: str) -> str:
    """Text of several lines for a terminal: line feeds and tabs stay."""
    return text if text.isascii() and text.isprintable() else _NOT_ASCII_LINES.sub(_visible, text)


def terminal_cell(text: str) -> str:
    """One line for a terminal: a line end is shown as ⏎, so that no name makes a line of its own."""
    return text if text.isprintable() and text.isascii() else _NOT_ASCII.sub(_visible, _NEWLINES.sub("⏎", text))


def log_text(text: str) -> str:
    """A value in a log line."""
    return terminal_cell(text)


def json_text(encoded: str) -> str:
    """JSON that is printed: what is not seen but acts becomes `\\uXXXX`, which means the same."""
    return _NOT_ASCII_LINES.sub(_json_escape, encoded)


def chat_text(text: str, most: int = MAX_CHAT_LENGTH) -> str:
    """A name in chat or mail: one line without mark-up, mentions or anything that becomes a link."""
    shown = "".join(sign if _is_seen(sign) else " " for sign in text[: most * 4])
    inert = _LINK_SLASHES.sub("∕∕", _LINK_DOT.sub("․", shown.translate(_CHAT_SIGNS)))
    plain = " ".join(_EMPHASIS.sub("-", inert).split())
    return plain if len(plain) <= most else f"{plain[: most - 1]}…"


def html_text(text: str) -> str:
    """Text in an HTML page or in the value of an attribute."""
    return _html_escape(terminal_text(text), quote=True)


def csv_cell(text: str) -> str:
    """A cell of a table for spreadsheets: text that they would take for a formula begins with an apostrophe.

    So does text that looks like a number with a sign: spreadsheets would take the plus from a phone number.
    """
    shown = terminal_text(text)
    is_formula = shown.startswith(_FORMULA_SIGNS) or shown.lstrip().startswith(_FORMULA_SIGNS)
    return f"'{shown}" if is_formula else shown


def _is_seen(character: str) -> bool:
    if character in _INVISIBLE_LETTERS:
        return False
    return character.isprintable() or category(character) == "Zs"


def _visible(match: re.Match[str]) -> str:
    character = match[0]
    return character if _is_seen(character) else character.encode("unicode_escape").decode()


def _json_escape(match: re.Match[str]) -> str:
    character = match[0]
    if _is_seen(character):
        return character
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at] << 8 | units[at + 1]:04x}" for at in range(0, len(units), 2))
