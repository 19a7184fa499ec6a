"""Errors in a model: each with place, key and what was expected, all at once."""

from typing import Any

import pytest

from tests.scoring.model_builders import Content, content, problems_of_content, problems_of_text, rule, stage

KEY = "tracks.acquisition"
FIT = {"fit": {"rules": [{"field": "country", "equals": "DE", "points": 80}]}}


def problems_of_rules(*rules: Content, **parts: Any) -> list[str]:
    return problems_of_content(content(*rules, **parts))


def two_tracks(one: Content, other: Content) -> Content:
    return {"model": "m", "tracks": {"a": {"rules": [one]}, "b": {"rules": [other]}}}


def test_a_rule_id_stands_once_in_a_model() -> None:
    assert problems_of_rules(rule("a"), rule("a")) == [
        f"{KEY}.rules[1].id: rule id 'a' is already used in track 'acquisition'"
    ]
    assert problems_of_content(two_tracks(rule("x"), rule("x"))) == [
        "tracks.b.rules[0].id: rule id 'x' is already used in track 'a'"
    ]


def test_unless_names_rules_of_its_own_track() -> None:
    assert problems_of_rules(rule("reply"), rule("b", unless=["repli"])) == [
        f"{KEY}.rules[1].unless[0]: unknown rule 'repli' (did you mean 'reply'?)"
    ]
    assert problems_of_content(two_tracks(rule("x"), rule("y", unless=["x"]))) == [
        "tracks.b.rules[0].unless[0]: rule 'x' belongs to track 'a'; name a rule of this track"
    ]


def test_unless_may_form_a_chain_but_no_cycle() -> None:
    chain = [rule("a", unless=["b", "c"]), rule("b", unless=["c"]), rule("c")]
    assert problems_of_rules(*chain) == []
    assert problems_of_rules(rule("a", unless=["b"]), rule("b", unless=["c"]), rule("c", unless=["a"])) == [
        f"{KEY}.rules[0].unless: cycle: a -> b -> c -> a; remove one of them",
        f"{KEY}.rules[1].unless: cycle: b -> c -> a -> b; remove one of them",
        f"{KEY}.rules[2].unless: cycle: c -> a -> b -> c; remove one of them",
    ]
    assert problems_of_rules(rule("a", unless=["a"])) == [f"{KEY}.rules[0].unless: cycle: a -> a; remove one of them"]


def test_a_stage_is_left_at_or_below_where_it_is_entered_and_above_zero() -> None:
    assert problems_of_rules(stages=(stage(enter=40, leave=40),)) == []
    assert problems_of_rules(stages=(stage(enter=40, leave=50),)) == [
        f"{KEY}.stages[0].leave: 50 is above enter (40); write at most that"
    ]
    assert problems_of_rules(stages=(stage(enter=40, leave=0),)) == [
        f"{KEY}.stages[0].leave: 0 must be above 0, or decay alone could never end the stage"
    ]


def test_stages_rise() -> None:
    assert problems_of_rules(stages=(stage("a", 40, 30), stage("b", 40, 30))) == [
        f"{KEY}.stages[1].enter: 40 must be above that of 'a' (40)"
    ]


def test_a_track_has_one_handoff_stage_and_stages_have_names_of_their_own() -> None:
    assert problems_of_rules(stages=(stage("a", 40, 30, handoff=True), stage("b", 50, 30, handoff=True))) == [
        f"{KEY}.stages[1].handoff: 'a' is already the handoff stage; a track has only one"
    ]
    assert problems_of_rules(stages=(stage("a", 40, 30), stage("a", 50, 30))) == [
        f"{KEY}.stages[0].name: duplicate stage name 'a'",
        f"{KEY}.stages[1].name: duplicate stage name 'a'",
    ]


def test_act_now_needs_a_handoff_stage_in_its_track() -> None:
    assert problems_of_rules(rule(act_now=True), stages=(stage(handoff=True),)) == []
    assert problems_of_rules(rule(act_now=True), stages=(stage(),)) == [
        f"{KEY}.rules[0].act_now: this track has no stage with `handoff: true`"
    ]


