"""Files and request bodies of calls: their shapes, and what is too large."""

import json
from pathlib import Path

from intake.observation import Observation, Rejected
from intake.segment import connector as segment
from tests.intake.segment.call_builders import NINE_OCLOCK, call, observe


def test_files_in_all_supported_shapes(tmp_path: Path) -> None:
    calls = [call("page", messageId=f"m{number}") for number in range(3)]
    shapes = {
        "lines": "\n".join(map(json.dumps, calls)),
        "array": json.dumps(calls, indent=1),
        "batch": json.dumps({"batch": calls}, indent=1),
        "batches": "\n".join(json.dumps({"batch": [one]}) for one in calls),
        "arrays": "\n".join(json.dumps([one]) for one in calls),
    }
    for name, text in shapes.items():
        path = tmp_path / name
        path.write_text(text)
        items = list(segment.read(path, name="shop"))
        assert [item.id for item in items if isinstance(item, Observation)] == ["seg:m0", "seg:m1", "seg:m2"], name


def test_a_batch_of_many_megabytes_is_read_call_by_call() -> None:
    calls = [call("page", messageId=f"m{number}", name="x" * 1_000) for number in range(2_000)]
    bodies = [*calls[:3], 3, {"name": "x" * (1 << 20)}, *calls[3:]]
    items = observe({"batch": bodies, "context": {"groupId": "acme"}, "sentAt": NINE_OCLOCK})
    assert len(items) == 2_002
    assert [(item.where, item.code) for item in items if isinstance(item, Rejected)] == [
        ("body#4", "bad_json"),
        ("body#5", "too_large"),
    ]
    assert {item.account_hint for item in items if isinstance(item, Observation)} == {"acme"}


def test_a_call_of_many_megabytes_is_rejected() -> None:
    (rejected,) = observe(call("page", name="x" * (1 << 20)))
    assert isinstance(rejected, Rejected)
    assert rejected.code == "too_large"
