"""Files of several kinds are read as one stream, with the settings of their sources as defaults."""

from collections.abc import Sequence
from pathlib import Path

from intake import Filtered, Item, Keep, Observation, Rejected, Sources, SourceSettings
from staffel.ingestion.readers import InputFile, Kind, ReadOptions, read_all, with_settings, within_budget
from tests.staffel.cli.cli_runner import Json, access_log_line, cloud_event, page_view, write_lines

OPTIONS = ReadOptions(clock=lambda: 1_800_000_000_000)


def read(files: Sequence[tuple[Kind, Path]], options: ReadOptions = OPTIONS) -> list[Item]:
    return list(read_all([InputFile(*file) for file in files], options, Sources()))


def test_accounts_come_first_and_the_rest_is_merged_by_time() -> None:
    log = write_lines(Path("access.log"), access_log_line("05/Jan/2026:09:12:00 +0000"))
    facts = write_lines(
        Path("facts.jsonl"),
        page_view("before", time="2026-01-04T09:12:00Z"),
        page_view("after", time="2026-01-06T09:12:00Z"),
    )
    table = write_lines(Path("crm.csv"), "Name,Domain,Created", "Acme,acme.com,2026-01-07")
    items = read([("access-log", log), ("cloudevents", facts), ("accounts", table)])
    assert [item.where for item in items] == ["crm.csv:2", "facts.jsonl:1", "access.log:1", "facts.jsonl:2"]


def test_mailboxes_of_one_call_share_their_threads() -> None:
    sent = "From us Mon Jan  5 09:12:00 2026\nFrom: us@ours.example\nTo: pat@acme.example\nMessage-ID: <1@ours>\n"
    sent += "Date: Mon, 5 Jan 2026 09:12:00 +0000\nSubject: Offer\n\nHello\n"
    answer = "From pat Mon Jan  5 10:12:00 2026\nFrom: pat@acme.example\nTo: us@ours.example\nMessage-ID: <2@acme>\n"
    answer += "In-Reply-To: <1@ours>\nDate: Mon, 5 Jan 2026 10:12:00 +0000\nSubject: Re: Offer\n\nYes\n"
    Path("sent.mbox").write_text(sent)
    Path("inbox.mbox").write_text(answer)
    options = ReadOptions(clock=OPTIONS.clock, ours=frozenset({"ours.example"}))
    items = read([("mbox", Path("sent.mbox")), ("mbox", Path("inbox.mbox"))], options)
    assert [item.type for item in items if isinstance(item, Observation)] == ["email.replied.v1"]


def clicked(second: int, link: str) -> Json:
    data = {"message": "spring", "url": link}
    return cloud_event(f"{second}", "email.clicked", f"2026-01-05T09:12:{second:02d}Z", contact="pat@x.de", data=data)


def test_clicks_of_scanners_are_marked_before_the_first_item_is_given() -> None:
    """Batches may be smaller than files."""
    first = write_lines(Path("first.jsonl"), clicked(0, "/a"), clicked(50, "/a"))
    second = write_lines(Path("second.jsonl"), clicked(5, "/b"), clicked(9, "/c"))
    items = read([("cloudevents", first), ("cloudevents", second)])
    assert [item.data.get("machine") for item in items if isinstance(item, Observation)] == [True] * 4


def test_what_is_not_given_comes_from_the_settings_of_the_source() -> None:
    settings = SourceSettings(keep=Keep(), ours=("ours.example",), site="https://www.ours.example")
    sources = Sources({"access-log": settings, "mbox/sales": settings})
    log = with_settings(OPTIONS, "access-log", sources)
    named = with_settings(ReadOptions(clock=OPTIONS.clock, name="sales"), "mbox", sources)
    given = with_settings(ReadOptions(clock=OPTIONS.clock, site="https://shop.example"), "access-log", sources)
    assert (log.site, named.ours) == ("https://www.ours.example", frozenset({"ours.example"}))
    assert given.site == "https://shop.example"
    assert with_settings(OPTIONS, "mbox", sources) == OPTIONS


def test_a_file_of_too_many_items_ends_with_a_rejection() -> None:
    items = [Filtered(f"a.log:{number}", "an image") for number in range(5)]
    why = "more than 3 items; nothing after was read: split the file"
    assert list(within_budget(items, Path("a.log"), 3)) == [*items[:3], Rejected("a.log", "too_large", why)]
    assert list(within_budget(items, Path("a.log"), 5)) == items
