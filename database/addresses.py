"""Addresses of databases: read from a setting, and shown in messages without anything that may be secret.

A password with an unescaped `@`, `/` or `?` is cut at the wrong place and would stand in messages as host or name; so
an address that may be such a one is refused, and no message repeats any of it.
"""

import re

from sqlalchemy import Engine, make_url
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError

from database.errors import DatabaseError

_FORMS = "write sqlite:///PATH or postgresql+psycopg://USER:PASSWORD@HOST/NAME"
_ESCAPES = "in a user or password write @ as %40, / as %2F, ? as %3F, # as %23 and % as %25"
_DRIVERS = {"sqlite": "pysqlite", "postgresql": "psycopg"}
_HOST = re.compile(r"[\w.:%,-]*")


def parse_address(text: str) -> URL:
    """Raises `DatabaseError`, without any part of the text, unless it is the address of a database of either kind."""
    try:
        url = make_url(text)
        backend = url.get_backend_name()
    except (ArgumentError, ValueError, TypeError):
        raise DatabaseError(f"not a database URL; {_FORMS}; {_ESCAPES}") from None
    if backend not in _DRIVERS or (backend == "sqlite" and not url.database):
        raise DatabaseError(f"unsupported database URL; {_FORMS}")
    if backend == "postgresql" and _may_be_cut_wrongly(url):
        raise DatabaseError(f"the database URL has no clear host; {_FORMS}; {_ESCAPES}")
    _check_options(url)
    return url


def shown_address(address: URL | Engine) -> str:
    """Scheme and host of a server, scheme and path of a file: never user, password, or values of the query."""
    url = address.url if isinstance(address, Engine) else address
    if url.get_backend_name() == "sqlite":
        return f"{url.drivername}:///{url.database}"
    return f"{url.drivername}://{url.host or ''}"


def _check_options(url: URL) -> None:
    """Ports and options are read here, since the error that an engine raises for them repeats the address."""
    driver = f"{url.get_backend_name()}+{_DRIVERS[url.get_backend_name()]}"
    try:
        dialect = url.set(drivername=driver).get_dialect()()
        dialect.create_connect_args(url)
    except (ArgumentError, ValueError, TypeError):
        raise DatabaseError(f"the database URL has a wrong host, port or option; {_FORMS}") from None


def _may_be_cut_wrongly(url: URL) -> bool:
    parts = (url.host or "", url.database or "", *url.query)
    return not _HOST.fullmatch(url.host or "") or any("@" in part for part in parts)
