"""The accounts with the highest scores at an instant, without valuing all accounts.

While nothing happens, a positive score only decays, and any other score does not become positive. So the stored score
is an upper bound of the later one, and the search in the order of stored scores can stop as soon as no further account
can enter the list. The valuation itself is that of the fold and passed in.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from heapq import heappush, heapreplace
from typing import Any, NamedTuple

from sqlalchemy import Row

from projections.queries import ReadModelQueries
from schemas import TrackScore

Tracks = Mapping[str, TrackScore]
Valuation = Callable[[bytes, str, int], Tracks]
"""Tracks of an account's state under a model version at an instant (milliseconds), the model's first track first."""

_BATCH_SIZE = 100


class RankedAccount(NamedTuple):
    """The stored row of an account, and its tracks at the requested instant."""

    row: Row[Any]
    tracks: Tracks

    @property
    def score(self) -> float:
        return first_track(self.tracks).score


def first_track(tracks: Tracks) -> TrackScore:
    return next(iter(tracks.values()))


def top_accounts(
    queries: ReadModelQueries, valuation: Valuation, at: int, limit: int, stage: str | None = None
) -> list[RankedAccount]:
    """The `limit` accounts with the highest score in their first track at `at`; with `stage`, only those in that stage.

    No account enters a stage by the passing of time, so with `stage` only accounts in a stage are valued.
    """
    rows = _candidate_rows(queries, staged=stage is not None)
    valued = ((row.score, _ranked(valuation, row, at)) for row in rows)
    return highest_ranked(((bound, each) for bound, each in valued if _is_in_stage(each, stage)), limit)


def _candidate_rows(queries: ReadModelQueries, *, staged: bool) -> Iterator[Row[Any]]:
    statement = queries.accounts_by_score(in_stage=staged).execution_options(yield_per=_BATCH_SIZE)
    with queries.connection.execute(statement) as rows:
        yield from rows


def _ranked(valuation: Valuation, row: Row[Any], at: int) -> RankedAccount:
    return RankedAccount(row, valuation(row.state, row.model, at))


def _is_in_stage(account: RankedAccount, stage: str | None) -> bool:
    return stage is None or first_track(account.tracks).stage == stage


def highest_ranked(candidates: Iterable[tuple[float, RankedAccount]], limit: int) -> list[RankedAccount]:
    """The highest of accounts that come in descending order of their stored scores."""
    heap: list[tuple[float, int, RankedAccount]] = []
    for rank, (bound, account) in enumerate(candidates):
        if len(heap) == limit and max(bound, 0.0) <= heap[0][0]:
            break
        entry = (account.score, -rank, account)
        if len(heap) < limit:
            heappush(heap, entry)
        elif entry > heap[0]:
            heapreplace(heap, entry)
    return [account for _, _, account in sorted(heap, reverse=True)]
