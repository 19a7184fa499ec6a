"""Figures of companies as people and programs write them: amounts of money, numbers of people.

An amount like `1.234` has two readings. Which one holds is never guessed: the caller says which sign is the decimal
one. A number of people is whole, so that `1.200` and `1,200` have one reading.
"""

import re
from typing import Literal, NamedTuple

DecimalMark = Literal[".", ","]
"""The sign before the decimals: `1.234,5` has the comma."""
Notation = Literal[".", ",", "either"]
"""The decimal mark that a number shows, or `either` if it has two readings."""

_MAX_CHARS = 100
_NEGATIVE = re.compile(r"\((.*)\)")
_CURRENCY = re.compile(r"[€$£¥₹₩]|^[A-Z]{2,3}(?=[\s\d$-])|(?<=[\s\d])(?:[A-Z]{3}|zł|kr\.?|Fr\.|Kč|Ft)$")
_GROUP_SIGNS = re.compile(r"(?<=\d)[\s'’](?=\d{3}(?!\d))")
_NUMBER = re.compile(r"[+-]?\d[\d.,]{0,30}")
_GROUPS = re.compile(r"\d{1,3}(?:\.\d{2,3})*\.\d{3}|\d{1,3}(?:,\d{2,3})*,\d{3}")
"""The whole part with a sign between its groups; the groups before the last one have two digits in India."""
_TWO_READINGS = re.compile(r"[1-9]\d{0,2}[.,]\d{3}")

_WHOLE = r"(?:\d{1,3}(?:[.,'’\s]\d{3}){1,4}|\d{1,12})(?:[.,]0{1,2})?"
_HEADCOUNT = re.compile(
    rf"[~≈>]?\s?({_WHOLE})\s?([kK])?\s?"
    rf"(?:\+|(?:[-–—]|to|bis|à|a|tot|do)\s?{_WHOLE}\s?[kK]?|or more|and more|und mehr|oder mehr|et plus|o más)?"
    r"\s?(?:employees|people|persons|fte|mitarbeiter|mitarbeitende|beschäftigte|personen|employés|salariés|empleados|"
    r"dipendenti|medewerkers|werknemers)?",
    re.IGNORECASE,
)
_NOT_A_NUMBER = "not a number: write it as 1100.04"
_NOT_WHOLE = "not a number of people: write it as 1200 or 201-500"


class _Number(NamedTuple):
    digits: str
    """With points and commas, without currency, other signs between groups, and sign."""
    is_negative: bool
    is_grouped: bool
    """Spaces or apostrophes stand between its groups, so that a point or comma is the decimal mark."""


def notation_of(text: str) -> Notation | None:
    """Which decimal mark the number shows; None if it shows none, or is no number."""
    number = _number(text)
    return _notation(number) if number else None


def number_of(text: str, decimal: DecimalMark | None = None) -> int | float:
    """`1100.04`, `1,100.04`, `1.100,04`, `€ 1 100`, `(5.00)`; `1,100` according to `decimal`.

    Raises ValueError with the reason, also for a number of two readings without `decimal`.
    """
    number = _number(text)
    if number is None:
        raise ValueError(_NOT_A_NUMBER)
    mark = _notation(number) or decimal or "."
    if mark == "either":
        mark = decimal or _refuse(number.digits)
    whole, _, decimals = number.digits.rpartition(mark) if mark in number.digits else (number.digits, "", "")
    if not whole.isdigit() and not _GROUPS.fullmatch(whole):
        raise ValueError(_NOT_A_NUMBER)
    value = float(f"{whole.replace(',', '').replace('.', '')}.{decimals or 0}") * (-1 if number.is_negative else 1)
    return int(value) if value.is_integer() else value


def headcount_of(text: str) -> int:
    """A number of people; the lower end of a range: `201-500`, `10,001+`, `1K-5K`.

    Raises ValueError with the reason.
    """
    match = _HEADCOUNT.fullmatch(" ".join(text.split())) if len(text) <= _MAX_CHARS else None
    if match is None:
        raise ValueError(_NOT_WHOLE)
    whole = re.sub(r"[.,]0{1,2}$", "", match[1])
    return int(re.sub(r"\D", "", whole)) * (1_000 if match[2] else 1)


def _number(text: str) -> _Number | None:
    if len(text) > _MAX_CHARS:
        return None
    bare = text.strip()
    negative = _NEGATIVE.fullmatch(bare)
    bare = _CURRENCY.sub("", negative[1] if negative else bare).strip()
    digits, groups = _GROUP_SIGNS.subn("", bare)
    digits = "".join(digits.split()) if digits[:1] in "+-" else digits
    if not _NUMBER.fullmatch(digits):
        return None
    return _Number(digits.lstrip("+-"), bool(negative) or digits[0] == "-", groups > 0)


def _notation(number: _Number) -> Notation | None:
    digits = number.digits
    comma, point = digits.rfind(","), digits.rfind(".")
    if comma < 0 and point < 0:
        return None
    if comma >= 0 and point >= 0:
        return "," if comma > point else "."
    mark, other = (",", ".") if comma >= 0 else (".", ",")
    if digits.count(mark) > 1:
        return other  # type: ignore[return-value]
    return "either" if _TWO_READINGS.fullmatch(digits) and not number.is_grouped else mark  # type: ignore[return-value]


def _refuse(digits: str) -> DecimalMark:
    grouped, decimal = re.sub(r"[.,]", "", digits), digits.replace(",", ".")
    raise ValueError(f"two readings: {grouped} or {float(decimal)}")
