"""What lists of accounts say of visitors without a company, and what would identify them."""

from database import Database
from projections import UnidentifiedVisitors, unidentified_visitors
from staffel.settings import Settings
from staffel.wording import quantity


def unidentified_text(engine: Database, settings: Settings) -> str | None:
    """How many visitors have no company yet, and what would find it; None if all have one."""
    found = unidentified_visitors(engine)
    return text_of_unidentified(found, has_networks=settings.networks is not None) if found.visitors else None


def text_of_unidentified(found: UnidentifiedVisitors, *, has_networks: bool) -> str:
    """Lines of at most 80 characters."""
    networks = "more networks" if has_networks else "a networks file (STAFFEL_NETWORKS)"
    return (
        f"{quantity(found.visitors, 'visitor')} without a company, not listed ({quantity(found.facts, 'fact')} kept).\n"
        f"What identifies them: {networks}, domains of accounts,\n"
        "forms, links in mails. After new networks or domains: `staffel ingest --again`."
    )
