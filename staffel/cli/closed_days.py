"""`staffel closed-days`: public holidays as closed days of a model file."""

from collections.abc import Iterator, Sequence, Set
from datetime import date
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from shutil import copymode
from typing import Annotated, NamedTuple

import typer

from schemas import KeyPath, with_entries
from scoring.model import DocumentError, ScoringModel, load_model
from staffel.cli.groups import examples
from staffel.cli.output import print_json, print_line
from staffel.cli.session import AsJson, read_settings
from staffel.errors import ProblemFound, UsageError
from staffel.wording import quantity

commands = typer.Typer(no_args_is_help=True)

_LANGUAGE = "en_US"
_SERVICE_LEVEL: KeyPath = ("handoff", "service_level", "closed")
_MOST_SHOWN = 5
_LIKENESS = 0.75


class Holiday(NamedTuple):
    date: str
    """`2027-01-01`"""
    name: str


@commands.command("closed-days", epilog=examples("staffel closed-days DE-BY 2027 --model model.yaml"))
def closed_days(
    region: Annotated[
        str, typer.Argument(metavar="REGION", help="Country or part of it (ISO 3166): `DE`, `DE-BY`, `US-CA`.")
    ],
    years: Annotated[list[int], typer.Argument(metavar="YEAR...", help="Calendar years.")],
    model: Annotated[
        Path | None, typer.Option("--model", metavar="FILE", help="The model file; else that of STAFFEL_MODEL.")
    ] = None,
    route: Annotated[
        str | None, typer.Option("--route", metavar="TO", help="Only for this route, which then has its own list.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write the public holidays of a region into a model file, as days without opening hours.

    Comments and layout of the file stay, days that it has already too. The dates are part of the model from then on;
    scoring never asks for holidays. A log keeps the model that it began with, so write the days before `staffel init`.
    Holidays that are none everywhere in the region are not among them: add their dates by hand.
    """
    file = model or read_settings().model
    if file is None:
        raise UsageError("which model? Write --model FILE, or set STAFFEL_MODEL")
    days = holidays_of(region, years)
    added = add_closed_days(file, days, route)
    if as_json:
        print_json({"model": str(file), "added": [day._asdict() for day in added]})
        return
    of_what = f"{region.upper()} {', '.join(map(str, years))}"
    if not added:
        print_line(f"{file}: has all {len(days)} closed days of {of_what} already")
        return
    print_line(f"{file}: {quantity(len(added), 'closed day')} of {of_what} added")
    for day in added:
        print_line(f"  {date.fromisoformat(day.date):%a} {day.date}  {day.name}")


def holidays_of(region: str, years: Sequence[int]) -> list[Holiday]:
    """The public holidays, by date. UsageError names regions like the one asked for."""
    import holidays

    country, _, part = region.strip().upper().partition("-")
    parts = holidays.list_supported_countries(include_aliases=False)
    if country not in parts or (part and part not in map(str.upper, parts[country])):
        raise UsageError(f"no holidays are known for the region {region!r}{near_regions(region, parts)}")
    subdivision = next((name for name in parts[country] if name.upper() == part), None)
    found = holidays.country_holidays(country, subdiv=subdivision, years=years, language=_language_of(country))
    for year in years:
        if not any(day.year == year for day in found):
            raise UsageError(f"no holidays of {region.upper()} are known for {year}")
    return [Holiday(day.isoformat(), " ".join(found[day].split())) for day in sorted(found) if day.year in years]


def _language_of(country: str) -> str | None:
    """English where the names exist in it, else that of the country; never that of this machine."""
    import holidays

    languages = holidays.list_localized_countries(include_aliases=False).get(country, [])
    return _LANGUAGE if _LANGUAGE in languages else None


def near_regions(region: str, parts: dict[str, list[str]]) -> str:
    """`; did you mean …?` with codes like this one, or whose names are."""
    country, _, part = region.strip().upper().partition("-")
    if country in parts:
        codes = {name: code for name, code in _names_of_regions(parts) if code.startswith(f"{country}-")}
        if not codes:
            return f"; {country} has no parts, write {country}"
        return f"; did you mean {_some(_nearest(part, codes) or [f'{country}-{name}' for name in parts[country]])}?"
    near = _nearest(region.strip().upper(), dict(_names_of_regions(parts)))
    return f"; did you mean {_some(near)}?" if near else "; write a code of ISO 3166, for instance DE or US-CA"


def _names_of_regions(parts: dict[str, list[str]]) -> Iterator[tuple[str, str]]:
    """Names and codes -> the code that the command takes."""
    from holidays.registry import COUNTRIES

    for module, (class_name, code, *other_codes) in COUNTRIES.items():
        names = (code, *other_codes, module.replace("_", " ").upper())
        country = getattr(import_module(f"holidays.countries.{module}"), class_name)
        yield from ((name, code) for name in names)
        yield from ((f"{name}-{part}".upper(), f"{code}-{part}") for name in names for part in parts.get(code, ()))
        yield from ((name.upper(), f"{code}-{part}") for name, part in country.subdivisions_aliases.items())


def _nearest(word: str, codes: dict[str, str]) -> list[str]:
    return list(dict.fromkeys(codes[match] for match in get_close_matches(word, list(codes), n=3, cutoff=_LIKENESS)))


def _some(codes: Sequence[str]) -> str:
    return ", ".join(codes[:_MOST_SHOWN]) + (", …" if len(codes) > _MOST_SHOWN else "")


def add_closed_days(file: Path, days: Sequence[Holiday], route: str | None) -> list[Holiday]:
    """Write what the file does not have yet, and return it."""
    text = _text_of(file)
    before = load_model(text, str(file))
    added: set[Holiday] = set()
    for path, known in lists_of_days(before, file, route):
        missing = [day for day in days if day.date not in known]
        added.update(missing)
        text = with_entries(text, str(file), path, missing) if missing else text
    if added:
        if _model_of(text, file) != with_days(before, {day.date for day in days}, route):
            dates = ", ".join(day.date for day in sorted(added))
            raise ProblemFound(f"{file}: its layout leaves no place for the days; add them to `closed`: {dates}")
        _replace(file, text)
    return sorted(added)


def _text_of(file: Path) -> str:
    """The text with the line ends that it has."""
    try:
        return file.read_bytes().decode("utf-8")
    except UnicodeDecodeError:
        raise UsageError(f"{file}: not UTF-8 text") from None


def _model_of(text: str, file: Path) -> ScoringModel | None:
    try:
        return load_model(text, str(file))
    except DocumentError:
        return None


def lists_of_days(model: ScoringModel, file: Path, route: str | None) -> list[tuple[KeyPath, tuple[str, ...]]]:
    """The places of the lists that get the days, and what they hold."""
    level, routes = model.handoff.service_level, model.handoff.routes
    if route is not None:
        found: list[tuple[KeyPath, tuple[str, ...]]] = [
            (("handoff", "routes", number, "closed"), each.closed or ())
            for number, each in enumerate(routes)
            if each.to == route
        ]
        if not found:
            names = ", ".join(dict.fromkeys(each.to for each in routes)) or "none"
            raise UsageError(f"{file}: no route {route!r}; the routes are: {names}")
        return found
    if level is None:
        raise ProblemFound(f"{file}: no handoff.service_level; write one with `accept_within` first")
    return [(_SERVICE_LEVEL, level.closed)]


def with_days(model: ScoringModel, dates: Set[str], route: str | None) -> ScoringModel:
    """The same model with these closed days."""
    handoff = model.handoff
    level, routes = handoff.service_level, handoff.routes
    if route is None and level is not None:
        level = level.model_copy(update={"closed": tuple(sorted({*level.closed, *dates}))})
    if route is not None:
        closed = [tuple(sorted({*(each.closed or ()), *dates})) for each in routes]
        routes = tuple(
            each.model_copy(update={"closed": days}) if each.to == route else each
            for each, days in zip(routes, closed, strict=True)
        )
    return model.model_copy(update={"handoff": handoff.model_copy(update={"service_level": level, "routes": routes})})


def _replace(file: Path, text: str) -> None:
    """In one step, so that no crash leaves half a model."""
    target = file.resolve()
    new = target.with_name(f"{target.name}.new")
    new.write_bytes(text.encode("utf-8"))
    copymode(target, new)
    new.replace(target)
