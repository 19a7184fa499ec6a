"""The highest accounts at an instant, without valuing them all. Never scores: the fold's own valuation is passed in.

A positive score only falls while nothing happens, and one that is not positive never becomes so. So the stored score
bounds what it is worth later, and the walk in stored order ends as soon as nothing below can rise into the list.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from heapq import heappush, heapreplace
from typing import Any, NamedTuple

from sqlalchemy import Row

from projections.queries import Questions
from schemas.scores import TrackScore

Tracks = Mapping[str, TrackScore]
Value = Callable[[bytes, str, int], Tracks]
"""Tracks of an account's state under a model version at an instant (milliseconds), the model's first track first."""

_AT_ONCE = 100


class Standing(NamedTuple):
    """An account's row as stored, and its tracks at the instant asked for."""

    row: Row[Any]
    tracks: Tracks

    @property
    def score(self) -> float:
        return first_track(self.tracks).score


def first_track(tracks: Tracks) -> TrackScore:
    return next(iter(tracks.values()))


def top_accounts(questions: Questions, value: Value, at: int, limit: int, stage: str | None = None) -> list[Standing]:
    """The `limit` highest by their first track's score at `at`, all of them in `stage` where one is given.

    Time alone lets no account enter a stage, so one without a stage is not valued where a stage is asked for.
    """
    rows = _rows(questions, staged=stage is not None)
    valued = ((row.score, _standing(value, row, at)) for row in rows)
    return highest(((bound, each) for bound, each in valued if _is_in(each, stage)), limit)


def _rows(questions: Questions, *, staged: bool) -> Iterator[Row[Any]]:
    statement = questions.accounts_by_score(staged=staged).execution_options(yield_per=_AT_ONCE)
    with questions.connection.execute(statement) as rows:
        yield from rows


def _standing(value: Value, row: Row[Any], at: int) -> Standing:
    return Standing(row, value(row.state, row.model, at))


def _is_in(standing: Standing, stage: str | None) -> bool:
    return stage is None or first_track(standing.tracks).stage == stage


def highest(bounded: Iterable[tuple[float, Standing]], limit: int) -> list[Standing]:
    """Of standings with their stored scores, in falling order of these: the highest now."""
    kept: list[tuple[float, int, Standing]] = []
    for place, (bound, standing) in enumerate(bounded):
        if len(kept) == limit and max(bound, 0.0) <= kept[0][0]:
            break
        entry = (standing.score, -place, standing)
        if len(kept) < limit:
            heappush(kept, entry)
        elif entry > kept[0]:
            heapreplace(kept, entry)
    return [standing for _, _, standing in sorted(kept, reverse=True)]
