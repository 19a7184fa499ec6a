"""Hostile files of every connector, with names, addresses, IP addresses and credentials planted wherever they fit."""

import base64
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

ADDRESS = "zzanna.zzgeheim@zzacme.example"
INNER_ADDRESS = "zzo'brien@zzother.example"
NAME = "Zzanna Zzgeheim"
IP, IPV6 = "198.51.100.77", "2001:db8::77"
PHONE = "+49 555 0147"
CRM_ID = "zzcrm4711"
TOKEN = "zztoken9f86d081884c7d659a2feaa0c55ad015"
FREE_TEXT = f"Krankmeldung von {NAME}, {ADDRESS}, {IP}"
ENCODED = base64.b64encode(ADDRESS.encode()).decode()

WORDS = (
    "zzanna",
    "zzbert",
    CRM_ID,
    "zzgeheim",
    "zzo'brien",
    "zzbrien",
    "krankmeldung",
    IP,
    IPV6,
    "5550147",
    "555 0147",
    "zztoken",
)
"""None of these may stand anywhere but in the vault."""


PROPERTIES: Mapping[str, Any] = {
    **{"name": NAME, "phoneNumber": PHONE, "homeAddress": FREE_TEXT, "iban": TOKEN, "client_ip": IP},
    **{"nested": {"vorname": NAME, "list": [ADDRESS, {"note": FREE_TEXT}]}, NAME: ADDRESS, "note": FREE_TEXT},
}
"""Of a custom event."""


class PlantedFile(NamedTuple):
    command: tuple[str, ...]
    """After `staffel ingest`, without the file."""
    name: str
    content: bytes
    persons: tuple[str, ...]
    """Addresses that the vault knows after the import."""

    def write(self, folder: Path) -> Path:
        path = folder / self.name
        path.write_bytes(self.content)
        return path


def access_log() -> PlantedFile:
    targets = [
        f"/team?%65mail={quote(ADDRESS)}&name={NAME.replace(' ', '+')}&access-token={TOKEN}",
        f"/u/{quote(quote(ADDRESS))}/edit;jsessionid={TOKEN}",
        f"/reset-password/{TOKEN}",
        f"/v/{ENCODED}?user[email]={quote(quote(ADDRESS))}&q=Krankmeldung&phoneNumber={quote(PHONE)}",
        f"/from/{IP}/{quote(IPV6)}?utm_source=news&utm_term={quote(ADDRESS)}&utm_content={IP}&utm_email=zzanna",
        "/zz%EF%BC%A0zzacme.example/zzgeheim%2540zzacme.example",
    ]
    referrer = f"https://zzanna:zzgeheim@x.example/?mailbox={quote(ADDRESS)}#{NAME}"
    lines = [
        f'{client} - zzanna [05/Jan/2026:09:1{number}:00 +0000] "GET {target} HTTP/1.1" 200 512 "{referrer}" "-"\n'
        for number, target in enumerate(targets)
        for client in (IP, IPV6, "host.zzclient.example")
    ]
    return PlantedFile(("access-log", "--site", "https://www.ours.example"), "access.log", "".join(lines).encode(), ())


def mailbox() -> PlantedFile:
    ours = mail("Sales <sales@ours.example>", f'"{NAME}" <{ADDRESS}>', f"Offer for {NAME}", "<1.zzanna@ours.example>")
    reply = mail(
        f'"{NAME} (zzanna@private.example)" <{ADDRESS}>',
        "sales@ours.example",
        f"Re: {FREE_TEXT}",
        f"<2.{ADDRESS}>",
        f"In-Reply-To: <1.zzanna@ours.example>\nX-Originating-IP: {IP}\n",
        f"Tel {PHONE}, token {TOKEN}\n",
    )
    leaver = mail(ADDRESS, "sales@ours.example", "unsubscribe", "<3.zzgeheim@zzacme.example>", "", "unsubscribe\n")
    bounce = mail(
        "MAILER-DAEMON@ours.example",
        "sales@ours.example",
        f"Undelivered: {FREE_TEXT}",
        "<4.zzanna@ours.example>",
        f"X-Failed-Recipients: {ADDRESS}\nAuto-Submitted: auto-replied\n",
        f"550 5.1.1 <{ADDRESS}>: {NAME} unknown\n",
    )
    content = "".join([ours, reply, leaver, bounce]).encode()
    return PlantedFile(("mbox", "--ours", "ours.example"), "inbox.mbox", content, (ADDRESS,))


def mail(sender: str, to: str, subject: str, id: str, headers: str = "", body: str = "Hello\n") -> str:
    return (
        f"From a@b Mon Jan  5 09:12:00 2026\nFrom: {sender}\nTo: {to}\nSubject: {subject}\nMessage-ID: {id}\n"
        f"Date: Mon, 5 Jan 2026 09:12:00 +0000\n{headers}\n{body}\n"
    )


def calendar() -> PlantedFile:
    content = f"""\
BEGIN:VCALENDAR
VERSION:2.0
BEGIN:VEVENT
UID:{ADDRESS}
DTSTAMP:20260101T000000Z
DTSTART:20260105T090000Z
DTEND:20260105T093000Z
SUMMARY:Kennenlernen {NAME}
DESCRIPTION:{FREE_TEXT}
LOCATION:{PHONE}
ATTENDEE;CN="{NAME}":mailto:{ADDRESS}
ORGANIZER;CN=Sam:mailto:sam@ours.example
END:VEVENT
BEGIN:VEVENT
UID:{ADDRESS}-weekly
DTSTAMP:20260101T000000Z
DTSTART:20260106T090000Z
DTEND:20260106T093000Z
RRULE:FREQ=WEEKLY;COUNT=3
SUMMARY:No-show: {NAME}
ATTENDEE;CN="{NAME}";PARTSTAT=ACCEPTED:mailto:{ADDRESS}
ORGANIZER:mailto:sam@ours.example
END:VEVENT
END:VCALENDAR
"""
    return PlantedFile(("calendar", "--ours", "ours.example"), "sales.ics", content.encode(), (ADDRESS,))


