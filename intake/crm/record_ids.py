"""Record ids of CRMs as they come out of spreadsheets and reports.

Salesforce shows one record under two ids: 15 characters whose case matters (reports), and 18 characters, where the last
three tell which of the first 15 are capitals (interfaces and data exports):
https://developer.salesforce.com/docs/atlas.en-us.api.meta/api/field_types.htm (ID field type).
Spreadsheets round long numbers to 15 digits, and show them as 1.23457E+11.
"""

import re
from collections.abc import Iterator

_SALESFORCE_15 = re.compile(r"(?=\d*[A-Za-z])00[0-9A-Za-z]{13}")
"""Of a standard object (001 account, 003 contact, 006 opportunity, 00Q lead)."""
_SALESFORCE_18 = re.compile(r"(00[0-9A-Za-z]{13})([A-Za-z0-5]{3})")
_CHECK_SIGNS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_ROUNDED = re.compile(r"[+-]?\d(?:(?:[.,]\d+)?E[+-]|[.,]\d+E)\d{1,3}", re.IGNORECASE)
_HASHES = re.compile(r"#+")
_FLOAT_OF_ID = re.compile(r"(\d{1,15})\.0")
_EXACT_DIGITS = 15
"""Of a number in a spreadsheet."""
_SEVERAL = re.compile(r"[;,\n]")
_ROUNDED_WHY = "a spreadsheet has rounded the id: export it again, and import the columns of ids as text"


def record_id_of(text: str, *, keeps_long_ids: bool = False) -> str:
    """The id without a spreadsheet's marks, Salesforce's with 18 characters.

    `keeps_long_ids`: other ids of the column show that it was not rounded. Raises ValueError with the reason.
    """
    if len(text) < _EXACT_DIGITS and text.isalnum():
        return text  # as most are
    bare = text.removeprefix("'").strip()
    if _ROUNDED.fullmatch(bare) or _HASHES.fullmatch(bare) or (is_round(bare) and not keeps_long_ids):
        raise ValueError(_ROUNDED_WHY)
    # A table program that knows missing values only among fractions writes 111 as 111.0.
    whole = _FLOAT_OF_ID.fullmatch(bare)
    return whole[1] if whole else salesforce_id(bare) or bare


def first_record_id(text: str, *, keeps_long_ids: bool = False) -> str:
    """The first of several ids in one cell: `111;222`. CRMs put the primary company first."""
    first = next(several(text), text)
    return record_id_of(first, keeps_long_ids=keeps_long_ids)


def several(text: str) -> Iterator[str]:
    """The ids in one cell."""
    return (part for part in map(str.strip, _SEVERAL.split(text)) if part)


def is_long(text: str) -> bool:
    """Whether a spreadsheet would round the id."""
    return len(text) > _EXACT_DIGITS and text.isdecimal()


def is_round(text: str) -> bool:
    """Whether the id is one that a spreadsheet could have rounded: zeros after 15 digits."""
    return is_long(text) and not text[_EXACT_DIGITS:].strip("0")


def salesforce_id(text: str) -> str | None:
    """Salesforce's id with 18 characters and the right case; None for other texts."""
    if _SALESFORCE_15.fullmatch(text):
        return text + _check_signs(text)
    long = _SALESFORCE_18.fullmatch(text)
    if long is None:
        return None
    checks = long[2].upper()
    restored = _with_case(long[1], checks)
    return restored + checks if _check_signs(restored) == checks else None


def _check_signs(id15: str) -> str:
    return "".join(
        _CHECK_SIGNS[sum(1 << place for place, sign in enumerate(id15[at : at + 5]) if "A" <= sign <= "Z")]
        for at in (0, 5, 10)
    )


def _with_case(id15: str, checks: str) -> str:
    """The id in the case that its check signs tell, whatever a program made of it."""
    bits = [_CHECK_SIGNS.index(check) >> place & 1 for check in checks for place in range(5)]
    return "".join(sign.upper() if is_capital else sign.lower() for sign, is_capital in zip(id15, bits, strict=True))
