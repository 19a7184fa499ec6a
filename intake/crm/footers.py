"""Totals and footers that reports write among the rows: they are no accounts and no opportunities.

Salesforce ends a report with a row of totals, and after a blank line with the report's name, a copyright, a note of
confidentiality, its author and its organisation; Power BI with the filters; SQL tools with the number of rows.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

FOOTER = "a footer of the report"
REPEATED_HEADER = "a repeated header"
"""Where files were put together."""

_COPYRIGHT = (
    r"(?:copyright|©|\(c\)).{0,80}(?:all rights reserved|alle rechte vorbehalten|tous droits réservés|"
    r"todos los derechos reservados|tutti i diritti riservati|alle rechten voorbehouden|todos os direitos reservados|"
    r"wszelkie prawa zastrzeżone|salesforce).{0,40}"
)
_CONFIDENTIAL = (
    r"(?:confidential information|vertrauliche informationen|informations? confidentielles?|información confidencial|"
    r"informazioni riservate|vertrouwelijke informatie|informações confidenciais|informacje poufne|機密情報)"
    r"(?:\s*[-–—:].{0,80})?"
)
_AUTHOR = (
    r"(?:generated|created|exported|printed|report run|generiert|erstellt|exportiert|gedruckt|généré|exporté|"
    r"généré par|generado|exportado|gegenereerd|generato|gerado|wygenerowano)\s*(?:by|on|at|von|am|par|le|por|el|"
    r"door|op|da|il|em|przez)?\s*:.{0,150}"
)
_DATED = (
    r"(?:as of|stand(?: vom)?|generated|exported|printed|erstellt|exportiert|gedruckt)(?: on| at| am)?\s*:?\s*"
    r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4}.{0,200}"
)
_NUMBER_OF_ROWS = (
    r"\(?\d[\d.,]* (?:records?|rows?|results?|datensätze|zeilen|enregistrements?|lignes?|registros?|filas?|righe|"
    r"rijen|wierszy)(?: affected| selected| total)?\)?|"
    r"(?:total records|number of records|record count|total rows|anzahl datensätze|datensätze gesamt)\s*:?\s*\d*"
)
_END = (
    r"(?:applied filters|filtered by|angewendete filter|filtres appliqués)\s*:.{0,500}|"
    r"\W*(?:end of (?:report|file)|ende des berichts|fin du rapport)\W*|(?:page|seite) \d+ (?:of|von|sur|de) \d+"
)
_PHRASE = re.compile(
    "|".join((_COPYRIGHT, _CONFIDENTIAL, _AUTHOR, _DATED, _NUMBER_OF_ROWS, _END)), re.IGNORECASE | re.DOTALL
)

_COUNT = r"\s*\(\s*\d[\d.,]*\s*[^\W\d]*\s*\)"
_GRAND_TOTAL = re.compile(
    rf"(?:(?:grand|sub)[ -]?totals?|gesamtsummen?|zwischensummen?|endsummen?|tota(?:l|ux) généra(?:l|ux)|"
    rf"sous-tota(?:l|ux)|total(?:es)? general(?:es)?|subtotal(?:es)?|totale complessivo|totali complessivi|subtotale|"
    rf"eindtotaal|subtotaal|total geral|totais gerais|suma końcowa|総計|小計)(?:{_COUNT})?\s*:?|"
    rf"(?:totals?|gesamt|summen?|totaux|totales|totale|totaal|suma|summa|合計){_COUNT}\s*:?|"
    rf"(?:counts?|number of rows|anzahl)\s*:\s*\d[\d.,]*",
    re.IGNORECASE,
)
_TOTAL = re.compile(
    r"(?:totals?|sums?|counts?|averages?|gesamt|insgesamt|summen?|anzahl|durchschnitt|totaux|somme|totales|totale|totaal|"
    r"suma|summa|totalt|i alt|合計|平均)\s*:?|"
    r"(?:sum|average|count|total|avg) of [^\d:]{1,60}|(?:summe|anzahl|mittelwert) (?:von|der) [^\d:]{1,60}",
    re.IGNORECASE,
)
"""May also be a company's name: a total only where no company can stand."""
_TOTAL_STARTS = frozenset("gr su ge zw en to so ei co av in an du mi 合計 小計 総計 平均".split()) | {"i "}
"""The first two signs of all totals, to tell most rows from them at once."""
_FIGURE = re.compile(r"[^\w]*(?:[A-Z]{3}\s?)?[\d.,'’\s]+[^\w]*(?:[A-Z]{3})?|-+")
_MAX_PHRASE = 700
_MAX_ROWS_BEFORE = 2
"""Rows of a footer before its first known phrase, such as the name of the report."""
_MAX_ROWS_AFTER = 5
"""Rows of a footer after its last known phrase, such as the name of the organisation."""


