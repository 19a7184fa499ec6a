"""Random scoring models as plain content, valid by the rules of the language. Small numbers, so that much happens."""

from typing import Any

from hypothesis import strategies as st

Json = dict[str, Any]

ENGAGEMENT_TYPES = ("email.clicked", "web.form_submitted", "meeting.held", "custom.tracked", "nps.answered")
OTHER_TYPES = (
    "account.updated", "contact.identified", "contact.registered", "email.delivered", "handoff.accepted",
    "handoff.rejected", "opportunity.opened", "opportunity.won", "opportunity.lost",
)  # fmt: skip
ZONES = ("UTC", "Europe/Berlin", "Asia/Kolkata", "America/Santiago", "Pacific/Chatham")
ROLES = ("decision_maker", "user", "unknown")
TRACKS = ("acquisition", "expansion")
URLS = ("/", "/pricing", "https://x.com/pricing/eu?a=b", "/pricing-old", "https://x.com")
FORMS = ("demo", "contact", "contact-demo")
TAGS = ("red", "green", "blue")


def weighted(*choices: tuple[int, st.SearchStrategy[Any]]) -> st.SearchStrategy[Any]:
    """One of several, some more often than others (`one_of` drops repetitions); shrinks to the first."""
    strategies = [strategy for weight, strategy in choices for _ in range(weight)]
    return st.integers(0, len(strategies) - 1).flatmap(strategies.__getitem__)


_PLAIN_LEVEL = {"accept_within": "4 hours", "act_now": "15 minutes", "history": "3d"}
_BUSINESS_LEVEL = {"accept_within": "4 business hours", "hours": "Mon-Fri 09:00-17:00"}
_HOURS: dict[str, float] = {"1h": 1, "5h": 5, "1d": 24, "60h": 60, "14d": 336, "none": float("inf")}

_texts = st.sampled_from(FORMS)
_numbers = st.sampled_from([0, 10, 10.5, 45])

_on_url = st.one_of(
    st.sampled_from(["/", "/pricing", "/pricing/eu"]).map(lambda path: {"path_prefix": path}),
    st.sampled_from(URLS).map(lambda url: {"equals": url}),
    st.just({"contains": "pricing"}),
    st.just({"prefix": "https://"}),
)
_on_form = st.one_of(
    _texts,
    _texts.map(lambda form: {"equals": form}),
    st.lists(_texts, min_size=1, max_size=2, unique=True).map(lambda forms: {"any_of": forms}),
    st.sampled_from(["^con", "demo$", "t-d", "Demo"]).map(lambda pattern: {"matches": pattern}),
    _texts.map(lambda form: {"not": {"equals": form}}),
    st.booleans().map(lambda known: {"exists": known}),
)
_on_minutes = st.one_of(
    _numbers.map(lambda limit: {"above": limit}),
    _numbers.map(lambda limit: {"below": limit}),
    st.tuples(_numbers, _numbers).map(lambda ends: {"between": sorted(ends)}),
    st.just({"above": 5, "below": 40}),
    st.just({"not": {"above": 10}}),
)
_on_tags = st.one_of(
    st.sampled_from(TAGS).map(lambda tag: {"contains": tag}),
    st.lists(st.sampled_from(TAGS), min_size=1, max_size=2, unique=True).map(lambda tags: {"any_of": tags}),
)
_wheres = st.one_of(
    _on_form.map(lambda condition: {"form": condition}),
    _on_url.map(lambda condition: {"url": condition}),
    _on_minutes.map(lambda condition: {"minutes": condition}),
    _on_tags.map(lambda condition: {"properties.tags": condition}),
    st.fixed_dictionaries({"form": _on_form, "minutes": _on_minutes}),
)
_windows = st.sampled_from(["per day", "per week", "per month", "per quarter", "ever"])
_caps = st.builds(
    "{} per {}{} {}".format,
    st.integers(1, 3),
    st.sampled_from(["contact", "account"]),
    st.sampled_from(["", "", " and message", " and properties.tags"]),
    _windows,
)
_field_points = st.fixed_dictionaries(
    {"field": st.just("minutes")}, optional={"times": st.sampled_from([0.5, 2]), "up_to": st.just(30)}
)
_positive_points = weighted((4, st.integers(1, 60)), (1, st.sampled_from([0, 0.1, 2.5])), (1, _field_points))
_negative_points = st.one_of(st.integers(-50, -1), st.just({"field": "minutes", "times": -1, "up_to": 40}))
_most_types = st.lists(st.sampled_from(ENGAGEMENT_TYPES), min_size=3, max_size=5, unique=True)
_types = weighted((4, _most_types), (2, st.sampled_from(ENGAGEMENT_TYPES)), (1, st.sampled_from(OTHER_TYPES)))


