"""Countries become ISO 3166 codes, whatever the language of the CRM they come from."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.countries import country_of


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("DE", "Germany|Deutschland|Allemagne|Alemania|Germania|Duitsland|Niemcy|Tyskland|ドイツ|德国|독일"),
        ("CH", "Switzerland|SCHWEIZ|Suisse|Svizzera|Szwajcaria"),
        ("US", "USA|U.S.A.|united  states|United States of America|Vereinigte Staaten|États-Unis|Estados Unidos"),
        ("GB", "UK|United Kingdom|England|Vereinigtes Königreich|Royaume-Uni|Grossbritannien"),
        ("TR", "Turkey|Türkei|Türkiye|Turkiye"),
        ("KR", "South Korea|Korea, Republic of|Südkorea"),
        ("BA", "Bosnia & Herzegovina|Bosnia and Herzegovina|Bosnien und Herzegowina"),
        ("CI", "Ivory Coast|Côte d'Ivoire|Cote d’Ivoire|Elfenbeinküste"),
        ("NL", "The Netherlands|Holland|Pays-Bas|Nederland"),
        ("AT", "Oesterreich|Österreich|Autriche"),
    ],
)
def test_a_country_has_a_name_in_many_languages(code: str, names: str) -> None:
    assert {name: country_of(name) for name in names.split("|")} == dict.fromkeys(names.split("|"), code)


def test_codes_of_two_letters_three_letters_and_digits_are_known() -> None:
    assert [country_of(text) for text in ("AT", "at", " de ", "DEU", "usa", "276")] == [
        "AT",
        "AT",
        "DE",
        "DE",
        "US",
        "DE",
    ]


@pytest.mark.parametrize("text", ["Philipines", "EU", "World", "001", "EMEA", "Kongo", "Bavaria", "x" * 500])
def test_what_is_no_single_country_stays_as_it_is(text: str) -> None:
    assert country_of(text) == text


@given(st.text())
def test_a_code_stays_a_code(text: str) -> None:
    assert country_of(country_of(text)) == country_of(text)