def test_fit_is_asked_for_only_where_there_are_fit_rules() -> None:
    assert problems_of_rules(stages=(stage(fit=["A", "D", "unknown"]),), model=FIT) == []
    assert problems_of_rules(stages=(stage(fit=["A"]),)) == [
        f"{KEY}.stages[0].fit: needs fit rules; add `fit:` to the model"
    ]
    assert problems_of_rules(stages=(stage(fit=["A", "E"]),), model=FIT) == [
        f"{KEY}.stages[0].fit[1]: unknown grade 'E'; this model has A, B, C, D, unknown"
    ]


@pytest.mark.parametrize("half_life", ["30d", "none", "90d"])
def test_a_deduction_may_fade_with_the_slowest_of_its_track_or_never(half_life: str) -> None:
    assert (
        problems_of_rules(
            rule("a", half_life="14d"), rule("b", half_life="30d"), rule("c", points=-1, half_life=half_life)
        )
        == []
    )


@pytest.mark.parametrize("points", [-1, {"field": "minutes", "times": -2}])
def test_a_deduction_never_fades_faster_than_what_it_takes_from(points: Any) -> None:
    message = (
        "a deduction must not decay faster than the points it reduces: write `half_life: {}`, not 14d, "
        "or the score would rise while nothing happens"
    )
    fast = rule("c", points=points, half_life="14d")
    assert problems_of_rules(rule("a", half_life="30d"), fast) == [
        f"{KEY}.rules[1].half_life: {message.format('30d or none')}"
    ]
    assert problems_of_rules(rule("a"), rule("b", half_life="30d"), fast) == [
        f"{KEY}.rules[2].half_life: {message.format('none')}"
    ]


def test_a_deduction_that_takes_too_fast_a_default_is_refused_too() -> None:
    assert [
        one.partition(":")[0]
        for one in problems_of_rules(rule("a", half_life="60d"), rule("b", points=-1), half_life="30d")
    ] == [f"{KEY}.rules[1].half_life"]


@pytest.mark.parametrize("pattern", ["a(?=b)", "(a", "a{2000}", r"(a)\1", "[z-a]"])
def test_a_pattern_that_re2_refuses_is_refused(pattern: str) -> None:
    [message] = problems_of_rules(rule(where={"url": {"matches": pattern}}))
    assert message.startswith(f"{KEY}.rules[0].where.url.matches: {pattern!r} is not a valid RE2 pattern: ")


@pytest.mark.parametrize(
    ("half_life", "message"),
    [
        ("0h", "'0h' is too short; write at least 1h, or `none` for no decay"),
        ("0.5h", "'0.5h' is not a whole number of hours"),
        ("2 weeks", "'2 weeks' is not a valid duration; write hours or days, for instance 36h or 30d"),
        ("-3d", "'-3d' is not a valid duration; write hours or days, for instance 36h or 30d"),
        (30, "30 has no unit; write 30h or 30d"),
        ("999999d", "'999999d' is more than a hundred years; write `none` for no decay"),
    ],
)
def test_a_half_life_is_whole_hours(half_life: Any, message: str) -> None:
    assert problems_of_rules(rule(half_life=half_life)) == [f"{KEY}.rules[0].half_life: {message}"]


@pytest.mark.parametrize(
    "cap",
    ["1 per day", "1 per contact", "1 per contact per ever", "x per contact per day", "1 per contact per year", "-1"],
)  # fmt: skip
def test_what_is_no_cap_is_refused(cap: str) -> None:
    [message] = problems_of_rules(rule(at_most=cap))
    assert message.startswith(f"{KEY}.rules[0].at_most: {cap!r} is not a valid cap; write `N per contact|account")


