"""An account as JSON: the top level repeats the first track."""

from audit.accounts_as_of import account_json_of_fold
from audit.replay import digest
from tests.scoring import model_builders as models
from tests.scoring.fold_runner import ACME, VERSION, fact, fold_facts, plan_of

MODEL = {
    "model": "shapes",
    "tracks": {
        "acquisition": models.track(models.rule("reply"), stages=[models.stage("engaged", 5, 1)]),
        "expansion": models.track(models.rule("use", on="product.used", points=3)),
    },
}


def test_score_stage_and_breadth_are_those_of_the_first_track() -> None:
    facts = [
        fact("f1", "2026-01-05T09:00:00Z", "email.replied"),
        fact("f2", "2026-01-05T10:00:00Z", "product.used"),
        fact("f3", "2026-01-05T10:00:00Z", "account.updated", None, data={"name": "Acme"}),
    ]
    plan = plan_of(MODEL)
    account = fold_facts(plan, facts).accounts[ACME]
    track = {"falls_at": None, "crossings": 0, "cooling_until": None, "act_now_until": None}
    assert account_json_of_fold(account, plan) == {
        "account": ACME,
        "name": "Acme",
        "stage": "engaged",
        "score": 10.0,
        "fit": {"points": 0.0, "grade": "unknown"},
        "breadth": 1,
        "tracks": {
            "acquisition": {"score": 10.0, "stage": "engaged", "breadth": 1, **track},
            "expansion": {"score": 3.0, "stage": None, "breadth": 1, **track},
        },
        "as_of": "2026-01-05T10:00:00.000Z",
        "seq": 3,
        "model": VERSION,
    }
    assert len(digest(account)) == 32
