"""CRM exports: accounts, contacts and opportunities."""

from intake.crm.accounts import read_accounts
from intake.crm.cells import ExportOptions
from intake.crm.contacts import read_contacts
from intake.crm.exports import ReportColumns
from intake.crm.opportunities import read_opportunities

__all__ = [
    "ExportOptions",
    "ReportColumns",
    "read_accounts",
    "read_contacts",
    "read_opportunities",
]