def segment() -> PlantedFile:
    context = {"ip": IP, "userAgent": NAME, "page": {"title": FREE_TEXT, "referrer": f"https://a.example/?e={ADDRESS}"}}
    traits = {"email": ADDRESS, "name": NAME, "phone": PHONE, "title": "Head of Zzgeheim", "address": {"street": NAME}}
    calls: list[Mapping[str, Any]] = [
        {"type": "identify", "userId": ADDRESS, "anonymousId": INNER_ADDRESS, "traits": traits},
        {"type": "alias", "previousId": "zzanna-before", "userId": ADDRESS},
        {"type": "alias", "previousId": "zzgeheim-before", "userId": "u3"},
        {"type": "identify", "userId": "u3", "traits": {"email": ADDRESS}},
        {"type": "page", "anonymousId": INNER_ADDRESS, "properties": {"url": f"https://a.example/?email={ADDRESS}"}},
        {"type": "page", "userId": "u1", "name": FREE_TEXT, "properties": {"path": f"/u/{ADDRESS}", **PROPERTIES}},
        track(f"Invited {INNER_ADDRESS}", PROPERTIES) | {"userId": ADDRESS},
        track("Form Submitted", {"form": f"for {ADDRESS} at {IP}"}),
        track("Products Searched", {"query": FREE_TEXT}),
        track("Email Bounced", {"reason": FREE_TEXT, "email_id": ADDRESS}),
        track("Account Deleted", {"reason": FREE_TEXT}),
        track("Meeting Booked", {"title": NAME, "start_time": NAME, "id": IP}),
        {"type": "group", "userId": "u1", "groupId": "zz1", "traits": {"website": "https://zzacme.example"}},
    ]
    time = {"timestamp": "2026-01-05T09:12:00Z"}
    lines = [{"messageId": f"{n}.{ADDRESS}", "context": context, **time, **call} for n, call in enumerate(calls)]
    without_id = track("A", PROPERTIES) | time
    content = "\n".join(map(json.dumps, [*lines, without_id])).encode()
    return PlantedFile(("segment", "--name", "website"), "calls.jsonl", content, (ADDRESS,))


def track(event: str, properties: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "track", "userId": "u1", "event": event, "properties": properties}


def cloudevents() -> PlantedFile:
    event = {
        "specversion": "1.0",
        "id": "1",
        "source": "bus",
        "type": "web.page_viewed",
        "time": "2026-01-05T09:12:00Z",
    }
    known = event | {"contact": ADDRESS, "visitor": f"{IP}|{NAME}", "data": {"url": "/a"}}
    return PlantedFile(("cloudevents",), "facts.jsonl", json.dumps(known).encode(), (ADDRESS,))


def accounts() -> PlantedFile:
    content = f"""\
Record ID,Company name,Company Domain Name,Phone Number,Contact name,Contact Email,Street Address,About Us,Create Date
1,Acme GmbH,zzacme.example,{PHONE},{NAME},{ADDRESS},"{NAME}, Hauptstr. 1","{FREE_TEXT}",2026-01-05 00:00
2,Other AG,zzother.example,{PHONE},{NAME},{INNER_ADDRESS},"","{FREE_TEXT}",2026-01-05 00:00
"""
    return PlantedFile(("accounts",), "accounts.csv", content.encode(), ())


def contacts() -> PlantedFile:
    content = f"""\
Record ID,First name,Last name,Email,Job title,Phone number,Buying role,Company domain name,Notes,Last Activity
{CRM_ID}1,Zzanna,Zzgeheim,{ADDRESS},Head of Zzgeheim,{PHONE},Champion,zzacme.example,"{FREE_TEXT}",{NAME}
{CRM_ID}2,Zzbert,Zzgeheim,,Head of Zzgeheim,{PHONE},Purchaser,zzacme.example,"{FREE_TEXT}",{NAME}
"""
    return PlantedFile(("contacts",), "contacts.csv", content.encode(), (ADDRESS,))


def opportunities() -> PlantedFile:
    rows = "".join(
        f"{number},Deal with {NAME},zzacme.example,Closed Lost,1000,EUR,2026-01-05 10:00,2026-01-06 10:00,"
        f'"{FREE_TEXT}, as {NAME} told us again and again on the phone ({PHONE})",{FREE_TEXT.replace(",", ";")}\n'
        for number in range(3)
    )
    header = (
        "Record ID,Deal Name,Company Domain Name,Deal Stage,Amount,Currency,Create Date,Close Date,"
        "Closed Lost Reason,Deal Description\n"
    )
    return PlantedFile(("opportunities",), "deals.csv", (header + rows).encode(), ())


PLANTED: Mapping[str, Callable[[], PlantedFile]] = {
    "access-log": access_log,
    "mbox": mailbox,
    "calendar": calendar,
    "segment": segment,
    "cloudevents": cloudevents,
    "accounts": accounts,
    "contacts": contacts,
    "opportunities": opportunities,
}