def test_rules_name_known_facts_without_version_and_no_control_facts() -> None:
    assert problems_of_rules(
        rule(on=["email.repliedd", "web.page_viewed.v1", "review.due", "score.adjusted", "zzz"])
    ) == [
        f"{KEY}.rules[0].on: unknown event type 'email.repliedd' (did you mean 'email.replied'?)",
        f"{KEY}.rules[0].on: unknown event type 'web.page_viewed.v1'; write 'web.page_viewed', it matches any version",
        f"{KEY}.rules[0].on: review.due controls the scoring and cannot earn points",
        f"{KEY}.rules[0].on: score.adjusted controls the scoring and cannot earn points",
        f"{KEY}.rules[0].on: unknown event type 'zzz'",
    ]


def test_limits_name_rules_of_their_track_once() -> None:
    assert problems_of_rules(limits=[{"rules": ["reply", "reply", "x"], "at_most": "1 per contact ever"}]) == [
        f"{KEY}.limits[0].rules[1]: rule 'reply' is listed twice",
        f"{KEY}.limits[0].rules[2]: unknown rule 'x'",
    ]


def test_weights_are_numbers_of_zero_or_more() -> None:
    assert problems_of_rules(model={"roles": {"user": -0.5, "champion": "2"}}) == [
        "roles.user: must be greater than or equal to 0, not -0.5",
        "roles.champion: must be a number, not '2'",
    ]


def test_a_time_zone_is_one_that_exists() -> None:
    assert problems_of_rules(model={"timezone": "Europe/Berln"}) == [
        "timezone: unknown time zone 'Europe/Berln' (did you mean 'Europe/Berlin'?); "
        "write an IANA name, for instance Europe/Berlin"
    ]


def test_grades_ask_for_fewer_points_the_lower_they_are() -> None:
    fit = {"rules": [{"field": "country", "equals": "DE", "points": 1}], "grades": {"A": 50, "B": 50}}
    assert problems_of_rules(model={"fit": fit}) == ["fit.grades.B: B must require fewer points than A (50)"]


def test_the_small_company_is_an_exception_to_something() -> None:
    assert problems_of_rules(stages=(stage(small_company={"employees_below": 20, "contacts": 1}),)) == [
        f"{KEY}.stages[0].small_company: needs `contacts`, to which it is an exception"
    ]


NO_CONDITION_PROBLEM = "empty condition; write a value or an operator, or `exists: false` for a missing field"
EQUALS_NULL_PROBLEM = "`equals` has no value; write `exists: false` for a missing field"


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ({"url": {}}, f"where.url: {NO_CONDITION_PROBLEM}"),
        ({"url": None}, f"where.url: {NO_CONDITION_PROBLEM}"),
        ({"url": {"equals": None}}, f"where.url: {EQUALS_NULL_PROBLEM}"),
        ({"url": {"path_prefx": "/"}}, "where.url.path_prefx: unknown key (did you mean 'path_prefix'?)"),
        ({"url": {"any_of": []}}, "where.url.any_of: must not be empty"),
        ({"n": {"above": "1"}}, "where.n.above: must be a number, not '1'"),
        ({"n": {"between": [3, 1]}}, "where.n.between: [3.0, 1.0] is an empty range; write the smaller number first"),
        ({"n": {"exists": "no"}}, "where.n.exists: must be true or false, not 'no'"),
    ],
)  # fmt: skip
def test_a_condition_is_a_value_or_known_operators(where: Content, message: str) -> None:
    assert problems_of_rules(rule(where=where)) == [f"{KEY}.rules[0].{message}"]


@pytest.mark.parametrize("name", ["", "a b", "~account", "a/b", "x" * 65, "ä", "a\n", "-a"])
def test_names_keep_to_plain_signs(name: str) -> None:
    message = problems_of_content({"model": name, "tracks": {name: {"rules": [rule(name)]}}})
    assert len(message) == 3
    assert all("is not a valid name" in one for one in message)


def test_a_model_needs_a_name_and_a_track_and_a_track_a_rule() -> None:
    assert problems_of_content({}) == ["model: is missing", "tracks: is missing"]
    assert problems_of_content({"model": "m", "tracks": {}}) == ["tracks: must not be empty"]
    assert problems_of_content({"model": "m", "tracks": {"a": {"rules": []}}}) == ["tracks.a.rules: must not be empty"]


