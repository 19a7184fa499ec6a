"""Titles of meetings: the prefixes that calendars put before them, in the languages that calendars speak.

Outlook leaves `STATUS:CONFIRMED` on a meeting that was called off, and prefixes its title in the language of whoever
called it off, again for everybody who passes it on: `Annulé : Canceled: Demo`. People write it behind the title, too:
`Demo (cancelled)`.
"""

import re
import unicodedata

MAX_TITLE = 300
_READ_CHARACTERS = 1_000
_SUFFIX_CHARACTERS = 60
_MOST_PREFIXES = 10
_CANCELED_WORDS = """
canceled|cancelled|canceled event|cancelled event|called off|canceled meeting|cancelled meeting
abgesagt|abgesagter termin|abgesagte besprechung|abgebrochen|storniert|gestrichen|entfällt
annulé|annulée|annulés|événement annulé|réunion annulée
cancelado|cancelada|cancelados|canceladas|anulado|anulada|evento cancelado|reunión cancelada
reunião cancelada|anul·lat|anul·lada|cancel·lat|cancel·lada|cancel.lat|cancel.lada|suspendido|suspendida
annullato|annullata|cancellato|cancellata|evento annullato|riunione annullata
geannuleerd|geannuleerde afspraak|geannuleerde vergadering|afgelast|gekanselleer|ôfsein
aflyst|annulleret|avlyst|kansellert|avbestilt
avbokat|avbokad|inställt|inställd|avbruten|avbrutet|avböjt möte|annullerad|annullerat
peruutettu|peruttu|peruutettu kokous|aflýst|hætt við|afboðað
anulowane|anulowany|anulowana|anulowano|odwołane|odwołany|odwołana|odwołano
zrušeno|zrušené|zrušený|zrušená|odvoláno
odpovedano|preklicano|otkazano|otkazan|otkazana|poništeno|отказано|отказан|откажано
отменено|отменена|отменен|отменён|отменени|анулирано|анулирана|отмененное мероприятие
скасовано|скасований|скасована|скасоване|адменена|скасавана|болдырылмады|бас тартылды|цуцлагдсан
anulat|anulată|revocat|contramandat
lemondva|lemondták|lemondott|törölve|törölt|elmarad|visszavonva|megszakítva
ακυρώθηκε|ακυρωμένο|ακυρωμένη|ματαιώθηκε
iptal edildi|iptal edilen|i̇ptal edildi|i̇ptal edilen|ləğv edildi|ləğv olundu|ləğv edilib|bekor qilindi
tühistatud|atcelts|atcelta|atšauktas|atšaukta|atšauktà|anuluar|u anulua|canslwyd|cealaithe|cealaíodh
bertan behera utzita|bertan behera|ezeztatuta|ofgesot|annullat|ikkanċellat|imeghairiwa|imeahirishwa|kinansela
չեղարկված|չեղարկվել է|გაუქმებულია|გაუქმდა
ملغى|ملغي|ملغاة|ألغي|أُلغي|تم الإلغاء|تم إلغاء|لغو شد|لغو شده|لغوشده|منسوخ|منسوخ شدہ
מבוטל|מבוטלת|בוטל|בוטלה
रद्द|रद्द किया गया|रद्द किया|रद्द केले|বাতিল|বাতিল করা হয়েছে|રદ કર્યું|રદ|ਰੱਦ|ਰੱਦ ਕੀਤਾ|ரத்து செய்யப்பட்டது|ரத்து
రద్దు చేయబడింది|రద్దు|ರದ್ದುಗೊಳಿಸಲಾಗಿದೆ|ರದ್ದು|റദ്ദാക്കി|അവലംബിച്ചു|අවලංගු කරන ලදී
ยกเลิก|ยกเลิกแล้ว|ถูกยกเลิก|đã hủy|đã huỷ|bị hủy|hủy|huỷ|đã hủy bỏ|dibatalkan
取り消し|取り消し済み|取消し|取消済み|キャンセル済み|キャンセル済|キャンセルされた予定
취소됨|취소된 일정|已取消|已取消的活動|已取消的活动|已取消的會議|已取消的会议|作废
"""
_CANCELED_NOUNS = """
cancelation|cancellation|absage|terminabsage|storno|annulation|cancelamento|cancelación|annullamento|aflysning|avlysning
peruutus|zrušenie|отмена|anulare|ακύρωση|atcelšana|إلغاء|ביטול|batal|pembatalan|取消|キャンセル|中止|취소|iptal|i̇ptal|ıptal
"""
"""Before a colon or in brackets alone: before a dash they may be what the meeting is about."""
_MARK = re.compile(r"(?:[^\w\s\[(【［（「*]{1,4}\s{0,3}|(?:fwd?|wg|tr|rv)\s?:\s{0,3}){1,3}", re.IGNORECASE)
"""Symbols, or the prefix of a forwarded mail, before the word."""
_NO_SHOW_WORDS = "no-show|no show|noshow"
_BLANK = r"[\s\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]"
_COLON = r"[:\uff1a\ufe55\ua789\u2236]"