@st.composite
def models(draw: st.DrawFn, *, easy: bool = False) -> Json:
    """A valid model; an `easy` one hands accounts over soon, whatever they do."""
    fit = draw(st.none() | _fits())
    content = {
        "model": "random",
        "timezone": draw(st.sampled_from(ZONES)),
        "roles": draw(st.dictionaries(st.sampled_from(ROLES), st.sampled_from([0, 0.5, 1, 2.0]))),
        "tracks": {
            name: draw(_tracks(name, has_fit=fit is not None, easy=easy))
            for name in TRACKS[: draw(st.integers(1, len(TRACKS)))]
        },
        "handoff": draw(
            st.fixed_dictionaries(
                {},
                optional={
                    "recycle_cooldown": st.sampled_from(["1h", "2d", "10d"]),
                    "act_now_hold": st.sampled_from(["5h", "2d"]),
                    "service_level": weighted((3, st.just(_PLAIN_LEVEL)), (1, st.just(_BUSINESS_LEVEL))),
                    "routes": st.just([{"when": {"segment": "big"}, "to": "big"}, {"to": "sdr"}]),
                },
            )
        ),
    }
    return content if fit is None else {**content, "fit": fit}


@st.composite
def _fits(draw: st.DrawFn) -> Json:
    rules = st.one_of(
        _fit_rule("employees", st.sampled_from([{"between": [20, 500]}, {"below": 50}, {"above": 100}])),
        _fit_rule("country", st.sampled_from([{"any_of": ["DE", "NO"]}, {"exists": False}, {"equals": "DE"}])),
        _fit_rule("industry", st.sampled_from([{"equals": "pharma"}, {"not": {"prefix": "ph"}}])),
    )
    fit: Json = {"rules": draw(st.lists(rules, min_size=1, max_size=3))}
    if draw(st.booleans()):
        fit["grades"] = {"A": 60, "B": 30, "C": 0}
    if draw(st.booleans()):
        fit["ceiling"] = 70
    return fit


def _fit_rule(field: str, operators: st.SearchStrategy[Json]) -> st.SearchStrategy[Json]:
    points = st.sampled_from([50, 30, -100])
    return st.builds(lambda operator, gain: {"field": field, **operator, "points": gain}, operators, points)


@st.composite
def _tracks(draw: st.DrawFn, name: str, *, has_fit: bool, easy: bool) -> Json:
    stages = draw(_easy_stages() if easy else _stages(has_fit=has_fit))
    default = draw(st.none() | st.sampled_from(["1d", "14d"]))
    rules = _positive_rules(draw, name, any("handoff" in stage for stage in stages))
    rules += _negative_rules(draw, name, rules)
    if easy:
        rules[0] |= {"on": list(ENGAGEMENT_TYPES), "where": {}, "points": 20}
    for rule in rules:
        _shorten(rule, default, drop=draw(st.booleans()))
    track: Json = {"rules": rules, "stages": stages, "limits": draw(_limits([rule["id"] for rule in rules]))}
    if default is not None:
        track["half_life"] = default
    if draw(st.integers(0, 4)) == 4:
        track["when"] = draw(st.sampled_from([{"customer": False}, {"customer": {"not": True}}, {"segment": "big"}]))
    return track


