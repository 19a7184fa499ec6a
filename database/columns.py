"""Column types that SQLite and PostgreSQL store alike, and the metadata of the tables that no rebuild touches."""

from typing import Any

import msgspec
from sqlalchemy import BigInteger, Column, Dialect, Integer, MetaData, Text
from sqlalchemy.types import TypeDecorator

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode

Serial = BigInteger().with_variant(Integer, "sqlite")
"""SQLite generates primary keys only for the type INTEGER."""


class Json(TypeDecorator[Any]):
    """A value as JSON text, keys in their order; None is NULL."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return self.text_of(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        return None if value is None else _decode(value)

    @staticmethod
    def text_of(value: Any) -> str | None:
        return None if value is None else _encode(value).decode()


def timestamp_ms(name: str, **options: Any) -> Column[int]:
    """An instant in milliseconds since 1970."""
    return Column(name, BigInteger, **options)


metadata = MetaData()
