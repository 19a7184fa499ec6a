"""One event on the company's bus, in CloudEvents 1.0; independent of the plot."""

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """`recorded`: when the bus received it; `contact`: an e-mail address; `account`: if the source gives it."""

    at: datetime
    recorded: datetime
    system: str
    type: str
    data: dict[str, Any] = field(default_factory=dict)
    contact: str | None = None
    visitor: str | None = None
    """The anonymous id, the same as in the browser SDK."""
    account: str | None = None
    id: str | None = None

    def line(self, number: int) -> str:
        """The event as one line of JSON; events without an id are numbered."""
        optional = {"subject": self.account, "contact": self.contact, "visitor": self.visitor}
        envelope = {
            "specversion": "1.0",
            "id": self.id or f"syn-{number:05d}",
            "source": f"synthetic/{self.system}",
            "type": self.type,
            **{name: value for name, value in optional.items() if value},
            "time": stamp(self.at),
            "recordedtime": stamp(self.recorded),
            "data": self.data,
        }
        return json.dumps(envelope, ensure_ascii=False, separators=(",", ":"))


def stamp(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%S}.000Z"
