"""Firmographics and the grade of fit. Never looks at engagement."""

from typing import Any

import msgspec

from scoring.fold.state import Account
from scoring.plan.fields import DecodedFact
from scoring.plan.plan import FitPlan, Plan

UNKNOWN_GRADE = "unknown"
LOWEST_GRADE = "D"


def update_profile(account: Account, fact: DecodedFact, time: int, raw: bytes, plan: Plan) -> int:
    """Per field the newest (`time`, id) holds; null forgets, an absent field keeps (scoring.md 14)."""
    changed = False
    for field, value in decode_data(raw).items():
        current = account.profile.get(field)
        if field in plan.profile_fields and (current is None or (time, fact.id) > current[1:]):
            account.profile[field] = (value, time, fact.id)
            changed = True
    if not changed:
        return 0
    if account.pending_changes:
        account.pending_changes.profile = True
    update_fit(account, plan)
    return (1 << len(plan.tracks)) - 1


def decode_data(raw: bytes) -> dict[str, Any]:
    """The whole `data` of a record."""
    content = msgspec.json.decode(raw).get("data")
    return content if isinstance(content, dict) else {}


def update_fit(account: Account, plan: Plan) -> None:
    """Bring fit and size to the profile as it is now."""
    profile = firmographics(account)
    account.employees = profile.get("employees")
    account.fit, account.grade = fit_of_profile(profile, plan.fit) if plan.fit else (0.0, UNKNOWN_GRADE)


def firmographics(account: Account) -> dict[str, Any]:
    """field -> value, of the fields that are known: what fit, `when` and routes ask."""
    return {field: value for field, (value, _, _) in account.profile.items() if value is not None}


def profile_with_claims(account: Account) -> dict[str, Any]:
    """The same for people to see: claimed domains stand among the domains."""
    profile = firmographics(account)
    if account.claimed_domains:
        domains = profile.get("domains")
        own = domains if isinstance(domains, list) else []
        profile["domains"] = own + [domain for domain in account.claimed_domains if domain not in own]
    return profile


def fit_of_profile(profile: dict[str, Any], fit: FitPlan) -> tuple[float, str]:
    """Points and grade (scoring.md 17): unknown while no field that a rule reads is known."""
    if all(read(profile) is None for read in fit.readers):
        return 0.0, UNKNOWN_GRADE
    points = sum(points for test, points in fit.rules if test(profile))
    if fit.ceiling is not None:
        points = min(points, fit.ceiling)
    return points, next((grade for bound, grade in fit.grades if points >= bound), LOWEST_GRADE)
