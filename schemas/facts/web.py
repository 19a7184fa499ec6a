"""Facts of the family web: what visitors do on our sites, without IP addresses or names."""

from typing import ClassVar

from schemas.facts.content import FactData, Quantity


class PageViewed(FactData):
    type: ClassVar[str] = "web.page_viewed.v1"
    url: str | None = None
    referrer: str | None = None
    title: str | None = None
    duration_s: Quantity | None = None


class FormSubmitted(FactData):
    type: ClassVar[str] = "web.form_submitted.v1"
    form: str | None = None
    url: str | None = None


class ContentDownloaded(FactData):
    type: ClassVar[str] = "web.content_downloaded.v1"
    url: str | None = None
    title: str | None = None


class SiteSearched(FactData):
    type: ClassVar[str] = "web.searched.v1"
    query: str | None = None
    url: str | None = None


FACTS = (PageViewed, FormSubmitted, ContentDownloaded, SiteSearched)
