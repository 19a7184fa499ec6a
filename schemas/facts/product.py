"""Facts of the families product and custom: use of what we sell, and whatever else a source tracks."""

from typing import Any, ClassVar

from pydantic import Field

from schemas.facts.content import Content, Quantity


class SignedUp(Content):
    type: ClassVar[str] = "product.signed_up.v1"
    feature: str | None = None
    count: Quantity | None = None


class TrialStarted(Content):
    type: ClassVar[str] = "product.trial_started.v1"
    feature: str | None = None
    count: Quantity | None = None


class Used(Content):
    type: ClassVar[str] = "product.used.v1"
    feature: str | None = None
    count: Quantity | None = None


class Canceled(Content):
    type: ClassVar[str] = "product.canceled.v1"
    feature: str | None = None
    count: Quantity | None = None
    reason: str | None = None


class Tracked(Content):
    type: ClassVar[str] = "custom.tracked.v1"
    name: str = Field(min_length=1)
    properties: dict[str, Any] | None = None


FACTS = (SignedUp, TrialStarted, Used, Canceled, Tracked)
