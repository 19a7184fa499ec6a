"""Addresses in headers, and the writers behind lists and groups."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.mail.addresses import Sender, read_address, read_addresses
from intake.mail.authors import author_of
from intake.mail.headers import read_headers


@pytest.mark.parametrize(
    ("header", "sender"),
    [
        ("Ada Kern <Ada@Pharma.example>", Sender("ada@pharma.example", "Ada Kern")),
        ("Kern, Ada <ada@pharma.example>", Sender("ada@pharma.example", "Kern, Ada")),
        ('"Kern, Ada" <ada@pharma.example>, eve@lab.example', Sender("ada@pharma.example", "Kern, Ada")),
        ("ada@pharma.example (Ada Kern)", Sender("ada@pharma.example", "Ada Kern")),
        ("ada at pharma.example (Ada Kern)", Sender("ada@pharma.example", "Ada Kern")),
        ("Ada <ada at pharma.example>", Sender("ada@pharma.example", "Ada")),
        ("ada(a)pharma.example", Sender("ada@pharma.example")),
        ("ada (at) pharma (dot) example", Sender("ada@pharma.example")),
        ("ada at pharma dot example", Sender("ada@pharma.example")),
        ("ada＠pharma.example", Sender("ada@pharma.example")),
        ("=?iso-8859-1?q?J=F6rg?= <ada@pharma.example>", Sender("ada@pharma.example", "Jörg")),
        ("=?utf-8?q?Ada_=3Cada=40pharma=2Eexample=3E?=", Sender("ada@pharma.example", "Ada")),
        ("=?no-such-charset?q?A=F6?= <ada@pharma.example>", Sender("ada@pharma.example", "Aö")),
        ("Team: ada@pharma.example, eve@lab.example;", Sender("ada@pharma.example")),
        ("ada...@pharma.example", Sender("ada...@pharma.example", masked=True)),
        ('"Kern, Ada <old@lab.example>" <ada@pharma.example>', Sender("ada@pharma.example", "Kern, Ada")),
        ('"eve@lab.example" <ada@pharma.example>', Sender("ada@pharma.example")),
        ("=?utf-8?q?Ada_=3Ceve=40lab=2Eexample=3E?= <ada@pharma.example>", Sender("ada@pharma.example", "Ada")),
        ("Ada <old@lab.example> <ada@pharma.example>", Sender("ada@pharma.example", "Ada")),
        ("Ada (who was (once) eve@lab.example) <ada@pharma.example>", Sender("ada@pharma.example", "Ada")),
        (r'"Ada \"The <eve@lab.example>\" Kern" <ada@pharma.example>', Sender("ada@pharma.example", 'Ada "The Kern')),
        ("<@relay.example,@mx.example:ada@pharma.example>", Sender("ada@pharma.example")),
        ("Ada [mailto:ada@pharma.example]", Sender("ada@pharma.example")),
        ('"Ada Kern <ada@pharma.example>', Sender("ada@pharma.example", "Ada Kern")),
        ("Ada <ada@pharma.example", Sender("ada@pharma.example", "Ada")),
        ("ada@localhost", None),
        ("undisclosed-recipients:;", None),
        ("Ada at Pharma", None),
        ("", None),
    ],
)
def test_addresses_in_all_notations(header: str, sender: Sender | None) -> None:
    assert read_address(header) == sender


def test_groups_and_lists_hold_several_addresses_each_once() -> None:
    header = "Team: ada@pharma.example, Eve <eve@lab.example>; Kim, Jo <kim@beta.example>, ADA@pharma.example"
    assert [one.email for one in read_addresses(header)] == [
        "ada@pharma.example",
        "eve@lab.example",
        "kim@beta.example",
    ]


@given(
    st.text(alphabet="abc <>@.,;:\"()\\'=?", max_size=60),
    st.sampled_from(["ada@pharma.example", "a.b+c@eu.pharma.example"]),
)
def test_no_display_name_in_quotes_changes_the_address(name: str, address: str) -> None:
    quoted = name.replace("\\", "\\\\").replace('"', '\\"')
    found = read_address(f'"{quoted}" <{address}>')
    assert found is not None
    assert found.email == address


THROUGH_GROUP = [b"From: 'Ada Kern' via Sales <sales@staffel.example>\n", b"List-Id: <sales.staffel.example>\n"]


@pytest.mark.parametrize(
    ("lines", "author"),
    [
        ([b"X-Original-From: Ada <ada@pharma.example>\n"], Sender("ada@pharma.example", "Ada")),
        ([b"X-Original-Sender: ada@pharma.example\n"], Sender("ada@pharma.example", "Ada Kern")),
        ([b"Reply-To: sales@staffel.example, ada@pharma.example\n"], Sender("ada@pharma.example", "Ada Kern")),
        (
            [b"Reply-To: sales@staffel.example\n", b"Cc: Eve <eve@lab.example>, Ada Kern <ada@pharma.example>\n"],
            Sender("ada@pharma.example", "Ada Kern"),
        ),
        ([b"Cc: Eve <eve@lab.example>\n"], Sender("sales@staffel.example", "Ada Kern' via Sales")),
    ],
)
def test_the_writer_behind_a_group_stands_in_other_headers(lines: list[bytes], author: Sender) -> None:
    assert author_of(read_headers([*THROUGH_GROUP, *lines])) == author


def test_a_group_whose_own_address_stands_alone_in_from_hides_its_writer_no_less() -> None:
    lines = [b"From: sales@staffel.example\n", b"List-Post: <mailto:sales@staffel.example>\n"]
    writer = b"X-Original-Sender: ada@pharma.example\n"
    assert author_of(read_headers([*lines, writer])) == Sender("ada@pharma.example")


def test_an_address_written_into_that_of_the_list_is_the_writers() -> None:
    headers = read_headers([b"From: Ada via Dev <ada=40pharma.example@lists.example>\n"])
    assert author_of(headers) == Sender("ada@pharma.example", "Ada")


def test_a_reply_address_replaces_no_sender_who_wrote_directly() -> None:
    headers = read_headers([b"From: Ada <ada@pharma.example>\n", b"Reply-To: office@pharma.example\n"])
    assert author_of(headers) == Sender("ada@pharma.example", "Ada")
