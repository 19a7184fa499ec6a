"""Firmographics and the grade of fit. Never looks at engagement."""

from typing import Any

import msgspec

from scoring.fold.state import Account
from scoring.plan.fields import Fact
from scoring.plan.plan import FitPlan, Plan

UNKNOWN = "unknown"
LOWEST = "D"


def update_profile(account: Account, fact: Fact, time: int, raw: bytes, plan: Plan) -> int:
    """Per field the newest (`time`, id) holds; null forgets, an absent field keeps (scoring.md 14)."""
    changed = False
    for field, value in content_of(raw).items():
        known = account.profile.get(field)
        if field in plan.profile_fields and (known is None or (time, fact.id) > known[1:]):
            account.profile[field] = (value, time, fact.id)
            changed = True
    if not changed:
        return 0
    if account.outcome:
        account.outcome.profile = True
    grade(account, plan)
    return (1 << len(plan.tracks)) - 1


def content_of(raw: bytes) -> dict[str, Any]:
    """The whole `data` of a record."""
    content = msgspec.json.decode(raw).get("data")
    return content if isinstance(content, dict) else {}


def grade(account: Account, plan: Plan) -> None:
    """Bring fit and size to the profile as it is now."""
    profile = firmographics(account)
    account.small = profile.get("employees")
    account.fit, account.grade = fit_of(profile, plan.fit) if plan.fit else (0.0, UNKNOWN)


def firmographics(account: Account) -> dict[str, Any]:
    """field -> value, of the fields that are known: what fit, `when` and routes ask."""
    return {field: value for field, (value, _, _) in account.profile.items() if value is not None}


def known_profile(account: Account) -> dict[str, Any]:
    """The same for people to see: claimed domains stand among the domains."""
    profile = firmographics(account)
    if account.claims:
        domains = profile.get("domains")
        own = domains if isinstance(domains, list) else []
        profile["domains"] = own + [domain for domain in account.claims if domain not in own]
    return profile


def fit_of(profile: dict[str, Any], fit: FitPlan) -> tuple[float, str]:
    """Points and grade (scoring.md 17): unknown while no field that a rule reads is known."""
    if all(read(profile) is None for read in fit.reads):
        return 0.0, UNKNOWN
    points = sum(points for test, points in fit.rules if test(profile))
    if fit.ceiling is not None:
        points = min(points, fit.ceiling)
    return points, next((grade for bound, grade in fit.grades if points >= bound), LOWEST)
