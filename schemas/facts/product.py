"""Facts of the families product and custom: use of the product, and other events that a source tracks."""

from typing import Any, ClassVar

from pydantic import Field

from schemas.facts.content import FactData, Quantity


class ProductSignedUp(FactData):
    type: ClassVar[str] = "product.signed_up.v1"
    feature: str | None = None
    count: Quantity | None = None


class ProductTrialStarted(FactData):
    type: ClassVar[str] = "product.trial_started.v1"
    feature: str | None = None
    count: Quantity | None = None


class ProductUsed(FactData):
    type: ClassVar[str] = "product.used.v1"
    feature: str | None = None
    count: Quantity | None = None


class ProductCanceled(FactData):
    type: ClassVar[str] = "product.canceled.v1"
    feature: str | None = None
    count: Quantity | None = None
    reason: str | None = None


class CustomTracked(FactData):
    type: ClassVar[str] = "custom.tracked.v1"
    name: str = Field(min_length=1)
    properties: dict[str, Any] | None = None


FACTS = (ProductSignedUp, ProductTrialStarted, ProductUsed, ProductCanceled, CustomTracked)
