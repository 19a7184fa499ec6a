"""Synthetic logs for measurements: deterministic, labelled synthetic by their source. Never real data."""

from collections.abc import Iterator
from random import Random

from schemas.times import format_time
from scoring.model.loading import ScoringModel, load_model

START = 1_736_035_200_000  # 2025-01-05T00:00:00Z
DAY = 86_400_000
PAGES = ("/", "/blog/a", "/pricing", "/pricing/eu", "/docs/api", "/careers", "/product", "/contact")
TYPES = ("web.page_viewed",) * 10 + (
    "email.clicked", "email.opened", "email.delivered", "email.replied", "web.content_downloaded",
    "web.form_submitted", "event.attended", "meeting.held", "product.used", "email.unsubscribed",
)  # fmt: skip
ROLES = ("decision_maker", "champion", "user", "purchaser")

MODEL = """
model: bench
timezone: Europe/Berlin
roles: {decision_maker: 2.0, champion: 1.5, user: 1.0, unknown: 1.0}
tracks:
  acquisition:
    half_life: 30d
    rules:
      - id: pricing
        on: web.page_viewed
        where: {url: {path_prefix: /pricing}}
        points: 10
        half_life: 14d
        at_most: 1 per contact per day
      - {id: page, on: web.page_viewed, points: 1, half_life: 14d, at_most: 5 per contact per day, unless: [pricing]}
      - {id: careers, on: web.page_viewed, where: {url: {path_prefix: /careers}}, points: -2, half_life: 90d}
      - {id: docs, on: web.page_viewed, where: {url: {contains: /docs/}}, points: 2, half_life: 14d}
      - {id: click, on: email.clicked, points: 2}
      - {id: opened, on: email.opened, where: {machine: {equals: false}}, points: 0}
      - {id: reply, on: email.replied, points: 15}
      - {id: download, on: web.content_downloaded, points: 5}
      - {id: form, on: web.form_submitted, points: 15}
      - {id: contact_form, on: web.form_submitted, where: {form: {equals: contact}}, points: 30}
      - {id: event, on: event.attended, points: 20}
      - {id: meeting, on: meeting.held, points: {field: minutes, times: 1, up_to: 60}, half_life: 60d}
      - {id: long_meeting, on: meeting.held, where: {minutes: {above: 45}}, points: 10, half_life: 90d}
      - {id: used, on: product.used, where: {count: {above: 10}}, points: 3, at_most: 1 per contact per day}
      - {id: out, on: email.unsubscribed, points: -15, half_life: 90d}
    limits: [{rules: [pricing, page], at_most: 8 per contact per day}]
    stages:
      - {name: engaged, enter: 40, leave: 25}
      - {name: sqa, enter: 100, leave: 80, contacts: 2 within 90d, handoff: true}
"""


def model() -> ScoringModel:
    return load_model(MODEL, "bench")


def account_name(i: int) -> str:
    return f"company-{i}.example"


def facts(count: int, accounts: int, contacts_each: int = 5, seed: int = 7, spacing_ms: int = 400) -> Iterator[bytes]:
    """JSON records in time order, about one in forty a role change."""
    random = Random(seed)
    for i in range(count):
        account = int(accounts * random.random() ** 2)
        contact = f"c_{account:08x}{int(contacts_each * random.random()):04x}"
        yield random_fact(i, account_name(account), contact, START + i * spacing_ms, random)


def facts_of_contact(account: str, number: int) -> Iterator[bytes]:
    """One contact's facts that leave five counters: two pages and their limit, and product use on two days."""
    interactions = (
        ("web.page_viewed", "/pricing"),
        ("web.page_viewed", "/"),
        ("product.used", ""),
        ("product.used", ""),
    )
    for i, (type_, page) in enumerate(interactions):
        content = f'{{"url":"{page}"}}' if page else '{"feature":"api","count":20}'
        yield encoded_fact(f"c{number}-{i}", account, f"c_{number:012x}", START + i // 3 * DAY, type_, content)


def random_fact(i: int, account: str, contact: str, time: int, random: Random) -> bytes:
    return encoded_fact(f"s{i}", account, contact, time, *random_content(random))


def encoded_fact(id: str, account: str, contact: str, time: int, type_: str, content: str) -> bytes:
    at = format_time(time)
    return (
        f'{{"specversion":"1.0","id":"{id}","source":"synthetic","type":"{type_}.v1","subject":"{account}",'
        f'"time":"{at}","recordedtime":"{at}","contact":"{contact}","data":{content}}}'
    ).encode()


def random_content(random: Random) -> tuple[str, str]:
    if random.random() < 0.025:
        return "contact.identified", f'{{"role":"{random.choice(ROLES)}"}}'
    type_ = random.choice(TYPES)
    return type_, CONTENT_BUILDERS[type_.partition(".")[0]](random)


CONTENT_BUILDERS = {
    "web": lambda random: (
        f'{{"url":"https://www.example.com{random.choice(PAGES)}?utm_source=x","title":"A page",'
        f'"duration_s":{int(random.random() * 300)},"form":"contact"}}'
    ),
    "email": lambda random: f'{{"campaign":"spring","message":"m{int(random.random() * 50)}","machine":false}}',
    "event": lambda _: '{"event":"fair"}',
    "meeting": lambda random: f'{{"meeting":"m","minutes":{int(random.random() * 90)},"attendees":3}}',
    "product": lambda random: f'{{"feature":"api","count":{int(random.random() * 30)}}}',
}
