"""Domains: host names in ASCII, their registrable part, and which of them identify a company."""

from intake.domains.host_names import (
    ascii_account_id,
    ascii_host,
    domain_of_email,
    is_access_line,
    is_ip_address,
    is_own_domain,
    normalized_email,
    unicode_domain,
)
from intake.domains.mail_providers import business_domain, is_free_mail
from intake.domains.registrable import claimable_domain, is_shared_host, registrable_domain, suffixes_of

__all__ = [
    "ascii_account_id",
    "ascii_host",
    "business_domain",
    "claimable_domain",
    "domain_of_email",
    "is_access_line",
    "is_free_mail",
    "is_ip_address",
    "is_own_domain",
    "is_shared_host",
    "normalized_email",
    "registrable_domain",
    "suffixes_of",
    "unicode_domain",
]
