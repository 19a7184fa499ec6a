"""Patterns in several languages: unsubscribe requests, greetings, closings, quoted mails, absence notes."""

import re

_POLITE = r"(?:please |pls |kindly |bitte |veuillez )?"
_FROM_LIST = r"(?: (?:from|off) (?:this|your|the|all)(?: mailing)? (?:list|lists|newsletter|mails?|emails?))?"

_UNSUBSCRIBE_PHRASES = (
    r"unsubscribe(?: me| us)?(?: please)?" + _FROM_LIST,
    r"opt[ -]?out",
    r"stop",
    r"(?:stop|quit) (?:sending|e?-?mailing)(?: me)?(?: (?:these )?(?:e?-?mails?|messages))?",
    r"(?:remove|delete|take) (?:me|us|my (?:e-?mail )?address)" + _FROM_LIST + r"(?: please)?",
    r"(?:mich )?(?:bitte )?(?:abmelden|abbestellen|austragen|l[öo]schen)",
    r"newsletter (?:abmelden|abbestellen|k[üu]ndigen)",
    r"keine (?:weiteren )?(?:(?:e-?)?mails?|nachrichten|newsletter)(?: mehr)?(?: bitte)?",
    r"me d[ée](?:sabonner|sinscrire)",
    r"d[ée]s(?:abonner|inscrire|inscription|abonnement)",
    r"dar(?:me)? de baja",
    r"baja",
    r"cancella(?:mi|rmi)",
    r"uitschrijven",
    r"afmelden",
)
UNSUBSCRIBE_REQUEST = re.compile(rf"{_POLITE}(?:{'|'.join(_UNSUBSCRIBE_PHRASES)})")
"""For `fullmatch` with lower-case words separated by single spaces."""

UNSUBSCRIBE_HINT = re.compile(
    rb"unsub|opt.?out|stop|remove|delete|take (?:me|us|my)|abmeld|abbestell|austrag|schen\b|keine |quit|ndigen"
    rb"|sabonn|sinscr|sabonnement|baja|cancella|uitschrij|afmeld",
    re.IGNORECASE,
)
"""Every readable request contains one of these; a body without them need not be decoded."""

_GREETINGS = (
    r"hi|hello|hey|dear|hallo|guten (?:tag|morgen)|sehr geehrte[rn]?|liebe[rs]?|bonjour|hola",
    r"(?:good )?(?:morning|afternoon)",
)
GREETING = re.compile(rf"(?:{'|'.join(_GREETINGS)})\b[^.!?]{{0,60}}[.!]?$", re.IGNORECASE)

_CLOSINGS = (
    r"thanks?|thank you|thx|(?:(?:best|kind|warm) )?regards|best|cheers|sincerely|sent from my",
    r"danke|vielen dank|mfg|mit freundlichen gr[üu](?:ß|ss)en|(?:viele|beste|liebe|freundliche) gr[üu](?:ß|ss)e",
    r"merci|cordialement|gracias|saludos|grazie|groeten",
)
CLOSING = re.compile(rf"(?:{'|'.join(_CLOSINGS)})\b.{{0,60}}$", re.IGNORECASE)

_QUOTED_TAILS = (
    r"-{2,} ?(?:original message|forwarded message|urspr[üu]ngliche nachricht|message d'origine).*",
    r"_{10,}\s*",
    r"on .{6,200}(?:wrote|writes):?\s*",
    r"am .{6,200}schrieb.{0,200}:?\s*",
    r"le .{6,200}a [ée]crit\s?:?\s*",
    r"(?:from|von|de|da): .+\n(?:sent|gesendet|date|datum|envoy[ée]|inviato|enviado): .+",
)
QUOTED_TAIL = re.compile(rf"^(?:{'|'.join(_QUOTED_TAILS)})$", re.IGNORECASE | re.MULTILINE)

_ABSENCE_PHRASES = (
    r"auto(?:matic|matische|mated)?[ -]?(?:reply|response|antwort)",
    r"out of (?:the )?office|abwesenheit|absence|away from",
    r"r[ée]ponse automatique|respuesta autom[áa]tica|risposta automatica",
)
ABSENCE_SUBJECT = re.compile(rf"(?:(?:re|aw|sv|antw): ?)?(?:{'|'.join(_ABSENCE_PHRASES)})", re.IGNORECASE)
