"""Patterns in several languages: unsubscribe requests, greetings, closings, quoted mails, and what programs write.

All are for short texts: subjects, single lines, or texts that were cut before. Repetitions have bounds.
"""

import re

_POLITE = r"(?:please |pls |kindly |bitte |veuillez )?"
_FROM_LIST = (
    r"(?: (?:from|off) (?:this|your|the|all)(?: mailing| e-?mail| distribution)? "
    r"(?:lists?|newsletters?|mails?|e-?mails?|database|system))?"
)
_FROM_LIST_DE = (
    r"(?: (?:aus|von|vom) (?:(?:dem|diesem|ihrem|ihrer|der|dieser) )?"
    r"(?:(?:e-?mail-?)?verteiler|verteilerliste|newsletter|liste|mailingliste|datenbank))?"
)

_UNSUBSCRIBE_PHRASES = (
    r"unsubscribe(?: me| us)?(?: please)?" + _FROM_LIST,
    r"opt[ -]?out",
    r"stop",
    r"(?:stop|quit) (?:sending|e?-?mailing)(?: me)?(?: (?:these )?(?:e?-?mails?|messages))?",
    r"i(?: would|'d)? (?:like|want|wish) to (?:unsubscribe|opt out)" + _FROM_LIST,
    r"i (?:do not|don't|no longer) want (?:to receive )?(?:any more |these |your )?(?:e-?mails?|newsletters?|messages)"
    r"(?: any ?more)?",
    r"(?:remove|delete|take) (?:me|us|my (?:e-?mail(?: address)?|address))" + _FROM_LIST + r"(?: please)?",
    r"(?:ich m[öo]chte |wir m[öo]chten )?(?:mich |uns )?(?:bitte )?(?:abmelden|abbestellen|austragen|l[öo]schen)",
    r"(?:ich m[öo]chte |wir m[öo]chten )?(?:mich|uns)" + _FROM_LIST_DE + r" (?:abmelden|austragen)",
    r"(?:nehmen|streichen|l[öo]schen|entfernen) sie (?:mich|uns|meine (?:daten|(?:e-?mail-?)?adresse))(?: bitte)?"
    + _FROM_LIST_DE,
    r"melden sie (?:mich|uns)(?: bitte)?" + _FROM_LIST_DE + r" ab",
    r"newsletter (?:abmelden|abbestellen|k[üu]ndigen)",
    r"(?:ich m[öo]chte )?(?:bitte )?keine (?:weiteren )?(?:(?:e-?)?mails?|nachrichten|newsletter|werbung)(?: mehr)?"
    r"(?: von ihnen)?(?: bitte| erhalten| bekommen)?",
    r"me d[ée](?:sabonner|sinscrire)",
    r"d[ée]s(?:abonner|inscrire|inscription|abonnement)",
    r"(?:please )?opt (?:me|us) out" + _FROM_LIST,
    r"take (?:me|us) off (?:this|your|the)(?: mailing| e-?mail| distribution)? (?:lists?|newsletters?)(?: please)?",
    r"remove(?: please)?",
    r"(?:por favor,? )?(?:quiero |deseo |solicito )?(?:dar(?:me|nos)?|d[ée]n?me|den de|la) de baja(?: por favor)?",
    r"(?:quiero |deseo )?(?:cancelar (?:la |mi )?suscripci[óo]n|desuscribir(?:me)?|anular (?:la )?suscripci[óo]n)",
    r"baja",
    r"(?:vorrei |voglio )?(?:cancella(?:mi|rmi|temi)|rimuov(?:imi|etemi)|disiscriv(?:imi|ermi|etemi))"
    r"(?: dalla (?:mailing )?lista(?: (?:di distribuzione|e-?mail))?| dalla (?:vostra )?newsletter)?(?: per favore)?",
    r"(?:annulla(?:re)?|cancella(?:re)?) (?:l['’ ]?)?iscrizione|disiscri(?:zione|vimi)",
    r"(?:graag |gelieve )?(?:mij |me |ons )?(?:uit te schrijven|uitschrijven|afmelden|af te melden)"
    r"(?: (?:voor|van|uit) (?:deze|de|uw|jullie) (?:nieuwsbrief|mailinglijst|lijst))?(?: (?:aub|graag|alstublieft))?",
    r"(?:prosz[ęe] (?:o )?)?(?:mnie )?(?:wypisa(?:ć|c|nie)|wypisz(?:cie)? mnie|usuni[ęe]cie|usun[ąa][ćc])(?: mnie)?"
    r"(?: z (?:tej |waszej )?(?:listy(?: mailingowej)?|newslettera|bazy))?",
    r"rezygnuj[ęe] z (?:newslettera|subskrypcji)",
    r"(?:quero |desejo |por favor,? )?(?:cancelar (?:a |minha )?(?:inscri[çc][ãa]o|assinatura|subscri[çc][ãa]o)|"
    r"descadastrar(?:-me)?|(?:me )?descadastr(?:e|em)(?:-me)?|remover(?:-me)?(?: da lista)?)(?: por favor)?",
    r"avregistrera(?: mig)?|avprenumerera|avsluta prenumeration(?:en)?|ta bort mig(?: fr[åa]n listan)?|"
    r"avmeld(?: meg)?|meld meg av|afmeld(?: mig)?|frameld(?: mig)?|fjern meg fra listen|peruuta tilaus|"
    r"poista (?:minut )?listalta",
    r"配信停止(?:希望|してください|をお願いします)?|配信(?:を)?(?:停止|解除)して(?:ください|下さい)|退会(?:希望)?|登録解除|"
    r"(?:请)?(?:退订|取消订阅)|(?:請)?(?:退訂|取消訂閱)|수신 ?거부|구독 ?(?:취소|해지)",
    r"(?:пожалуйста,? )?(?:отпи(?:сать(?:ся)?|шите)(?: меня)?|отписка|отказаться от (?:рассылки|подписки)|"
    r"удалите меня(?: из (?:рассылки|списка))?)(?: от рассылки)?|відписатися",
    r"(?:odhl[áa]sit(?: (?:se|odb[ěe]r|newsletter))?|"
    r"leiratkoz(?:[áa]s|om)|dezabonare|abonelikten [çc][ıi]k(?:ar|mak)?)",
)
UNSUBSCRIBE_REQUEST = re.compile(
    rf"{_POLITE}(?:{'|'.join(_UNSUBSCRIBE_PHRASES)})"
    r"(?: (?:thanks?|thank you|thx|danke|merci|gracias|grazie|obrigad[oa])(?: [^\W\d]{1,30}){0,3})?"
)
"""For `fullmatch` with lower-case words separated by single spaces."""

