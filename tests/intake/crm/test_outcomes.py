"""Won and lost are recognised by status, flags and stages in the languages of CRMs; other stages stay open."""

import pytest

from intake.crm.outcomes import Outcome, named_outcome, outcome_of
from intake.files.csv_rows import TableRow
from intake.files.table_header import Layout


def row(**cells: str) -> TableRow:
    indexes = {name: (index,) for index, name in enumerate(cells)}
    return TableRow("deals.csv:2", tuple(cells.values()), Layout(",", tuple(cells), indexes))


@pytest.mark.parametrize(
    ("stage", "expected"),
    [
        ("Closed Won", "won"),
        ("closedwon", "won"),
        ("1-Closed Won (100%)", "won"),
        ("Closed-Lost to Competition", "lost"),
        ("Abgeschlossen und gewonnen", "won"),
        ("Geschlossen, verloren", "lost"),
        ("Fermé gagné", "won"),
        ("Clôturée perdue", "lost"),
        ("Cierre ganado", "won"),
        ("Cerrada perdida", "lost"),
        ("Chiuso vinto", "won"),
        ("Gesloten en verloren", "lost"),
        ("Fechado e ganho", "won"),
        ("Zamknięte - przegrane", "lost"),
        ("Stängd vunnen", "won"),
        ("Lukket tabt", "lost"),
        ("受注", "won"),
        ("失注", "lost"),
        ("クローズ (成約)", "won"),
        ("Offen", "open"),
        ("Deleted", "deleted"),
    ],
)
def test_a_stage_names_an_outcome_in_many_languages(stage: str, expected: Outcome) -> None:
    assert named_outcome(stage) == expected


@pytest.mark.parametrize(
    "stage", ["", "Lost contact", "Not won", "Won or lost", "Negotiation", "Closed", "Verlorene Unterlagen", "x" * 500]
)
def test_other_stages_name_none(stage: str) -> None:
    assert named_outcome(stage) is None


def test_the_status_counts_more_than_flags_and_flags_more_than_the_stage() -> None:
    assert outcome_of(row(status="Won", stage="Qualified", won="0")) == "won"
    assert outcome_of(row(status="Open", stage="Closed won")) is None
    assert outcome_of(row(status="active", stage="Closed won")) == "won"
    assert outcome_of(row(stage="Closed won", lost="1")) == "lost"
    assert outcome_of(row(stage="Signed", won="true")) == "won"
    assert outcome_of(row(stage="Signed", won="Lost")) == "lost"


def test_a_closed_opportunity_is_won_or_lost_by_flag_or_probability() -> None:
    assert outcome_of(row(stage="Ende", over="1", won="0")) == "lost"
    assert outcome_of(row(stage="Ende", over="1", probability="100 %")) == "won"
    assert outcome_of(row(stage="Ende", over="1", probability="0")) == "lost"
    assert outcome_of(row(stage="Talk", over="0", probability="0")) is None
    with pytest.raises(ValueError, match="closed, but neither won nor lost"):
        outcome_of(row(stage="Ende", over="1"))
