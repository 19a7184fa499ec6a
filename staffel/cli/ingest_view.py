"""What an import says: counts with their reasons, rejections, columns of tables, and what a dry run would make."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from intake import Filtered
from intake.recorder import read_networks
from projections import UnidentifiedVisitors
from schemas import terminal_cell
from staffel.cli.output import print_error, print_json, print_line, print_table
from staffel.ingestion import MAX_ACCOUNTS_LISTED, MAX_REJECTED_KEPT, Reattribution, Tally, text_of_unidentified
from staffel.wording import quantity

MAX_REJECTED_SHOWN = 10
MAX_ACCOUNTS_SHOWN = 20


@dataclass(frozen=True)
class Report:
    """How an import reports what it did."""

    as_json: bool
    strict: bool
    verbose: bool
    dry_run: bool = False
    columns: list[Any] = field(default_factory=list)
    """Of tables: which columns were used."""
    filtered: list[Filtered] = field(default_factory=list)
    """For JSON, if they are asked for."""

    def show_filtered(self, item: Filtered) -> None:
        if not self.verbose:
            return
        if self.as_json:
            self.filtered.append(item)
        else:
            print_line(terminal_cell(f"skipped {item.where}: {item.why}"))


def report_result(
    report: Report, result: Tally | tuple[Tally, list[str]], unidentified: UnidentifiedVisitors, *, has_networks: bool
) -> Tally:
    """Print the tally; of a dry run also the accounts that would be made, else the visitors without a company."""
    tally, new_accounts = result if isinstance(result, tuple) else (result, [])
    if report.as_json:
        print_json(result_json(report, tally, new_accounts, unidentified))
        return tally
    if report.dry_run:
        print_line("Dry run: nothing is recorded. It would be:")
    print_tally(tally)
    print_columns(report)
    if report.dry_run:
        print_new_accounts(new_accounts)
    elif unidentified.visitors:
        print_line(text_of_unidentified(unidentified, has_networks=has_networks))
    return tally


def result_json(
    report: Report, tally: Tally, new_accounts: list[str], unidentified: UnidentifiedVisitors
) -> dict[str, Any]:
    result = tally.as_json()
    if report.columns:
        result["columns"] = [columns.as_json() for columns in report.columns]
    if report.verbose:
        result["filtered_items"] = [{"where": item.where, "why": item.why} for item in report.filtered]
    if not report.dry_run:
        return result | {"unidentified": unidentified._asdict()}
    return result | {
        "dry_run": True,
        "new_accounts_total": len(new_accounts),
        "new_accounts": new_accounts[:MAX_ACCOUNTS_LISTED],
    }


def print_new_accounts(accounts: list[str]) -> None:
    shown = ", ".join(accounts[:MAX_ACCOUNTS_SHOWN])
    rest = f" and {len(accounts) - MAX_ACCOUNTS_SHOWN} more" if len(accounts) > MAX_ACCOUNTS_SHOWN else ""
    print_line(
        terminal_cell(f"{quantity(len(accounts), 'account')} would be made{': ' if accounts else ''}{shown}{rest}")
    )


def print_network_problems(path: Path | None) -> None:
    """Lines of the operator's networks that the recorder ignores."""
    _, problems = read_networks(path) if path is not None else (None, [])
    for problem in problems[:MAX_REJECTED_SHOWN]:
        print_error(f"STAFFEL_NETWORKS: {problem.where}: {problem.why}")


def print_columns(report: Report) -> None:
    """Of tables whose columns were not all used."""
    for columns in report.columns:
        if columns.is_partial:
            print_line(terminal_cell(f"{columns.file}: {columns}"))


def print_tally(tally: Tally) -> None:
    parts = [f"{tally.bots} of bots"] if tally.bots else []
    parts += [f"{tally.machines} by machines"] if tally.machines else []
    parts += [quantity(tally.aliases, "alias")] if tally.aliases else []
    of_these = f" ({', '.join(parts)})" if parts else ""
    print_line(
        f"{quantity(tally.read, 'item')} read: {tally.recorded} recorded{of_these}, "
        f"{quantity(tally.duplicates, 'duplicate')}, {tally.filtered} skipped (not engagement), "
        f"{tally.rejected_total} rejected"
    )
    for title, counts in (
        ("skipped", tally.filtered_by),
        ("rejected", tally.rejected_by),
        ("left out", tally.left_out),
    ):
        if counts:
            print_line(terminal_cell(f"{title}: " + ", ".join(f"{reason} {n}" for reason, n in counts.most_common())))
    print_rejected(tally)


def print_rejected(tally: Tally) -> None:
    rows = [(item.where, item.code, item.why) for item in tally.rejected[:MAX_REJECTED_SHOWN]]
    if rows:
        print_table("Rejected", ["where", "code", "why"], rows, wrapped=["why"])
    rest = tally.rejected_total - len(rows)
    if rest:
        print_line(f"… and {rest} more; --json lists the first {MAX_REJECTED_KEPT:,}.")


def print_reattribution(report: Report, result: Reattribution, *, has_files: bool, has_networks: bool) -> None:
    """Who was identified, what was released, and what is no longer kept."""
    if report.as_json:
        print_json({**result.as_json(), "dry_run": report.dry_run})
        return
    if report.dry_run:
        print_line("Dry run: nothing is recorded. It would be:")
    rows = [(each.account, each.visitors, each.facts) for each in result.releases[:MAX_ACCOUNTS_SHOWN]]
    print_line(reattribution_summary(result))
    if rows:
        print_table("", ["account", "visitors", "facts"], rows, numbers=["visitors", "facts"])
    if len(result.releases) > len(rows):
        print_line(f"… and {quantity(len(result.releases) - len(rows), 'account')} more; --json lists all.")
    for text in reattribution_remarks(result, has_files=has_files, has_networks=has_networks):
        print_line(text)
    print_rejected(result.tally)


def reattribution_summary(result: Reattribution) -> str:
    visitors, facts = quantity(result.visitors.total(), "visitor"), quantity(result.facts.total(), "fact")
    if not result.visitors:
        return "No visitor without a cookie has a company that was unknown before."
    return f"{visitors} identified, {facts} released to {quantity(len(result.visitors), 'account')}."


def reattribution_remarks(result: Reattribution, *, has_files: bool, has_networks: bool) -> Iterator[str]:
    """What is missing, and why."""
    if lost := result.not_kept.total():
        yield f"No longer kept, so not released: {quantity(lost, 'fact')}. Kept are 200 of 90 days each."
    if result.ambiguous:
        yield f"Left out, for their facts show several companies: {quantity(result.ambiguous, 'visitor')}."
    if not has_files:
        yield "Only domains were looked at. Addresses stand in access logs alone: name them."
    elif not has_networks:
        yield "No networks file (STAFFEL_NETWORKS): addresses have no company."