UNSUBSCRIBE_TOKEN = re.compile(
    r"(?:list[ -]?)?(?:unsubscribe|unsub|opt[ -]?out|abmelden|abmeldung|d[ée]sabonner|d[ée]sinscription|baja)"
    r"(?:[ -]?(?:request|me))?(?:(?:\s[\w.-]{1,60})?\s[\w.+-]{1,64}@[\w.-]{1,190}|\s?[:=_#|-]\s?[\w.=@+/|:~-]{1,200}|"
    r"\s[<(\[{]?(?=[\w.=@+/-]{0,200}\d)[\w.=@+/-]{4,200}[>)\]}]?)?",
    re.IGNORECASE,
)
"""A subject as List-Unsubscribe asks for it: with the token that names the subscription."""

UNSUBSCRIBE_ADDRESS = re.compile(
    r"(?:[\w.-]{1,60}[-+_.=])?(?:unsub|unsubscribe|list-unsubscribe|opt-?out|abmelden|abmeldung|desabonner|"
    r"desinscription)"
    r"(?:[-+_.=][\w.=+-]{0,200})?"
)
"""The local part of an address that takes people off a list."""

PROGRAM_SENTENCE = re.compile(
    r"automat(?:ic|isch|ique|iz|is)|auto-?generated|generated (?:by|from)|this (?:e?-?mail|message) (?:was|is|"
    r"has been) "
    r"(?:sent|created|generated)|sent this (?:e?-?mail|message)|unsub|opt.?out|abmeld|abbestell|d[ée]sabonn|d[ée]sins|"
    r"mailing list|from (?:this|the|your) list",
    re.IGNORECASE,
)
"""In the text of a mail whose subject or address is the request: the mail program explains itself."""

