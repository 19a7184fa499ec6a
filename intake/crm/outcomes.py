"""Won or lost, from what a CRM shows: a status, flags, or the name of the stage in the language of the user.

A stage closes an opportunity only if each of its words is one that names an outcome, so that `Lost contact` does not.
"""

import re
from functools import lru_cache
from typing import Literal

from intake.crm.cells import boolean_of
from intake.files.csv_rows import TableRow

Outcome = Literal["won", "lost", "open", "deleted"]

_WON = frozenset(
    """won win wins gewonnen gewonnener gewonnenes gagné gagnée gagnés gagnées remporté remportée conclu conclue ganado
    ganada ganados ganho ganha vinto vinta acquisito acquisita wygrana wygrane wygrany wygrano vunnen vunnet vann
    vundet voitettu megnyert câștigat câștigată vyhráno vyhraný vyhrané kazanıldı kazanılan выиграна выиграно выигран
    成約 受注 受注済み 成交 赢单 贏單 已赢得 已成交 수주 성사 성공""".split()
)
_LOST = frozenset(
    """lost loss verloren verlorener verlorenes perdu perdue perdus perdues perdido perdida perdidos persa perso
    przegrana przegrane przegrany przegrano utracona utracone förlorad förlorat tabt tapt hävitty menetetty elveszett
    elvesztett pierdut pierdută ztraceno ztracený prohráno prohraný kaybedildi kaybedilen проиграна проиграно проигран
    失注 失注済み 丢单 丟單 输单 輸單 已丢失 已輸 실주 실패""".split()
)
_OPEN = frozenset(
    """open offen offene offener ouvert ouverte abierto abierta aperto aperta aberto aberta otwarta otwarte öppen åben
    åpen avoin nyitott deschis otevřeno otevřený açık открыта открыто 进行中 オープン""".split()
)
_DELETED = frozenset(
    """deleted gelöscht supprimé supprimée eliminado eliminada eliminato eliminata verwijderd excluído usunięta
    borttagen""".split()
)
_CLOSED = frozenset(
    """closed close closing abgeschlossen abgeschlossene abgeschlossener abschluss geschlossen geschlossene fermé fermée
    fermés fermeture clôturé clôturée cloturé cloturée clos close cerrado cerrada cerrados cierre gesloten afgesloten
    chiuso chiusa chiusi fechado fechada fechamento zamknięte zamknięta zamknięty zamknięto stängd stängt avslutad
    avslutat lukket afsluttet avsluttet suljettu päätetty lezárt închis închisă uzavřeno uzavřený kapatıldı kapalı
    закрыта закрыто クローズ 完了 已关闭 已結束 已结束 종료""".split()
)
_LINKS = frozenset(
    """and und et y e en i och og ja și a ve и als as the to an competition competitor wettbewerb deal deals
    business opportunity opportunities geschäft geschäfte
    auftrag verkaufschance transaction transactions affaire affaires negocio negocios oportunidad negócio negócios
    trato affare affari opportunità transactie verkoopkans szansa transakcja affär handel aftale avtale kauppa
    ügylet""".split()
)
_WORDS = re.compile(r"[^\W\d_]+")
_JOINED = {"closedwon": "won", "closedlost": "lost"}
_WORDS_OF = {"won": _WON, "lost": _LOST, "open": _OPEN, "deleted": _DELETED}
_MAX_STAGE = 100
_CERTAIN, _IMPOSSIBLE = frozenset({"100", "100%", "1", "1.0", "1,0"}), frozenset({"0", "0%", "0.0", "0,0"})
_UNKNOWN = "closed, but neither won nor lost: add a column of the status or of the flag won, or map it (--mapping FILE)"


def outcome_of(row: TableRow) -> Outcome | None:
    """The outcome of an opportunity: by its status, else by its flags, else by its stage; None while it is open.

    Raises ValueError for a closed one of unknown outcome.
    """
    text = row.text("status")
    status = named_outcome(text) if text is not None else None
    if status is not None:
        return None if status == "open" else status
    flagged = _flagged_outcome(row)
    if flagged is not None:
        return flagged
    stage = named_outcome(row.text("stage") or "")
    if stage in ("won", "lost"):
        return stage
    over = row.text("over")
    if over is not None and boolean_of(over):
        return _outcome_of_closed(row)
    return None


@lru_cache(maxsize=1_000)
def named_outcome(text: str) -> Outcome | None:
    """The outcome that a stage or status names: `Closed Won (100%)`, `Abgeschlossen und verloren`, `closedlost`."""
    words = _WORDS.findall(text[:_MAX_STAGE].casefold())
    if len(words) == 1 and words[0] in _JOINED:
        return _JOINED[words[0]]  # type: ignore[return-value]
    named = {outcome for outcome, names in _WORDS_OF.items() for word in words if word in names}
    is_whole = all(
        word in _CLOSED or word in _LINKS or any(word in names for names in _WORDS_OF.values()) for word in words
    )
    return named.pop() if is_whole and len(named) == 1 else None  # type: ignore[return-value]


def _flagged_outcome(row: TableRow) -> Outcome | None:
    """By a yes in the columns `won` and `lost`, or by what the column `won` names."""
    won, lost = row.text("won"), row.text("lost")
    if won is not None:
        named = "won" if boolean_of(won) else named_outcome(won)
        if named in ("won", "lost"):
            return named
    return "lost" if lost is not None and boolean_of(lost) else None


def _outcome_of_closed(row: TableRow) -> Outcome:
    """By the flag `won`, else by the probability."""
    probability = "".join((row.text("probability") or "").split())
    if boolean_of(row.text("won") or "") is False or probability in _IMPOSSIBLE:
        return "lost"
    if probability in _CERTAIN:
        return "won"
    raise ValueError(_UNKNOWN)
