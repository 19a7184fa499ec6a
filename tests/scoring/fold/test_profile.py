"""What firmographics do to fit, and what claimed domains do not."""

from tests.scoring import model_builders as models
from tests.scoring.fold_runner import ACME, fact, fold_facts, plan_of, record_of
from tests.streams.scorer.memory_partition import MemoryPartition

NINE_OCLOCK = "2026-01-05T09:00:00Z"
MODEL = {
    **models.content(models.rule(on="email.clicked")),
    "fit": {"rules": [{"field": "domains", "contains": "acme.org", "points": 90}]},
}


def test_a_claimed_domain_is_shown_but_no_firmographic_field() -> None:
    known = fact("f", NINE_OCLOCK, "account.registered", None, data={"domains": ["acme.com"]})
    claimed = fact("g", NINE_OCLOCK, "account.domain_claimed", None, data={"domain": "acme.org"})
    account = fold_facts(plan_of(MODEL), [known, claimed]).accounts[ACME]
    assert (account.grade, account.claimed_domains) == ("D", ["acme.org"])


def test_fit_is_the_same_after_a_recovery() -> None:
    claimed = fact("g", NINE_OCLOCK, "account.domain_claimed", None, data={"domain": "acme.org"})
    partition = MemoryPartition(plan_of(MODEL)).score([record_of(claimed, 1)])
    assert partition.recover().fold.account(ACME).grade == "unknown"
