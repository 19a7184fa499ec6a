"""`staffel alerts`: the process that sends alerts, and commands about it. Output must not show addresses or secrets."""

from pathlib import Path
from typing import Annotated, Any

import typer

from alerts import (
    STATUSES,
    AlertOutbox,
    AlertSettings,
    Channel,
    ChannelSettings,
    Delivered,
    Links,
    channels_to,
    sample_alert,
)
from schemas import parse_time
from staffel.application import alert_settings, alert_settings_from, system_clock
from staffel.cli import processes as cli_processes
from staffel.cli.groups import RunByDefaultGroup, examples
from staffel.cli.output import print_json, print_line, print_table
from staffel.cli.session import AsCsv, AsJson, connected_application, print_rows, read_settings
from staffel.cli.viewer import viewer_of
from staffel.errors import ProblemFound, UsageError
from staffel.processes.alerts import alert_json, channel_problems, channel_target, receivers_json

Json = dict[str, Any]
_ALL_TEXT = "all"
ALERT_COLUMNS = (
    "alert", "channel", "receiver", "kind", "account", "at", "status", "why", "attempts", "next_try_at", "told_at",
)  # fmt: skip
"""Of CSV without rows."""


group = typer.Typer(
    cls=RunByDefaultGroup, help="Send alerts about handoffs (without a subcommand: the process), and list them."
)


group.command("run", epilog=examples("staffel alerts", "staffel alerts run --port 8804"))(cli_processes.alerts)


@group.command("check", epilog=examples("staffel alerts check alerts.yaml"))
def check_file(
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="File of channels; else the one in STAFFEL_ALERTS.")
    ] = None,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """Check a file of channels and list who gets which alerts; sends nothing.

    Compares its routes and owners with the model in force and the known accounts; exit code 1 if handoffs would reach
    nobody, or alerts not all channels.
    """
    settings = _alert_settings(file)
    rows = [_channel_json(each) for each in settings.channels]
    if not print_rows(rows, as_json, as_csv):
        _print_channels(settings, rows)
    problems = _problems(settings)
    if problems:
        raise ProblemFound("\n".join(problems))


def _print_channels(settings: AlertSettings, rows: list[Json]) -> None:
    filters = ["kinds", "routes", *(["owners"] if any(row["owners"] for row in rows) else [])]
    cells = [(row["channel"], row["by"], *(_names_text(row[name]) for name in filters)) for row in rows]
    print_table("", ["channel", "by", *filters], cells, wrapped=filters)
    for row in rows:
        if row["receivers"]:
            print_line(f"{row['channel']} has {len(row['receivers'])} receivers: {_receivers_text(row['receivers'])}.")
        if row["fallback"]:
            print_line(f"What {row['channel']} does not take goes to {row['fallback']}.")
    print_line(f"Cool-down per account: {_cool_down_text(settings)}.")


def _problems(settings: AlertSettings) -> list[str]:
    """None where there is no home yet, so that a file can be checked before."""
    try:
        with connected_application() as application:
            return channel_problems(application.engine, application.plan.model, settings)
    except UsageError:
        return []


@group.command("test", epilog=examples("staffel alerts test sales-chat"))
def try_channel(
    channel: Annotated[str, typer.Argument(metavar="CHANNEL", help="Name of a channel in the file.")],
    file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="File of channels; else the one in STAFFEL_ALERTS.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Send one test message now, without retries; exit code 1 if it did not arrive."""
    settings = _alert_settings(file)
    wanted = next((each for each in settings.channels if each.name == channel), None)
    if wanted is None:
        raise UsageError(f"no channel {channel}; the channels are {', '.join(each.name for each in settings.channels)}")
    alert = sample_alert(system_clock())
    channels = channels_to(wanted, Links(settings.link, read_settings().public_url), system_clock)
    outcomes = [(_receiver_text(each), each.send(alert)) for each in channels]
    failures = [f"{name}: {outcome.why}" for name, outcome in outcomes if not isinstance(outcome, Delivered)]
    if failures:
        raise ProblemFound("; ".join(failures))
    if as_json:
        print_json({"channel": channel, "alert": alert.id, "status": "delivered"})
    else:
        print_line(f"{channel}: delivered, as {alert.id}")


@group.command("list", epilog=examples("staffel alerts list --status failed"))
def list_alerts(
    status: Annotated[
        str | None,
        typer.Option(metavar="STATUS", help="For example failed, or planned."),
    ] = None,
    channel: Annotated[str | None, typer.Option(metavar="CHANNEL", help="Only alerts of this channel.")] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="Number of alerts.")] = 20,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """List alerts: sent, waiting, failed or held back, and why; newest first."""
    if status is not None and status not in STATUSES:
        raise UsageError(f"--status {status}: write one of {', '.join(STATUSES)}")
    with connected_application() as application:
        rows = [alert_json(row) for row in AlertOutbox(application.engine).newest(limit, status, channel)]
        viewer = viewer_of(application, parse_time(rows[0]["at"]) if rows else None)
    if print_rows(rows, as_json, as_csv, ALERT_COLUMNS):
        return
    columns = ("account", "kind", "channel", "status", "why")
    shown = [{**row, "channel": "/".join(filter(None, (row["channel"], row["receiver"])))} for row in rows]
    cells = [(viewer.instant(row["at"]), *(row[name] for name in columns)) for row in shown]
    if rows:
        print_line(f"Newest first, from {viewer.head}")
        print_table("", ["happened", *columns], cells, wrapped=["why"], optional=["channel", "kind"])
    else:
        print_line("No alerts." if status is None and channel is None else "No such alerts.")


def _alert_settings(file: Path | None) -> AlertSettings:
    return alert_settings(read_settings()) if file is None else alert_settings_from(file)


def _channel_json(channel: ChannelSettings) -> Json:
    return {
        "channel": channel.name,
        "by": channel_target(channel),
        "kinds": None if channel.kinds is None else list(channel.kinds),
        "routes": None if channel.routes is None else list(channel.routes),
        "owners": None if channel.owners is None else list(channel.owners),
        "names": channel.names,
        "receivers": receivers_json(channel),
        "fallback": channel.fallback,
    }


def _receiver_text(channel: Channel) -> str:
    return f"{channel.name}/{channel.receiver}" if channel.receiver else channel.name


def _receivers_text(receivers: list[dict[str, str]]) -> str:
    return ", ".join(f"{each['receiver']} ({each['label']})" for each in receivers)


def _names_text(names: list[str] | None) -> str:
    return _ALL_TEXT if names is None else ", ".join(names)


def _cool_down_text(settings: AlertSettings) -> str:
    spans = settings.cool_down.model_dump()
    return ", ".join(f"{kind} {_duration_text(span // 60_000)}" for kind, span in spans.items())


def _duration_text(minutes: int) -> str:
    """In the format of the file."""
    return f"{minutes // 60}h" if minutes and minutes % 60 == 0 else f"{minutes}m"
