"""The directory: what attribution may ask, and who has a domain."""

import pytest

from projections.directory import Directory
from schemas.scores import Changes
from tests.projections.builders import account_scored, anonymous_scored, contact_scored, visitor_release
from tests.projections.world import World


@pytest.fixture
def directory(world: World) -> Directory:
    return Directory(world.engine)


def account_with_profile(account: str, seq: int = 1, **profile: object) -> object:
    return account_scored(account, after_seq=seq - 1, seq=seq, changes=Changes(profile=profile))


def test_an_account_is_found_by_each_of_its_domains(world: World, directory: Directory) -> None:
    world.publish_repeatedly(account_with_profile("acme", domains=["acme.com", "acme.de"]))  # type: ignore[arg-type]

    assert [directory.account_of_domain(d) for d in ("acme.com", "acme.de", "acme.fr")] == ["acme", "acme", None]
    assert directory.domains_of("acme") == ["acme.com", "acme.de"]


def test_an_account_is_found_by_its_id_or_its_name(world: World, directory: Directory) -> None:
    world.publish_repeatedly(account_with_profile("acme", name="Acme  GmbH"))  # type: ignore[arg-type]

    assert [directory.account_of_name(n) for n in ("ACME", "acme gmbh", "Acme AG")] == ["acme", "acme", None]


def test_a_name_that_two_accounts_have_names_none(world: World, directory: Directory) -> None:
    world.publish_and_project(account_with_profile("one", name="Acme"), account_with_profile("two", name="acme"))  # type: ignore[arg-type]

    assert directory.account_of_name("Acme") is None


def test_a_new_name_replaces_the_old_one(world: World, directory: Directory) -> None:
    world.publish_and_project(
        account_with_profile("acme", 1, name="Acme"), account_with_profile("acme", 2, name="Umbrella")
    )  # type: ignore[arg-type]
    world.reset_and_project()

    assert [directory.account_of_name(n) for n in ("Umbrella", "Acme")] == ["acme", "acme"]
    assert world.rows("directory_accounts", "name") == ["Umbrella"]


def test_a_domain_belongs_to_the_first_who_claims_it(world: World, directory: Directory) -> None:
    assert directory.claim("acme.com", "acme") is None
    assert directory.claim("acme.com", "acme") is None
    assert directory.claim("acme.com", "umbrella") == "acme"

    world.publish_and_project(account_with_profile("umbrella", domains=["acme.com"]))  # type: ignore[arg-type]
    assert directory.account_of_domain("acme.com") == "acme"


def test_persons_and_visitors_are_found_where_they_were_seen_first(world: World, directory: Directory) -> None:
    world.publish_repeatedly(contact_scored("acme.com", "c_anna"), contact_scored("acme.com", "v_one"))
    world.publish_repeatedly(contact_scored("other.example", "c_anna"))

    assert directory.account_of_contact("c_anna") == "acme.com"
    assert directory.account_of_visitor("v_one") == "acme.com"


def test_an_anonymous_visitor_has_no_account(world: World, directory: Directory) -> None:
    world.publish_and_project(anonymous_scored("anon:v_one"), contact_scored("anon:v_one", "v_one"))

    assert directory.account_of_visitor("v_one") is None
    assert not directory.exists("anon:v_one")


def test_a_released_visitor_is_found_in_the_account_it_was_released_to(world: World, directory: Directory) -> None:
    world.publish_repeatedly(anonymous_scored("anon:v_one", releases=[visitor_release("acme.com")]))
    world.publish_repeatedly(anonymous_scored("anon:c_anna", releases=[visitor_release("acme.com")]))

    assert directory.account_of_visitor("v_one") == "acme.com"
    assert directory.account_of_contact("c_anna") == "acme.com"


def test_a_joined_visitor_is_its_contact(world: World, directory: Directory) -> None:
    world.publish_and_project(contact_scored("acme.com", "v_one"))
    world.publish_repeatedly(account_scored(changes=Changes(joins={"v_one": "c_anna"})))

    assert (directory.account_of_visitor("v_one"), directory.contact_of_visitor("v_one")) == ("acme.com", "c_anna")


def test_every_projected_account_exists(world: World, directory: Directory) -> None:
    world.publish_and_project(account_scored("acme.com"))

    assert directory.exists("acme.com")
    assert not directory.exists("other.example")
