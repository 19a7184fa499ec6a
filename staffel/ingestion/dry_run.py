"""A dry run of an import: what it would record. Writes nothing, and makes no home that does not exist yet."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pydantic import SecretStr

from database import has_file
from intake import Item, Recorder
from intake.recorder import Rehearsal, StoredProfiles, appender_for
from intake.vault import link_of
from projections import Directory
from staffel.application import Application, company_networks
from staffel.connect import create_home
from staffel.ingestion.importer import ShowFiltered, ingest, require_new_log, with_progress
from staffel.ingestion.tally import Tally
from staffel.settings import Settings

MAX_ACCOUNTS_LISTED = 1_000


@contextmanager
def settings_of_dry_run(settings: Settings) -> Iterator[Settings]:
    """The settings, with a temporary home or vault in place of one that does not exist yet."""
    with TemporaryDirectory(prefix="staffel-dry-run-") as folder:
        temporary = settings.model_copy(update=_temporary(settings, Path(folder)))
        if not has_file(settings.database_url):
            create_home(temporary).close()
        yield temporary


def _temporary(settings: Settings, folder: Path) -> dict[str, Any]:
    vault = {} if has_file(settings.vault_url) else {"vault": SecretStr(str(folder / "vault.db"))}
    if has_file(settings.database_url):
        # Standard input is spooled there, too.
        return vault if settings.home.is_dir() else {**vault, "home": folder}
    return {"home": folder, "database": None, "vault": None}


def rehearse(
    application: Application,
    items: Iterable[Item],
    advance: Callable[[int], object],
    show_filtered: ShowFiltered | None = None,
    *,
    own_log: bool = False,
) -> tuple[Tally, list[str]]:
    """What recording the items would count, and the accounts that it would make. Nothing is written."""
    if own_log:
        require_new_log(application.log)
    engine = application.engine
    rehearsal = Rehearsal(
        appender_for(application.log, engine, application.clock, keep_forever=True),
        application.vault,
        Directory(engine),
        StoredProfiles(engine),
    )
    recorder = Recorder(
        rehearsal.appender,
        rehearsal.vault,
        rehearsal.directory,
        application.clock,
        networks=company_networks(application.settings),
        sources=application.sources,
        profiles=rehearsal.profiles,
        asks_former_ids=link_of(engine).asks_former_ids,
    )
    tally = ingest(with_progress(items, advance), recorder, lambda _: None, show_filtered, own=own_log)
    return tally, rehearsal.new_accounts
