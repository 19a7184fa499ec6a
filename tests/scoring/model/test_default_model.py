"""What the model counts that a new log begins with."""

from pathlib import Path

from scoring.model.loading import load_model
from scoring.plan.compiler import compile_model
from tests.scoring.fold_runner import VERSION, fact, fold_report

MODEL = load_model((Path(__file__).parents[3] / "scoring" / "models" / "default.yaml").read_text("utf-8"))


def test_first_mails_count_once_per_contact_and_twice_per_account_in_a_week() -> None:
    writers = ["c_a", "c_a", "c_b", "c_c"]
    mails = [fact(f"f{day}", f"2026-01-0{day}T09:00:00Z", "email.received", who) for day, who in enumerate(writers, 5)]
    lines = fold_report(compile_model(MODEL, VERSION), mails, "2026-01-08T09:00:00Z")["tracks"]["acquisition"]["lines"]
    assert [(line["event"], line["points"], line["cut"]) for line in lines] == [
        ("f5", 15, None),
        ("f6", 15, "first_mail: 1 per contact per week"),
        ("f7", 15, None),
        ("f8", 15, "limits[1]: 2 per account per week"),
    ]