def _any_of(words: str) -> str:
    unique = {unicodedata.normalize("NFC", word.strip()) for line in words.split("\n") for word in line.split("|")}
    return "(?:" + "|".join(map(re.escape, sorted(unique - {""}, key=len, reverse=True))) + ")"


def _prefix(words: str, nouns: str = "") -> re.Pattern[str]:
    """The words in brackets, before a colon (with or without blank) or, but for nouns, before a dash between blanks."""
    word, dashed = _any_of(f"{words}|{nouns}"), _any_of(words)
    opening, closing = rf"[\[(【［（「*]{{1,3}}{_BLANK}{{0,3}}", rf"{_BLANK}{{0,3}}[:!]?[\])】］）」*]{{1,3}}"
    brackets = rf"{opening}{word}{closing}{_BLANK}*{_COLON}?"
    plain = rf"{word}(?:{_BLANK}{{0,5}}{_COLON}|!{_BLANK}*{_COLON}?)|{dashed}{_BLANK}+[-\u2013\u2014|]{_BLANK}"
    return re.compile(rf"{_BLANK}*(?:{brackets}|{plain}){_BLANK}*", re.IGNORECASE)


def _suffix(words: str, nouns: str = "") -> re.Pattern[str]:
    """The words at the end: in brackets or, but for nouns, after a dash between blanks."""
    word, dashed = _any_of(f"{words}|{nouns}"), _any_of(words)
    opening, closing = rf"[\[(【［（「*]{{1,3}}{_BLANK}{{0,3}}", rf"{_BLANK}{{0,3}}[.!]?[\])】］）」*]{{1,3}}"
    plain = rf"{_BLANK}[-\u2013\u2014|]{{1,2}}{_BLANK}{{1,5}}{dashed}"
    return re.compile(rf"(?:{opening}{word}{closing}|{plain}){_BLANK}{{0,5}}[.!]?$", re.IGNORECASE)


_CANCELED = _prefix(_CANCELED_WORDS, _CANCELED_NOUNS)
_NO_SHOW = _prefix(_NO_SHOW_WORDS)
_CANCELED_AT_END, _NO_SHOW_AT_END = _suffix(_CANCELED_WORDS, _CANCELED_NOUNS), _suffix(_NO_SHOW_WORDS)
_WHOLLY_CANCELED = re.compile(r"(?i)(?:canceled|cancelled|abgesagt|annulé|cancelado)\W*")


def _without_mark(title: str) -> str:
    """The title without what stands before a word that calls it off."""
    mark = _MARK.match(title)
    return title[mark.end() :] if mark and _CANCELED.match(title, mark.end()) else title


class Title:
    """A title without such prefixes and suffixes, and what they say."""

    __slots__ = ("canceled", "missed", "text")

    def __init__(self, title: str) -> None:
        rest = _without_mark(unicodedata.normalize("NFC", title[:_READ_CHARACTERS]))
        self.canceled = _WHOLLY_CANCELED.fullmatch(rest) is not None
        self.missed = False
        for _ in range(_MOST_PREFIXES):
            canceled, missed = _CANCELED.match(rest), _NO_SHOW.match(rest)
            match = canceled or missed
            if match is None:
                break
            self.canceled, self.missed = self.canceled or canceled is not None, self.missed or missed is not None
            rest = rest[match.end() :]
        rest = rest.rstrip()
        end = max(len(rest) - _SUFFIX_CHARACTERS, 0)
        canceled, missed = _CANCELED_AT_END.search(rest, end), _NO_SHOW_AT_END.search(rest, end)
        if match := canceled or missed:
            self.canceled, self.missed = self.canceled or canceled is not None, self.missed or missed is not None
            rest = rest[: match.start()]
        self.text = " ".join(rest.split())[:MAX_TITLE] or None
