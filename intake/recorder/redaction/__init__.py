"""Redaction: reduces what a source sends to what may be recorded of it."""

from intake.recorder.redaction.facts import Redacted, redacted
from intake.recorder.redaction.permissions import Permission, is_kept, permission_for, permission_for_parameter
from intake.recorder.redaction.texts import holds_person, redacted_name, redacted_text
from intake.recorder.redaction.urls import redacted_url

__all__ = [
    "Permission",
    "Redacted",
    "holds_person",
    "is_kept",
    "permission_for",
    "permission_for_parameter",
    "redacted",
    "redacted_name",
    "redacted_text",
    "redacted_url",
]