UNSUBSCRIBE_HINTS = tuple(
    word.replace("_", " ").encode()
    for word in "unsub optout opt-out opt_out stop remove delete take_me take_us take_my not_want n't_want no_longer "
    "quit abmeld abbestell austrag schen keine_ verteiler streichen entfernen melden_sie ndigen sabonn sinscr baja "
    "cancella uitschrij afmeld schrijven melden opt_ rimuov iscri cancelar descadast suscri anular wypis usun rezygn "
    "remover avregistr avpren avsluta ta_bort avmeld meld frameld fjern peruuta poista odhl leiratk "
    "dezabon abonelik".split()
) + tuple(
    word.encode()
    for word in "配信 退会 登録解除 退订 取消订阅 退訂 取消訂閱 수신 구독".split()
    + "отпи отказ удалите Отпи Отказ Удалите відпис Відпис".split()
)
"""Every readable request contains one of these in lower case; a body without them need not be decoded."""

_GREETINGS = (
    r"hi|hello|hey|dear|hallo|guten (?:tag|morgen)|sehr geehrte[rn]?|liebe[rs]?|bonjour|hola",
    r"(?:good )?(?:morning|afternoon)",
)
GREETING = re.compile(rf"(?:{'|'.join(_GREETINGS)})\b[^.!?]{{0,60}}[.!]?$", re.IGNORECASE)