def _positive_rules(draw: st.DrawFn, track: str, may_act_now: bool) -> list[Json]:
    rules: list[Json] = []
    for number in range(draw(st.integers(1, 4))):
        rule = _rule(draw, f"{track[0]}{number}", _positive_points, rules)
        rule["half_life"] = draw(st.sampled_from(list(_HOURS)))
        if may_act_now and draw(st.integers(0, 3)) == 3:
            rule["act_now"] = True
        rules.append(rule)
    return rules


def _negative_rules(draw: st.DrawFn, track: str, gaining: list[Json]) -> list[Json]:
    """Deductions never fade, or as slowly as the slowest rule of the track."""
    slowest = max((rule["half_life"] for rule in gaining), key=_HOURS.__getitem__)
    rules: list[Json] = []
    for number in range(draw(st.integers(0, 2))):
        rule = _rule(draw, f"{track[0]}x{number}", _negative_points, [*gaining, *rules])
        rule["half_life"] = draw(st.sampled_from(["none", slowest]))
        rules.append(rule)
    return rules


def _rule(draw: st.DrawFn, name: str, points: st.SearchStrategy[Any], earlier: list[Json]) -> Json:
    rule: Json = {"id": name, "on": draw(_types), "points": draw(points)}
    if draw(st.integers(0, 2)) == 2:
        rule["where"] = draw(_wheres)
    if draw(st.booleans()):
        rule["at_most"] = draw(_caps)
    if earlier and draw(st.integers(0, 3)) == 3:
        rule["unless"] = [draw(st.sampled_from(earlier))["id"]]
    return rule


def _shorten(rule: Json, default: str | None, *, drop: bool) -> None:
    """Leave out a half-life that the track's default says anyway."""
    if drop and rule["half_life"] == (default or "none"):
        del rule["half_life"]


def _limits(rules: list[str]) -> st.SearchStrategy[list[Json]]:
    limit = st.fixed_dictionaries(
        {"rules": st.lists(st.sampled_from(rules), min_size=1, max_size=3, unique=True), "at_most": _caps}
    )
    return st.lists(limit, max_size=2)


@st.composite
def _stages(draw: st.DrawFn, *, has_fit: bool) -> list[Json]:
    enters = sorted(draw(st.lists(st.integers(2, 80), min_size=draw(st.integers(0, 2)), max_size=3, unique=True)))
    stages = [_stage(draw, f"s{number}", enter, has_fit=has_fit) for number, enter in enumerate(enters)]
    if stages and draw(st.integers(0, 5)) > 0:
        draw(st.sampled_from(stages))["handoff"] = True
    return stages


@st.composite
def _easy_stages(draw: st.DrawFn) -> list[Json]:
    """Reached by one or two facts, and one of them hands over."""
    enters = sorted(draw(st.lists(st.sampled_from([10, 15, 20, 40, 60]), min_size=1, max_size=3, unique=True)))
    stages = [_stage(draw, f"s{number}", enter, has_fit=False) for number, enter in enumerate(enters)]
    draw(st.sampled_from(stages))["handoff"] = True
    return stages


def _stage(draw: st.DrawFn, name: str, enter: int, *, has_fit: bool) -> Json:
    stage: Json = {"name": name, "enter": enter, "leave": draw(st.sampled_from([enter, enter / 2, 1]))}
    if has_fit and draw(st.booleans()):
        stage["fit"] = draw(st.sampled_from([["A", "B"], ["A", "B", "C", "unknown"], ["D", "unknown"]]))
    if draw(st.integers(0, 2)) == 2:
        stage["contacts"] = draw(st.sampled_from(["1 within 1d", "1 within 3d", "2 within 30d", "1 within 90d"]))
        if draw(st.booleans()):
            stage["small_company"] = {"employees_below": 50, "contacts": draw(st.integers(1, 2))}
    return stage
