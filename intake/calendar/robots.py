"""Addresses among the people of a meeting behind which nobody is: robots, booking tools, note takers, rooms."""

import re
from functools import lru_cache

from intake.domains import is_own_domain

_CALENDAR_DOMAINS = frozenset({"calendar.google.com", "calendar.yahoo.com", "invalid", "localhost"})
"""Domains, including subdomains, whose addresses are calendars, rooms and placeholders."""
_NO_REPLY = re.compile(
    r"(?:.*[._+-])?(?:no[._-]?reply|do[._-]?not[._-]?reply|dont[._-]?reply|no[._-]?response|nicht[._-]?antworten"
    r"|keine[._-]?antwort|ne[._-]?pas[._-]?repondre|no[._-]?responder|no[._-]?responda|nao[._-]?(?:responda|responder)"
    r"|non[._-]?rispondere|niet[._-]?beantwoorden|geen[._-]?antwoord|svara[._-]?ej|ikke[._-]?svar|ei[._-]?vastata"
    r"|nie[._-]?odpowiadaj)(?:[._+-].*)?"
)
_ROBOT = re.compile(
    r"(?:mailer-daemon|postmaster|bounces?|notifications?|notify|auto(?:mailer|mated|reply)?|robot|bot|system|daemon"
    r"|calendar-(?:notification|server|sync|bot)|note-?taker|meeting-?(?:bot|notes|recorder)|scheduler|scheduling"
    r"|booking-?(?:bot|system|tool))(?:[+-].*)?"
)
_ROOM = re.compile(
    r"(?:(?:conf(?:erence)?|meeting|board|training|seminar|huddle|zoom|teams|video)[._-]?)?rooms?(?:[._-].*|\d.*)?"
    r"|(?:besprechungs|konferenz|meeting|sitzungs|seminar|schulungs)[._-]?(?:raum|zimmer)(?:[._-].*|\d.*)?"
    r"|raum(?:[._-].*|\d.*)|salle[._-](?:de[._-])?(?:reunion|conference)?.*|sala[._-](?:de[._-])?(?:reuni|confer|riun).*"
    r"|vergaderzaal.*|(?:mote|mode|moete)rom.*|(?:beamer|projector|projektor|equipment|resource)(?:[._-].*|\d.*)?"
)
_BOOKING_TOOLS = frozenset(
    "calendly.com cal.com savvycal.com youcanbook.me youcanbookme.com acuityscheduling.com chilipiper.com tidycal.com"
    " zcal.co oncehub.com scheduleonce.com setmore.com simplybook.me koalendar.com harmonizely.com meetergo.com"
    " doodle.com zoom.us webex.com gotomeeting.com meetup.com eventbrite.com lu.ma luma-mail.com bookings.microsoft.com"
    " hubspot.com outreach.io salesloft.com vyte.in reclaim.ai clockwise.com motion.com appoint.ly arrangr.com".split()
)
_TOOL = re.compile(
    r"(?:hello|hi|info|support|invites?|invitations?|invite-.*|calendars?|cal|booking|bookings|meetings?|events?|team"
    r"|appointments?|schedule|reminders?|messenger|mail|mailer|bot|concierge|assistant|app)(?:[+._-].*)?"
)
_NOTE_TAKERS = frozenset(
    {
        "fred@fireflies.ai",
        "assistant@gong.io",
        "meetings@gong.io",
        "notes@otter.ai",
        "notetaker@otter.ai",
        "bot@read.ai",
    }
)
_NOTE_TAKER_DOMAINS = frozenset({"e.read.ai", "bot.fireflies.ai", "notetaker.otter.ai", "recall.ai", "meetgeek.ai"})


@lru_cache(maxsize=100_000)
def is_nobody(address: str) -> bool:
    """Whether the lower-case address is a robot's, a tool's, a calendar's or a room's."""
    local, _, domain = address[:320].rpartition("@")
    if is_own_domain(domain, _CALENDAR_DOMAINS | _NOTE_TAKER_DOMAINS) or address in _NOTE_TAKERS:
        return True
    if any(pattern.fullmatch(local) for pattern in (_NO_REPLY, _ROBOT, _ROOM)):
        return True
    return is_own_domain(domain, _BOOKING_TOOLS) and _TOOL.fullmatch(local) is not None
