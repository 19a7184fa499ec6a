"""A platform's domain belongs to none of the companies that have a page there."""

import pytest

from intake.platforms import is_shared_platform


@pytest.mark.parametrize(
    "host",
    [
        "linkedin.com",
        "de.linkedin.com",
        "facebook.com",
        "m.facebook.com",
        "sites.google.com",
        "en.wikipedia.org",
        "wixsite.com",
        "www.jimdofree.com",
        "github.com",
        "bit.ly",
    ],
)
def test_pages_of_companies_on_platforms_identify_none_of_them(host: str) -> None:
    assert is_shared_platform(host)


@pytest.mark.parametrize(
    "host", ["acme.example", "acme.wixsite.com", "acme.github.io", "acme.jimdofree.com", "notlinkedin.com", "x.com.au"]
)
def test_a_domain_or_a_customers_name_at_a_platform_is_a_companys_own(host: str) -> None:
    assert not is_shared_platform(host)
