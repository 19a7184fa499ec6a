"""Writing systems: which mixtures of scripts a language has."""

import pytest

from intake.writing_systems import is_highly_restrictive


@pytest.mark.parametrize(
    "text",
    ["", "acme-24", "müller", "газпром-24", "ελλάς", "株式会社アクメacme", "삼성lg", "ㄅㄆ漢字", "ירושלים", "ไทย"],
)
def test_the_scripts_of_one_language_may_stand_together(text: str) -> None:
    assert is_highly_restrictive(text)


@pytest.mark.parametrize("text", ["аcme", "αcme", "ελλάδαб", "アㅅ", "ไทยa", "ᚠᚢ"])
def test_scripts_of_several_languages_may_not(text: str) -> None:
    assert not is_highly_restrictive(text)
