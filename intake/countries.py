"""Countries as ISO 3166 codes, from codes and from names in the languages that CRMs are used in.

The names are those of the Unicode CLDR, which Babel carries; the aliases are what people and pick lists write instead.
"""

import re
import unicodedata
from collections.abc import Iterable
from functools import cache, lru_cache

_LANGUAGES = (
    "de", "fr", "es", "it", "nl", "pt", "pl", "sv", "da", "nb", "fi", "cs", "hu", "ro", "tr", "el", "ru", "ja", "zh",
    "ko",
)  # fmt: skip
"""Besides English: the languages of the user interfaces of HubSpot, Salesforce and Pipedrive."""
_NO_COUNTRIES = frozenset({"EU", "EZ", "UN", "QO", "XA", "XB", "ZZ"})
"""Two-letter codes of the CLDR for groups of countries, tests and the unknown."""
_LINK_WORDS = frozenset({"the", "and", "und", "et", "y", "e", "i", "en", "og", "och", "of"})
_WORD = re.compile(r"\w+")
_MAX_NAME = 100

_ALIASES = {
    "AT": "oesterreich",
    "AE": "uae|emirates",
    "BO": "bolivia plurinational state of",
    "BN": "brunei darussalam",
    "CD": "congo democratic republic of the|democratic republic of congo|drc",
    "CG": "congo|republic of congo",
    "CI": "ivory coast|elfenbeinküste",
    "CN": "people's republic of china|mainland china|prc|volksrepublik china",
    "CV": "cape verde",
    "CZ": "czech republic|tschechische republik",
    "DE": "federal republic of germany|bundesrepublik deutschland|brd",
    "DK": "daenemark",
    "FM": "micronesia federated states of",
    "GB": "uk|great britain|england|scotland|wales|northern ireland|großbritannien|grande-bretagne|gran bretaña|"
          "royaume uni de grande bretagne",
    "HK": "hong kong|hongkong",
    "IE": "republic of ireland|eire",
    "IR": "iran islamic republic of",
    "KP": "north korea|korea democratic people's republic of",
    "KR": "korea|korea republic of|south korea|republic of korea",
    "LA": "lao people's democratic republic",
    "MD": "moldova republic of|republic of moldova",
    "MK": "macedonia|fyrom",
    "MM": "burma",
    "MO": "macao|macau",
    "NL": "holland|the netherlands",
    "PS": "palestine|palestine state of",
    "RO": "rumaenien",
    "RU": "russian federation|russische föderation",
    "SA": "ksa",
    "SK": "slovak republic|slowakische republik",
    "SY": "syrian arab republic",
    "SZ": "swaziland",
    "TR": "turkey|tuerkei",
    "TW": "republic of china|taiwan province of china",
    "TZ": "tanzania united republic of",
    "US": "usa|u.s.|u.s.a.|america|united states of america|vereinigte staaten von amerika|états-unis d'amérique|"
          "estados unidos de américa",
    "VA": "holy see",
    "VE": "venezuela bolivarian republic of",
    "VN": "viet nam",
}  # fmt: skip


@lru_cache(maxsize=10_000)
def country_of(text: str) -> str:
    """The ISO 3166 code of a country given as a code or a name, else the text unchanged."""
    bare = text.strip()
    return _code_of(bare) or bare if len(bare) <= _MAX_NAME else bare


def _code_of(text: str) -> str | None:
    upper, key = text.upper(), _key(text)
    if upper in _codes():
        return upper
    return _aliases().get(key) or _names("en").get(key) or _foreign_names().get(key) or _replaced_code(upper)


def _key(name: str) -> str:
    """The name's words without case, accents and the words that link them: `Bosnia & Herzegovina`."""
    plain = "".join(sign for sign in unicodedata.normalize("NFKD", name.casefold()) if not unicodedata.combining(sign))
    words = _WORD.findall(plain)
    return " ".join([word for word in words if word not in _LINK_WORDS] or words)


@cache
def _territories(language: str) -> dict[str, str]:
    # Babel and its locales are loaded for the first name: most files contain codes, or have no such column.
    from babel import Locale

    territories = Locale.parse(language).territories
    return {code: name for code, name in territories.items() if len(code) == 2 and code not in _NO_COUNTRIES}


@cache
def _codes() -> frozenset[str]:
    return frozenset(_territories("en"))


@cache
def _aliases() -> dict[str, str]:
    return {_key(name): code for code, names in _ALIASES.items() for name in names.split("|")}


@cache
def _names(language: str) -> dict[str, str]:
    return {_key(name): code for code, name in _territories(language).items()}


@cache
def _foreign_names() -> dict[str, str]:
    """The names in all other languages, except those that mean different countries in two of them."""
    pairs = [pair for language in _LANGUAGES for pair in _names(language).items()]
    ambiguous = _ambiguous(pairs)
    return {name: code for name, code in pairs if name not in ambiguous}


def _ambiguous(pairs: Iterable[tuple[str, str]]) -> frozenset[str]:
    first: dict[str, str] = {}
    return frozenset(name for name, code in pairs if first.setdefault(name, code) != code)


def _replaced_code(code: str) -> str | None:
    """The two-letter code for a three-letter or numeric one (`DEU`, `276`)."""
    from babel.core import get_global

    replacements = get_global("territory_aliases").get(code, ())
    return replacements[0] if len(replacements) == 1 and replacements[0] in _codes() else None
