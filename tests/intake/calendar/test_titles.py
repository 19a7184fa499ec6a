"""Prefixes and suffixes of titles: canceled in any language that calendars speak, missed by hand."""

from pathlib import Path

import pytest

from intake.calendar.titles import Title
from tests.intake.calendar.ics_files import calendar, event, only, read


@pytest.mark.parametrize(
    "prefix",
    [
        "Canceled: ", "CANCELLED: ", "Cancelled:", "Abgesagt: ", "Annulé : ", "Annulé\N{NO-BREAK SPACE}: ",
        "Annule\u0301: ",
        "Annulée : ", "Geannuleerd: ", "Cancelado: ", "Cancelada: ", "Annullato: ", "Avlyst: ", "Aflyst: ", "Avbokat: ",
        "Inställt: ", "Peruutettu: ", "Anulowane: ", "Odwołane: ", "Zrušeno: ", "Zrušené: ", "Odpovedano: ",
        "Otkazano: ",
        "Anulat: ", "Lemondva: ", "Törölve: ", "Отменено: ", "Скасовано: ", "Ακυρώθηκε: ", "İptal Edildi: ",
        "iptal edildi: ",
        "Tühistatud: ", "Atcelts: ", "Atšaukta: ", "Cancel·lat: ", "Bertan behera utzita: ", "Dibatalkan: ", "Đã hủy: ",
        "ยกเลิก: ", "ملغى: ", "\N{RIGHT-TO-LEFT MARK}מבוטל: ", "रद्द किया गया: ", "已取消: ", "已取消\N{FULLWIDTH COLON}",
        "取り消し済み: ", "キャンセル済み: ", "취소됨: ", "[CANCELLED] ", "[Canceled]: ",
        "(Abgesagt) ", "【キャンセル】", "*CANCELED* ",
        "❌ Canceled: ", "FW: Canceled: ", "WG: Abgesagt: ", "Abgebrochen: ",
        "CANCELLED - ", "Canceled – ", "Canceled: Canceled: ", "Abgesagt: Annulé : Canceled: ",
    ],
)  # fmt: skip
def test_a_prefix_says_that_a_meeting_is_canceled_and_is_no_part_of_its_title(prefix: str) -> None:
    title = Title(f"{prefix}Demo")
    assert (title.canceled, title.text) == (True, "Demo")


@pytest.mark.parametrize(
    "suffix",
    [
        " (cancelled)", " (Canceled)", " [CANCELLED]", " (abgesagt)", "(abgesagt)", " (Annulé)", " - CANCELLED",
        " – abgesagt", " (Absage)", " 【キャンセル】", " *cancelled*", " (canceled!)", " - canceled.",
    ],
)  # fmt: skip
def test_a_suffix_says_that_a_meeting_is_canceled_too(suffix: str) -> None:
    title = Title(f"Demo{suffix}")
    assert (title.canceled, title.missed, title.text) == (True, False, "Demo")


@pytest.mark.parametrize("suffix", [" (no-show)", " - No show"])
def test_a_suffix_says_that_nobody_came(suffix: str) -> None:
    title = Title(f"Demo{suffix}")
    assert (title.canceled, title.missed, title.text) == (False, True, "Demo")


@pytest.mark.parametrize(
    "text",
    [
        "Demo",
        "Orders that were cancelled",
        "Demo (how to get cancelled)",
        "Invoices - storno",
        "Pre-cancelled",
        "Cancel culture: a talk",
        "Cancellation - policy review",
        "Storno - Rechnung",
        "Demo: canceled",
        "Re: Demo",
    ],
)
def test_other_titles_are_left_as_they_are(text: str) -> None:
    title = Title(text)
    assert (title.canceled, title.missed, title.text) == (False, False, text)


@pytest.mark.parametrize("text", ["Canceled: No-show: Demo", "No show: Canceled: Demo"])
def test_prefixes_of_both_kinds_are_taken_off(text: str) -> None:
    title = Title(text)
    assert (title.canceled, title.missed, title.text) == (True, True, "Demo")


@pytest.mark.parametrize(("text", "rest"), [("Canceled: ", None), ("Canceled", "Canceled")])
def test_a_title_that_is_only_the_prefix_is_canceled(text: str, rest: str | None) -> None:
    title = Title(text)
    assert (title.canceled, title.text) == (True, rest)


def test_a_confirmed_meeting_with_the_prefix_is_canceled(tmp_path: Path) -> None:
    item = only(read(calendar(tmp_path, event("SUMMARY:Annulé : Démo", "STATUS:CONFIRMED"))))
    assert (item.type, item.data["title"]) == ("meeting.canceled.v1", "Démo")
