"""Firmographics, and the fit that follows from them; engagement plays no part in it."""

from collections.abc import Mapping
from typing import Any

import msgspec

from scoring.fold.state import Account, AppliedFact
from scoring.plan.plan import FitPlan, Plan

UNKNOWN_GRADE = "unknown"
LOWEST_GRADE = "D"


def update_profile(account: Account, fact: AppliedFact) -> int:
    """Per field the newest (`time`, id) wins; null clears a field, an absent field keeps it (scoring.md 14)."""
    return tell(account, decode_data(fact.raw), fact)


def tell(account: Account, fields: Mapping[str, object], fact: AppliedFact) -> int:
    """The fact tells of these fields as of its time; returns the touched tracks, as bits."""
    plan, time, id = fact.plan, fact.time, fact.decoded.id
    changed = False
    for field, value in fields.items():
        current = account.profile.get(field)
        if field in plan.profile_fields and (current is None or (time, id) > current[1:]):
            account.profile[field] = (value, time, id)
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
    """Derive fit, number of employees, and which tracks are closed, from the profile."""
    profile = firmographics(account)
    account.employees = profile.get("employees")
    account.fit, account.grade = fit_of_profile(profile, plan.fit) if plan.fit else (0.0, UNKNOWN_GRADE)
    for state in account.tracks:
        state.closed = state.plan.is_closed_for(profile)


def firmographics(account: Account) -> dict[str, Any]:
    """field -> value of the known fields: the input of fit rules, `when` and routes."""
    return {field: value for field, (value, _, _) in account.profile.items() if value is not None}


def profile_with_claims(account: Account) -> dict[str, Any]:
    """The same for display: claimed domains are among the domains."""
    profile = firmographics(account)
    if account.claimed_domains:
        domains = profile.get("domains")
        own = domains if isinstance(domains, list) else []
        profile["domains"] = own + [domain for domain in account.claimed_domains if domain not in own]
    return profile


def fit_of_profile(profile: dict[str, Any], fit: FitPlan) -> tuple[float, str]:
    """Points and grade (scoring.md 17); the grade is `unknown` while no field that a rule reads is known."""
    if all(read(profile) is None for read in fit.readers):
        return 0.0, UNKNOWN_GRADE
    points = sum(points for test, points in fit.rules if test(profile))
    if fit.ceiling is not None:
        points = min(points, fit.ceiling)
    return points, next((grade for bound, grade in fit.grades if points >= bound), LOWEST_GRADE)