_CLOSINGS = (
    r"thanks?|thank you|thx|(?:(?:best|kind|warm) )?regards|best|cheers|sincerely",
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

_DEVICE_LINES = (
    r".{0,80}\boutlook .{1,20}\b(?:ios|android)\b|yahoo mail:|"
    r"sent (?:from|with|via|by|using)\b|get (?:the )?(?:outlook|bluemail|aqua mail)\b|sent on the go|download outlook",
    r"(?:von|mit) .{1,60} gesendet|gesendet (?:von|mit|über)\b|diese nachricht wurde von .{1,60} gesendet|"
    r"holen sie sich ",
    r"envoy[ée] (?:de|depuis|avec|à partir)\b|obtenir outlook|t[ée]l[ée]charge[rz] outlook|"
    r"enviad[oa] (?:desde|do|de|con|com|a partir)\b|obtener outlook|obter o outlook",
    r"inviato d(?:a|al|all|allo)\b|scarica outlook|ottieni outlook|verzonden (?:vanaf|met|vanuit)\b|verstuurd vanaf\b|"
    r"outlook voor .{1,20} downloaden|download outlook voor",
    r"skickat (?:från|med)\b|skaffa outlook|h[äa]mta outlook|sendt fra\b|f[åa] outlook|sendt med\b|"
    r"l[äa]hetetty\b|hanki outlook|wys[łl]ane? z\b|pobierz outlook|odesl[áa]no z\b",
    r"отправлено (?:с|из)\b|iphone から送信|發自|发自",
)
DEVICE_LINE = re.compile(rf"(?:{'|'.join(_DEVICE_LINES)}).{{0,160}}$", re.IGNORECASE)
"""The advertising line that phones and mail programs add: `Sent from my iPhone`, `Get Outlook for iOS`."""

REACTION_HINTS = (
    b"liked ",
    b"loved ",
    b"laughed at ",
    b"emphasi",
    b"questioned ",
    b"react",
    b"agi ",
    b"reagi",
    b"reaccion",
    b"reager",
    b"gereag",
    b"reageer",
)
REACTION_TEXT = re.compile(
    r"^(?:liked|loved|laughed at|emphasi[sz]ed|disliked|questioned) [“\"]|"
    r"^(?:\W{1,10} )?.{1,80} (?:reacted (?:via|using|with|from)\b|reacted (?:\W{1,10} )?to (?:your|this|"
    r"the) (?:message|e-?mail)|"
    r"hat (?:über|mit|auf) .{1,60} reagiert|a r[ée]agi (?:via|avec|à|au)\b|(?:ha )?(?:reaccion[óo]|"
    r"reaccionado) (?:a|con|mediante|desde|a través)\b|"
    r"ha reagito\b|reageerde (?:op|via)\b|heeft (?:via|op) .{1,60} gereageerd|reagiu\b|reagerade\b|reagerede\b|"
    r"zareagowa)",
    re.IGNORECASE,
)
"""At the beginning of a short text on one line."""

SYMBOL_HINTS = (
    b"\xf0\x9f",
    *(b"\xe2" + bytes([sign]) for sign in range(0x98, 0x9F)),
    *(b"=f0=9f", b"=e2=9", b"&#x1f", b"&#127", b"&#128", b"&#129", b"&#100"),
)
"""How symbols begin in UTF-8, in quoted-printable and in HTML."""

READ_RECEIPT = re.compile(
    r"(?:(?:not )?read|(?:nicht |un)?gelesen|(?:non )?lu|(?:no )?le[íi]do|(?:n[ãa]o )?lid[oa]|(?:non )?letto|"
    r"(?:niet |on)?gelezen|(?:inte )?läst|oläst|(?:ikke )?læst|(?:ikke )?lest|ulest|luettu|(?:nie)?przeczytan[eoa]|"
    r"přečteno|prečítané|elolvasva|citit|okundu|прочтено|прочитано|διαβάστηκε|開封済み|开封|已读|已讀(?:取)?|읽음|"
    r"return receipt|read receipt|lesebestätigung|empfangsbestätigung|accus[ée] de (?:lecture|réception)|"
    r"confirmaci[óo]n de lectura|conferma di lettura|leesbevestiging)\s?[:：]|return receipt \(displayed\)",
    re.IGNORECASE,
)
"""The beginning of a subject, as mail programs write it when a mail is opened; an answer begins with `Re:`."""

_ABSENCE_PHRASES = (
    r"auto(?:matic|mated|matische|matisch|matisk|matiskt|-)?[ -]?(?:reply|response|responder|antwort|antwoord|"
    r"svar|reactie)",
    r"out[ -]of[ -](?:the[ -])?office|ooo\b|away from|on (?:vacation|holiday|leave)\b|i am (?:away|out)\b|"
    r"not in the office",
    r"abwesen|(?:ich bin )?nicht im (?:büro|hause)|urlaub|außer haus|ausser haus",
    r"absen(?:ce|t)|r[ée]ponse (?:automatique|auto)|message d.absence|en cong[ée]s?\b|hors du bureau",
    r"respuesta autom[áa]tica|autorespuesta|fuera de (?:la )?oficina|ausente|resposta autom[áa]tica|"
    r"fora do escrit[óo]rio|aus[êe]ncia",
    r"risposta automatica|fuori (?:sede|ufficio)|assen(?:te|za)|autoantwoord|afwezig|niet aanwezig",
    r"fr[åa]nvar|fravær|ikke til ?stede|borte fra kontoret|automaattinen|poissa|automaatvastus",
    r"odpowied[źz] automatyczna|automatyczna odpowied|poza biurem|nieobecno|automatick[áa] odpov|mimo kancel|"
    r"nep[řr][íi]tomn",
    r"automatikus v[áa]lasz|h[áa]zon k[íi]v[üu]l|r[ăa]spuns automat|otomatik (?:yan[ıi]t|cevap)|ofis d[ıi][şs][ıi]nda",
    r"automatski odgovor|samodejni odgovor|autom[āa]tisk[āa] atbilde|automatinis atsakymas|balasan otomatis|"
    r"tr[ảa] l[ờo]i t[ựu] [đd][ộo]ng",
    r"автоматическ|автоответ|автоматична|автоматичен|αυτόματη απάντηση|תשובה אוטומטית|תגובה אוטומטית|رد تلقائي|"
    r"الرد التلقائي",
    r"自動(?:応答|返信|回覆|回复)|自动(?:答复|回复|回覆)|不在|외출|부재중|자동 ?(?:회신|응답)|(?:การ)?ตอบกลับอัตโนมัติ",
    r"sj[áa]lfvirkt svar|automatsko odgovaranje|automatick[áý] odpove",
)
ABSENCE_SUBJECT = re.compile(rf"(?:{'|'.join(_ABSENCE_PHRASES)})", re.IGNORECASE)
"""The beginning of a subject without prefixes."""

INVITATION_ANSWER = re.compile(
    r"(?:accepted|declined|tentative(?:ly accepted)?|new time proposed|zugesagt|zusage|angenommen|abgelehnt|absage|"
    r"mit vorbehalt|unter vorbehalt|vorläufig|neuer zeitvorschlag|neue zeit vorgeschlagen|accept[ée]e?|"
    r"refus[ée]e?|d[ée]clin[ée]e?|"
    r"provisoire|aceptad[oa]|rechazad[oa]|provisional|aceit[ea]|aceito|recusad[oa]|accettat[oa]|rifiutat[oa]|"
    r"provvisorio|"
    r"geaccepteerd|afgewezen|geweigerd|voorlopig|accepterat?|avböjt|avslaget|preliminärt|accepteret|afvist|"
    r"foreløbig|godtatt|"
    r"avslått|hyväksytty|hylätty|zaakceptowano|odrzucono|wstępnie|přijato|odmítnuto|elfogadva|elutasítva|принято|"
    r"отклонено|承諾(?:済み)?|辞退(?:済み)?|仮承諾|已接受|已(?:拒绝|谢绝|拒絕|謝絕|婉拒)|暂定|暫定|수락(?:됨)?|거절(?:됨)?|미정|"
    r"kabul edildi|reddedildi|vorläufig zugesagt|proposed new time|(?:event )?invitation reply \([a-z ]{1,20}\))"
    r"(?: invitation| event| reunión)?\s?[:：]",
    re.IGNORECASE,
)
"""The beginning of a subject, as calendars write it; a person's answer begins with `Re:`."""

BOUNCE_SUBJECT = re.compile(
    r"(?:un)?deliver(?:able|ed|y)\b.{0,60}|mail delivery|delivery (?:status|failure|has failed|notification|"
    r"incomplete)|"
    r"failure notice|"
    r"(?:permanent )?delivery failure|non-delivery|returned mail|returned to sender|mail system error|"
    r"message (?:not delivered|undeliverable)|"
    r"(?:mail|message) (?:could|can) ?not be delivered|unzustellbar|nicht zustellbar|zustellung fehlgeschlagen|"
    r"non remis|non distribu|[ée]chec de (?:la )?(?:remise|distribution|livraison)|no se (?:puede|pudo) entregar|"
    r"no entregado|"
    r"impossibile recapitare|mancato recapito|onbestelbaar|kan inte levereras|kan ikke leveres|niedostarczon|"
    r"nedoru[čc]iteln|"
    r"não (?:é possível entregar|entregue)|rejected mail|address not found|warning: (?:message|could not send)",
    re.IGNORECASE,
)
NOT_DELIVERED_TO = re.compile(
    r"(?:delivery has failed to (?:these|the following) recipients|your message (?:did not|didn't|could not|couldn't) "
    r"(?:reach|be delivered to)|fehler bei der nachrichtenzustellung an folgende|"
    r"[ée]chec de la remise|(?:la )?remise [àa] ces destinataires|error al entregar|"
    r"no se pudo entregar (?:el mensaje )?a|"
    r"falha na entrega|recapito non riuscito|impossibile recapitare|bezorging is mislukt|kunde inte levereras|"
    r"nie można dostarczyć).{0,80}:?$",
    re.IGNORECASE,
)
"""The line above the addresses in what Exchange writes."""
NOT_DELIVERED_SENTENCE = re.compile(
    r"(?:your (?:message|e-?mail)(?: (?:could|was) ?n[o']t be)?(?: wasn't delivered| was not delivered)? to|"
    r"ihre nachricht an|votre message [àa]|(?:el|su) mensaje (?:a|para)|il messaggio (?:a|per)|uw bericht aan|"
    r"(?:a )?sua mensagem para) [<'\"]?([^<>\s@'\"]{1,64}@[\w.-]{1,190}\w)[>'\"]? "
    r"(?:could ?n[o']t|couldn't|can ?not|can't|was ?n[o']t|wasn't|has not been|because|"
    r"konnte nicht|wurde nicht|n'a pas|"
    r"no (?:se )?(?:pudo|ha)|non (?:è|e|ha)|kan niet|is niet|kon niet|n[ãa]o)",
    re.IGNORECASE,
)
"""`Your message to pat@acme.example couldn't be delivered.`, as Microsoft 365 and Gmail write it."""
DELAY = re.compile(
    r"delay|verzöger|retard|still (?:trying|being retried)|will (?:be retried|continue to|retry)|not yet been",
    re.IGNORECASE,
)

TRASH_LABELS = frozenset(
    "spam junk trash bin deleted papierkorb corbeille papelera cestino prullenbak lixeira lixo kosz papperskorgen "
    "papirkurv roskakori koš kôš kuka gunoi çöp корзина спам ゴミ箱 迷惑メール "
    "垃圾邮件 垃圾郵件 已删除邮件 휴지통 스팸".split()
) | {
    "junk e-mail",
    "deleted items",
    "elementos eliminados",
    "indésirables",
    "courrier indésirable",
    "correo no deseado",
}
"""Labels in lower case of mails that a person or a filter has thrown away."""

CHAT_LABELS = frozenset("chat chats hangouts".split())
DRAFT_LABELS = frozenset(
    "draft drafts entwurf entwürfe brouillon brouillons borrador borradores bozze concepten rascunhos utkast".split()
)
