"""The recorder: validates, attributes, pseudonymises and appends observations."""

from intake.recorder.appender import appender_for
from intake.recorder.drafts import Duplicate, Recorded
from intake.recorder.inbox import hash_of_value
from intake.recorder.inbox_rows import InboxRow, inbox, insert_rows
from intake.recorder.networks import CompanyNetworks, NoNetworks, read_networks
from intake.recorder.profiles import StoredProfiles, told_profiles
from intake.recorder.redaction import Permission, is_kept, permission_for, permission_for_parameter, redacted_name
from intake.recorder.rehearsal import Rehearsal

__all__ = [
    "CompanyNetworks",
    "Duplicate",
    "InboxRow",
    "NoNetworks",
    "Permission",
    "Recorded",
    "Rehearsal",
    "StoredProfiles",
    "appender_for",
    "hash_of_value",
    "inbox",
    "insert_rows",
    "is_kept",
    "permission_for",
    "permission_for_parameter",
    "read_networks",
    "redacted_name",
    "told_profiles",
]
