"""Times: ISO 8601 in UTC with milliseconds on the wire, integer milliseconds since 1970 in the code."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

Clock = Callable[[], int]
"""The present instant in milliseconds since 1970; passed by hand, so that tests and replays choose it."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_MAX_CACHED_MINUTES = 200_000
# Caches for both directions: minutes, and the seconds that follow them in a canonical text (at most 60,000).
_DAY_STARTS: dict[str, int] = {}
_MINUTES_OF_DAY: dict[str, int] = {}
_MINUTES: dict[str, int] = {}
_SECONDS: dict[str, int] = {}
_MINUTE_TEXTS: dict[int, str] = {}
_SECOND_TEXTS: dict[int, str] = {}


def parse_time(text: str) -> int:
    """Milliseconds since 1970 of an ISO 8601 instant. ValueError if it is not a time or has no time zone."""
    minute, second = _MINUTES.get(text[:17]), _SECONDS.get(text[17:])
    if minute is None:
        minute = _minute_from_parts(text)
    if minute is None or second is None:
        return _parse_uncached(text)
    return minute + second


def format_time(milliseconds: int) -> str:
    """The canonical form, `2026-01-05T09:12:00.000Z`."""
    minute, second = _MINUTE_TEXTS.get(milliseconds // 60_000), _SECOND_TEXTS.get(milliseconds % 60_000)
    return _format_uncached(milliseconds) if minute is None or second is None else minute + second


def from_datetime(moment: datetime) -> int:
    """Milliseconds since 1970 of an aware datetime, rounded down. ValueError for a naive one."""
    if moment.tzinfo is None:
        raise ValueError("a time needs a time zone, for instance 2026-01-05T09:12:00Z or +01:00")
    return (moment - _EPOCH) // _MILLISECOND


def _format_uncached(milliseconds: int) -> str:
    moment = _EPOCH + milliseconds * _MILLISECOND
    text = f"{moment.replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"
    if len(_MINUTE_TEXTS) > _MAX_CACHED_MINUTES:
        _MINUTE_TEXTS.clear()
    _MINUTE_TEXTS[milliseconds // 60_000] = text[:17]
    _SECOND_TEXTS[milliseconds % 60_000] = text[17:]
    return text


def _minute_from_parts(text: str) -> int | None:
    """From the cached day and the cached minute of the day: facts of a whole year share few whole minutes."""
    day, minute = _DAY_STARTS.get(text[:11]), _MINUTES_OF_DAY.get(text[11:17])
    if day is None or minute is None:
        return None
    return _cache_minute(text[:17], day + minute)


def _cache_minute(text: str, milliseconds: int) -> int:
    if len(_MINUTES) > _MAX_CACHED_MINUTES:
        _MINUTES.clear()
    _MINUTES[text] = milliseconds
    return milliseconds


def _parse_uncached(text: str) -> int:
    milliseconds = from_datetime(datetime.fromisoformat(text))
    if len(text) == 24 and (text[10], text[16], text[19], text[23]) == ("T", ":", ".", "Z"):
        second = _SECONDS[text[17:]] = milliseconds % 60_000
        minute = _MINUTES_OF_DAY[text[11:17]] = milliseconds // 60_000 % 1_440 * 60_000
        if len(_DAY_STARTS) > _MAX_CACHED_MINUTES:
            _DAY_STARTS.clear()
        _DAY_STARTS[text[:11]] = milliseconds - second - minute
        _cache_minute(text[:17], milliseconds - second)
    return milliseconds
