"""The common class of all fact data: frozen, keeps unknown fields, coerces nothing."""

from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Quantity = Number | str
"""A number, or the text that a source sent in its place; a text is never counted as a number."""


class FactData(BaseModel):
    """The data of one fact type and version. A missing field and a null say the same, but for firmographics."""

    model_config = ConfigDict(frozen=True, extra="allow", strict=True, use_attribute_docstrings=True)

    type: ClassVar[str]
    """Fact type with version, as it stands in the envelope."""
    bot: bool | None = Field(default=None, description="made by a machine: matches no rule and engages nobody")

    def as_json(self) -> dict[str, Any]:
        """As on the wire: only the fields that were set."""
        return self.model_dump(mode="json", exclude_unset=True, by_alias=True)
