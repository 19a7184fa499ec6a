"""Facts that are scored, projected and published, and what a campaign tool makes of the topic `suppressions`."""

import json
from typing import Any

import msgspec

from audit.replay import recomputed_updates
from projections.rebuild import rebuild
from schemas.envelope import record_id
from schemas.handoff_events import SUPPRESSION_ENDED, SUPPRESSION_EVENTS, SUPPRESSION_STARTED
from schemas.times import format_time, parse_time
from schemas.topics import ENGAGEMENT, SUPPRESSIONS
from streams.activation import activate
from streams.log import NewRecord
from streams.scorer.embedded import Scorer
from tests.projections.world import World, run_until_idle
from tests.scoring import model_builders as models
from tests.scoring.fold_runner import ACME, Json, fact

FIRST_DAY = parse_time("2026-01-05T09:00:00Z")
DAY = 24 * 3_600_000
HANDOFF = f"{ACME}/acquisition/1"
EXPANSION = f"{ACME}/expansion/1"
Holds = set[tuple[str | None, str]]


def day(number: float) -> str:
    return format_time(FIRST_DAY + round(number * DAY))


def model_text(suppress: str | None = None) -> str:
    """A click earns 60, a use of the product 100 in another track; the stage is entered at 100."""
    expansion = models.track(
        models.rule("use", on="product.used", points=100), stages=[models.stage(handoff=True, leave=50)]
    )
    handoff = {"recycle_cooldown": "30d", **({"suppress": suppress} if suppress else {})}
    content = models.content(
        models.rule(on="email.clicked", points=60), stages=(models.stage(handoff=True),), model={"handoff": handoff}
    )
    content["tracks"]["expansion"] = expansion
    return json.dumps(content)


class CampaignWorld:
    """Every call of `record` tells facts, one day after another, and runs the system until it has nothing to do."""

    def __init__(self, world: World, suppress: str | None = None, batch: int = 20_000) -> None:
        self.world, self._batch = world, batch
        self.today = 0
        activate(world.log, lambda: (model_text(suppress), "model.yaml"), lambda: FIRST_DAY)

    def record(self, *types: str | tuple[str, Json]) -> "CampaignWorld":
        """Facts by type; with fields of the envelope, or content as `data`. Without a contact it is c_a."""
        self.append(*types)
        return self.run()

    def append(self, *types: str | tuple[str, Json]) -> None:
        facts = []
        for given in types:
            type_, fields = (given, {}) if isinstance(given, str) else given
            self.today += 1
            id = fields.pop("id", f"f{self.today}")
            facts.append(fact(id, fields.pop("time", day(self.today)), type_, **fields))
        records = [NewRecord(f["subject"], msgspec.json.encode(f), record_id(f["source"], f["id"])) for f in facts]
        self.world.log.append(ENGAGEMENT, records)

    def run(self) -> "CampaignWorld":
        self.score()
        self.world.project().run_reactors()
        return self

    def score(self) -> None:
        run_until_idle(Scorer(self.world.log, 0, self._batch).advance)

    def decide(self, *statuses: str, handoff: str = HANDOFF, **data: Any) -> "CampaignWorld":
        for status in statuses:
            self.record((f"handoff.{status}", {"contact": None, "data": {"handoff": handoff, "by": "sam", **data}}))
        return self

    def hand_over(self) -> "CampaignWorld":
        """Two people click: a handoff opens with both in its evidence."""
        return self.record("email.clicked", ("email.clicked", {"contact": "c_b"}))

    def events(self) -> list[Json]:
        """What was published, each as its schema wants it."""
        published = [msgspec.json.decode(record.value) for record in self.world.records_of_topic(SUPPRESSIONS)]
        for each in published:
            SUPPRESSION_EVENTS[each["type"]].model_validate_json(msgspec.json.encode(each["data"]))
        return published

    def holds(self) -> Holds:
        """(contact, reason) of what holds for a reader of the topic."""
        held: dict[str, tuple[str | None, str]] = {}
        for event in self.events():
            data = event["data"]
            if event["type"] == SUPPRESSION_STARTED:
                held[data["suppression"]] = (data["contact"], data["reason"])
            elif event["type"] == SUPPRESSION_ENDED:
                del held[data["suppression"]]
        return set(held.values())

    def rows(self) -> list[Any]:
        return self.world.rows("suppressions")

    def rebuild(self) -> None:
        rebuild(self.world.engine, self.world.log, lambda partition: recomputed_updates(self.world.log, partition, 3))
