"""A blank cell is null; of a column that is missing nothing is said."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from intake.crm import read_accounts, read_contacts
from intake.observation import Item, Observation

Read = Callable[[Path], Iterator[Item]]


def data_of(read: Read, folder: Path, *lines: str) -> dict[str, Any]:
    path = folder / "crm.csv"
    path.write_text("\n".join(lines))
    [item] = read(path)
    assert isinstance(item, Observation)
    return item.data


@pytest.mark.parametrize(
    ("header", "cells", "data"),
    [
        ("Name,Domain,Employees", "Acme,acme.com,", {"name": "Acme", "domains": ["acme.com"], "employees": None}),
        ("Name,Domain", "Acme,acme.com", {"name": "Acme", "domains": ["acme.com"]}),
        ("Domain,Owner,Customer", "acme.com, ,", {"domains": ["acme.com"], "owner": None, "customer": None}),
        ("Account ID,Domain,Parent Account", "acme,,", {"parent": None}),
    ],
)
def test_accounts(tmp_path: Path, header: str, cells: str, data: dict[str, Any]) -> None:
    assert data_of(read_accounts, tmp_path, header, cells) == data


@pytest.mark.parametrize(
    ("header", "cells", "data"),
    [
        ("Email,Company,Buying Role", "pat@acme.com,Acme,", {"role": None, "system": "crm"}),
        ("Email,Company", "pat@acme.com,Acme", {"system": "crm"}),
    ],
)
def test_contacts(tmp_path: Path, header: str, cells: str, data: dict[str, Any]) -> None:
    assert data_of(read_contacts, tmp_path, header, cells) == data


def test_the_former_id_of_a_row_is_that_without_its_blanks(tmp_path: Path) -> None:
    """Logs that began before tellings have rows under it."""
    path = tmp_path / "crm.csv"
    ids = set()
    for lines in ("Name\tEmployees\nAcme\t", "Name\nAcme"):
        path.write_text(lines)
        [item] = read_accounts(path)
        assert isinstance(item, Observation)
        ids.add(item.id)
    assert len(ids) == 1