@dataclass(frozen=True, slots=True)
class Footers:
    """Where the totals and footers of a file stand."""

    lines: frozenset[int] = frozenset()
    begin: int | None = None
    """Line from which on all is footer."""

    def include(self, line: int) -> bool:
        """Whether the record at this line is a total or belongs to a footer."""
        return line in self.lines or (self.begin is not None and line >= self.begin)


class FooterSurvey:
    """Looks at all records of a file, blank ones too, then tells where its footers stand."""

    def __init__(self, columns: int) -> None:
        self._columns = columns
        self._lines: set[int] = set()
        self._plain_totals: list[int] = []
        self._last_row = 0
        self._begin: int | None = None
        self._rows_after = 0
        self._block: list[int] | None = None
        """Lines of the rows with one cell since a blank line."""

    def look(self, line: int, cells: Sequence[str]) -> None:
        """Note the record at this line."""
        if len(cells) > 1 and cells[1].strip() and cells[0][:2].casefold() not in _TOTAL_STARTS and cells[0].strip():
            self._block, self._begin, self._last_row = None, None, line
            return  # as most are
        filled = [cell for cell in cells if cell and not cell.isspace()]
        if len(filled) > 1:
            self._look_at_row(line, filled)
        elif filled:
            self._look_at_cell(line, filled[0].strip(), is_short=len(cells) < self._columns)
        else:
            self._block = []

    def footers(self) -> Footers:
        """Where the footers stand. A word like `Total` alone is one after the last row, or if it is repeated."""
        plain = self._plain_totals
        totals = plain if len(plain) > 1 else [line for line in plain if line > self._last_row]
        return Footers(frozenset(self._lines.union(totals)), self._begin)

    def _look_at_row(self, line: int, filled: list[str]) -> None:
        self._block = None
        if not self._is_total(line, filled[0].strip(), filled[1:]):
            self._last_row, self._begin = line, None

    def _look_at_cell(self, line: int, text: str, *, is_short: bool) -> None:
        if self._block is None and is_short:
            self._block = []
        if len(text) <= _MAX_PHRASE and _PHRASE.fullmatch(text):
            self._lines.add(line)
            before = (self._block or [])[-_MAX_ROWS_BEFORE:]
            self._begin = self._begin or min([*before, line])
            self._rows_after = 0
        elif not self._is_total(line, text, []):
            self._rows_after += 1
            if self._begin is None or self._rows_after > _MAX_ROWS_AFTER:
                self._last_row, self._begin = line, None
        if self._block is not None:
            self._block.append(line)

    def _is_total(self, line: int, first: str, others: Sequence[str]) -> bool:
        if first[:2].casefold() not in _TOTAL_STARTS or len(first) > _MAX_PHRASE:
            return False
        if not all(_FIGURE.fullmatch(cell.strip()) for cell in others):
            return False
        if _GRAND_TOTAL.fullmatch(first):
            self._lines.add(line)
            return True
        if _TOTAL.fullmatch(first):
            self._plain_totals.append(line)
            return True
        return False