BROKEN = """\
model: medtech
timezone: Europe/Berlin
rolles: {user: 1}
tracks:
  acquisition:
    half_life: 30d
    rules:
      - {id: page, on: web.page_viewed, points: ten}
      - {id: reply, on: email.replied, points: 15, unless: [pages]}
      - {id: out, on: email.unsubscribed, points: -15, half_life: 10d}
    stages:
      - {name: sqa, enter: 80, leave: 100}
  expansion:
    rules:
      - {id: use, on: product.used, points: 1, act_now: true}
"""


def test_all_problems_come_at_once_each_with_its_line() -> None:
    assert problems_of_text(BROKEN) == [
        "m.yaml:3: rolles: unknown key (did you mean 'roles'?)",
        "m.yaml:8: tracks.acquisition.rules[0].points: must be a number or a mapping, not 'ten'",
        "m.yaml:9: tracks.acquisition.rules[1].unless[0]: unknown rule 'pages' (did you mean 'page'?)",
        "m.yaml:12: tracks.acquisition.stages[0].leave: 100 is above enter (80); write at most that",
        "m.yaml:15: tracks.expansion.rules[0].act_now: this track has no stage with `handoff: true`",
    ]


def test_what_depends_on_an_unreadable_part_is_not_guessed_at() -> None:
    stages = (stage(enter="x", handoff=True),)
    assert problems_of_rules(rule(act_now=True), stages=stages) == [f"{KEY}.stages[0].enter: must be a number, not 'x'"]
    assert problems_of_rules(rule(3), rule("b", points=-1, half_life="1h")) == [
        f"{KEY}.rules[0].id: must be text, not 3"
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "m.yaml:1: a model is a mapping; begin with `model: NAME`"),
        ("- a", "m.yaml:1: a model is a mapping; begin with `model: NAME`"),
        ("a: [", "m.yaml:1: invalid YAML: expected the node content, but found '<stream end>'"),
        ("model: m\nmodel: n", "m.yaml:2: model: duplicate key"),
        ("a: &x [1]\nb: *x", "m.yaml:1: b: aliases (`*name`) are not supported; write the value out"),
        ("a: &x [*x]", "m.yaml:1: a[0]: aliases (`*name`) are not supported; write the value out"),
        ("a: !!python/name:o x", "m.yaml:1: a: tag:yaml.org,2002:python/name:o is not supported; write plain values"),
        ("1: 2", "m.yaml:1: the key '1' is not text; put it in quotes"),
        ("a: 99999999999999999999", "m.yaml:1: a: '99999999999999999999' cannot be used"),
        ('a: "\\0"', "m.yaml:1: a: '\\x00' cannot be used"),
        ("a: \0", "m.yaml: invalid YAML: unacceptable character #x0000: special characters are not allowed"),
        ("a: " + "[" * 2000, "m.yaml: invalid YAML: nested too deeply"),
        ("a: " + "[" * 20 + "]" * 20, "m.yaml:1: a" + "[0]" * 12 + ": nested deeper than 12 levels"),
        ("#" * 200_000, "m.yaml: the file is larger than 128 KiB"),
    ],
    ids=lambda text: repr(text[:12]),
)  # fmt: skip
def test_what_is_no_plain_yaml_is_refused(text: str, message: str) -> None:
    assert problems_of_text(text) == [message]


def test_points_and_weights_stay_where_sums_are_exact() -> None:
    most = "must be less than or equal to 1000000000"
    assert problems_of_rules(rule("a", points=1e9), rule("b", points=-1e9)) == []
    assert problems_of_rules(rule("a", points=1e10)) == [f"{KEY}.rules[0].points: {most}, not 10000000000.0"]
    assert problems_of_content(content(rule("a"), model={"roles": {"user": 1e300}})) == [
        f"roles.user: {most}, not 1e+300"
    ]
