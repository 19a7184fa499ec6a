"""JSON files as values: what is large is taken in parts, what breaks off is read up to there."""

import itertools
import json
from pathlib import Path

from intake.files.json_values import MANY_ELEMENTS, JsonValue, json_values, split_array
from intake.observation import Rejected


def test_the_items_of_an_array_of_very_many_are_taken_one_by_one() -> None:
    content = b"[" + b"1," * (MANY_ELEMENTS + 1) + b"1]"
    first = list(itertools.islice(split_array("file", content), 3))
    assert first == [JsonValue("file#1", b"1"), JsonValue("file#2", b"1"), JsonValue("file#3", b"1")]


def test_items_taken_one_by_one_are_all_items() -> None:
    items = [{"id": number, "values": list(range(20))} for number in range(MANY_ELEMENTS // 20 + 1)]
    found = list(split_array("file", json.dumps(items).encode()))
    assert [json.loads(item.content)["id"] for item in found if isinstance(item, JsonValue)] == [
        item["id"] for item in items
    ]


def test_a_large_array_that_breaks_off_is_read_up_to_there() -> None:
    content = b"[" + b"1," * (MANY_ELEMENTS + 1) + b'{"a'
    last = list(split_array("file", content))[-2:]
    assert last[0] == JsonValue(f"file#{MANY_ELEMENTS + 1}", b"1")
    assert isinstance(last[1], Rejected)
    assert (last[1].where, last[1].code) == (f"file#{MANY_ELEMENTS + 2}", "bad_json")


def test_a_document_over_several_lines_is_one_value(tmp_path: Path) -> None:
    path = tmp_path / "one.json"
    path.write_text(json.dumps({"a": [1, 2]}, indent=2))
    assert list(json_values(path)) == [JsonValue("one.json", path.read_bytes())]
