"""`staffel model types` and `staffel model fields`: what a model may read."""

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
import typer

from schemas import suggestion
from schemas.facts import RULE_TYPES
from staffel.cli.output import print_json, print_line, print_prose, print_table
from staffel.cli.session import AsCsv, AsJson, print_rows, read_settings
from staffel.cli.values_at_home import values_at_home
from staffel.errors import UsageError
from staffel.model_review import account_field_rows, type_json

Json = dict[str, Any]
MAX_VALUES_SHOWN = 4
"""Of one field, in a table."""


def types(
    type_name: Annotated[
        str | None, typer.Argument(metavar="TYPE", help="Only this type, with its fields and a sample.")
    ] = None,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """List the fact types that rules may name, with their fields; of one type also their meaning, and a sample."""
    if type_name is not None and type_name not in RULE_TYPES:
        hint = suggestion(type_name, RULE_TYPES)
        raise UsageError(f"{type_name}: no fact type that rules may name{hint}; `staffel model types` lists them")
    rows = [type_json(name) for name in RULE_TYPES if type_name in (None, name)]
    if as_json and type_name is not None:
        print_json(rows[0])
    elif not print_rows(rows, as_json, as_csv):
        print_types(rows) if type_name is None else print_type(rows[0])


def print_types(rows: list[Json]) -> None:
    cells = [
        (row["type"], row["meaning"], ", ".join(field["field"] for field in row["fields"] if field["field"] != "bot"))
        for row in rows
    ]
    print_table("", ["type", "meaning", "fields"], cells, wrapped=["meaning", "fields"], optional=["meaning"])
    print_line("\n`staffel model types TYPE` shows fields with their meaning, and a sample.")


def print_type(row: Json) -> None:
    engages = "; an act of a person, which engages a contact" if row["engages"] else ""
    print_line(f"{row['type']}: {row['meaning']}{engages}\n")
    cells = [(field["field"], field["kind"], field["meaning"], field["setting"]) for field in row["fields"]]
    columns = ["field", "value", "meaning", "setting of sources"]
    print_table("", columns, cells, wrapped=["meaning", "setting of sources"])
    print_line(f"\nSample: {msgspec.json.encode(row['sample']).decode()}")


def fields(as_json: AsJson = False, as_csv: AsCsv = False) -> None:
    """List the fields of accounts that `fit`, `when` and routes may read, and which values this home has.

    Values of fields that may name persons are not shown.
    """
    seen = values_at_home(read_settings())
    rows = account_field_rows(seen)
    if print_rows(rows, as_json, as_csv):
        return
    cells = [(row["field"], row["kind"], row["meaning"], row["accounts"], seen_text(row)) for row in rows]
    columns = ["field", "value", "meaning", "accounts", "seen here"]
    print_table("", columns, cells, ["accounts"], ["meaning", "seen here"], optional=["value", "meaning"])
    if seen.roles:
        roles = ", ".join(f"{role} {contacts}" for role, contacts in seen.roles.most_common())
        print_prose(f"Roles of contacts here: {roles}")


def seen_text(row: Mapping[str, Any]) -> str | None:
    """`biotechnology 12, pharmaceuticals 3, … 4 more`, or `10 to 5200`."""
    if row["least"] is not None:
        return f"{row['least']:,} to {row['greatest']:,}"
    values = [f"{_value_text(each['value'])} {each['accounts']}" for each in row["values"] or ()]
    rest = len(values) - MAX_VALUES_SHOWN
    return ", ".join([*values[:MAX_VALUES_SHOWN], *([f"… {rest} more"] if rest > 0 else [])]) or None


def _value_text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
