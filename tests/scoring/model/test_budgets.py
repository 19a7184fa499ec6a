"""What a model may cost to load: the size of its patterns, and the references between its rules."""

import pytest

from schemas import DocumentError
from scoring.model import load_model, model_from_dict
from scoring.model.patterns import MAX_INSTRUCTIONS
from tests.scoring.model_builders import content, problems_of_content, rule

ROOT = """model: m
tracks:
  a:
    half_life: 30d
    stages: [{name: s, enter: 40, leave: 25}]
    rules:
"""


def model_of_patterns(pattern: str, number: int) -> str:
    lines = (
        f"      - {{id: r{i}, on: web.page_viewed, where: {{url: {{matches: '{pattern}{i}'}}}}, points: 1}}\n"
        for i in range(number)
    )
    return ROOT + "".join(lines)


def test_patterns_as_people_write_them_are_far_below_the_budget() -> None:
    text = model_of_patterns("(?i)^https?://[^/]+/(de|en)/(pricing|preise)/.{0,40}", 200)
    assert len(load_model(text).tracks["a"].rules) == 200


def test_the_pattern_with_which_all_exceed_the_budget_is_named_with_the_way_out() -> None:
    with pytest.raises(DocumentError) as caught:
        load_model(model_of_patterns(r"\pL{1,60}x", 200))
    [problem] = caught.value.problems
    assert (problem.line, problem.key) == (13, "tracks.a.rules[6].where.url.matches")
    assert problem.message.startswith(r"with '\\pL{1,60}x6' the patterns of this model compile to ")
    assert f"at most {MAX_INSTRUCTIONS:,} are allowed; write smaller repetitions" in problem.message


def test_patterns_that_are_too_large_each_cost_as_much_as_the_largest() -> None:
    with pytest.raises(DocumentError) as caught:
        load_model(model_of_patterns(r"(?i)(\pL{1,200}x){1,4}", 1_000))
    [problem] = caught.value.problems
    assert problem.key == "tracks.a.rules[2].where.url.matches"


def test_one_pattern_that_is_too_large_is_told_as_such() -> None:
    with pytest.raises(DocumentError, match="pattern too large"):
        load_model(model_of_patterns(r"(?i)(\pL{1,200}x){1,4}", 1))


def test_a_model_that_a_log_has_counted_with_is_loaded_whatever_it_costs() -> None:
    rules = [rule(f"r{i}", where={"url": {"matches": rf"\pL{{1,60}}x{i}"}}) for i in range(8)]
    assert len(model_from_dict(content(*rules)).tracks["acquisition"].rules) == 8


def test_a_chain_of_many_rules_is_no_cycle() -> None:
    chain = [rule(f"r{i}", unless=[f"r{i + 1}"]) for i in range(999)]
    assert problems_of_content(content(*chain, rule("r999"))) == []


def test_of_a_long_cycle_fifty_rules_and_the_ends_of_each_path_are_shown() -> None:
    problems = problems_of_content(content(*(rule(f"r{i}", unless=[f"r{(i + 1) % 500}"]) for i in range(500))))
    assert len(problems) == 50
    assert problems[0].endswith(
        "cycle: r0 -> r1 -> r2 -> r3 -> r4 -> r5 -> r6 -> r7 -> r8 -> r9 -> … -> r0; remove one of them"
    )


def test_a_rule_between_two_cycles_is_part_of_none() -> None:
    rules = [rule("a", unless=["a", "b"]), rule("b", unless=["c"]), rule("c", unless=["c"])]
    assert [problem.partition(": cycle")[0] for problem in problems_of_content(content(*rules))] == [
        "tracks.acquisition.rules[0].unless",
        "tracks.acquisition.rules[2].unless",
    ]
