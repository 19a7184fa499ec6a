"""An account is found by its ids and names in other systems."""

import pytest

from projections.directory import Directory
from projections.rebuild import rebuild
from schemas.scores import AccountScored, Alias, Changes
from tests.projections.builders import account_scored
from tests.projections.world import World

SALES = Alias("hubspot", "1002", "Acme  Sales")
TRADE = Alias("hubspot", None, "Acme Trade")


@pytest.fixture
def directory(world: World) -> Directory:
    return Directory(world.engine)


def with_aliases(account: str, *aliases: Alias, seq: int = 1, **profile: object) -> AccountScored:
    changes = Changes(aliases=list(aliases), profile=profile or None)
    return account_scored(account, after_seq=seq - 1, seq=seq, changes=changes)


def test_an_account_is_found_by_each_alias(world: World, directory: Directory) -> None:
    world.publish_repeatedly(with_aliases("acme.com", SALES, TRADE, name="Acme AG"))

    assert [directory.account_of_name(text) for text in ("1002", "ACME sales", "acme trade", "Acme AG", "1003")] == [
        *["acme.com"] * 4,
        None,
    ]
    assert directory.accounts_of_aliases("hubspot", ["1002", "1003"]) == {"1002": "acme.com"}
    assert directory.accounts_of_aliases("salesforce", ["1002"]) == {}
    assert directory.aliases_of("acme.com") == [TRADE, Alias("hubspot", "1002", "Acme  Sales")]


def test_an_id_of_an_account_goes_before_an_alias_and_an_alias_id_before_a_name(
    world: World, directory: Directory
) -> None:
    world.publish_and_project(
        with_aliases("acme.com", Alias("crm", "b.com", None), Alias("crm", "x", None)), with_aliases("b.com", name="X")
    )

    assert [directory.account_of_name(text) for text in ("b.com", "x")] == ["b.com", "acme.com"]


def test_a_name_that_two_accounts_have_names_none(world: World, directory: Directory) -> None:
    world.publish_and_project(with_aliases("acme.com", SALES), with_aliases("b.com", name="acme sales"))

    assert directory.account_of_name("Acme Sales") is None


def test_an_alias_that_no_index_can_hold_is_left_out(world: World, directory: Directory) -> None:
    world.publish_and_project(
        with_aliases("acme.com", Alias("crm", "1", "x" * 3_000), Alias("crm", "2\0", None), SALES)
    )

    assert directory.aliases_of("acme.com") == [SALES]


def test_a_rebuild_brings_lost_aliases_back(world: World, directory: Directory) -> None:
    update = with_aliases("acme.com", SALES)
    world.publish_and_project(update)
    with world.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM directory_aliases")

    rebuild(world.engine, world.log, lambda _partition: [update])

    assert directory.account_of_name("1002") == "acme.com"
