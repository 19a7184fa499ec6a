"""Platforms on which many companies have a page: their domains identify none of these companies.

CRMs take over whatever stands in the field of the website (`linkedin.com/company/acme`), and HubSpot cuts it down to
its domain. Claimed by one of them, such a domain would draw the visits and mails of all others to it. Left out are
platforms that give each customer a subdomain which the public suffix list knows (`acme.github.io`): those are domains
of the customer.
"""

from functools import lru_cache

from intake.domains import registrable_domain

_PLATFORMS = {
    "pages of companies in social networks": (
        "facebook.com fb.com fb.me instagram.com linkedin.com lnkd.in pinterest.com reddit.com snapchat.com "
        "telegram.me t.me threads.net tiktok.com tumblr.com twitter.com vk.com weibo.com whatsapp.com wa.me x.com "
        "xing.com youtu.be youtube.com vimeo.com discord.gg discord.com bsky.app mastodon.social line.me"
    ),
    "directories of companies": (
        "angel.co wellfound.com bloomberg.com companieshouse.gov.uk company-information.service.gov.uk crunchbase.com "
        "dnb.com europages.com europages.de glassdoor.com indeed.com kompass.com kununu.com northdata.com northdata.de "
        "opencorporates.com pitchbook.com trustpilot.com tripadvisor.com wikipedia.org wikidata.org wlw.de yelp.com "
        "yelp.de zoominfo.com 11880.com gelbeseiten.de pagesjaunes.fr paginegialle.it"
    ),
    "shops and market places": (
        "alibaba.com aliexpress.com amazon.com amazon.co.uk amazon.de amazon.es amazon.fr amazon.it ebay.com "
        "ebay.co.uk ebay.de etsy.com gumroad.com mercadolibre.com"
    ),
    "profiles and link pages": (
        "about.me beacons.ai behance.net calendly.com dribbble.com eventbrite.com linktr.ee medium.com meetup.com "
        "patreon.com slideshare.net substack.com"
    ),
    "code and packages": "bitbucket.org github.com gitlab.com npmjs.com sourceforge.net apps.apple.com",
    "sites built with one service": (
        "blogspot.com canva.site carrd.co github.io gitlab.io godaddysites.com google.com goo.gl g.page jimdo.com "
        "jimdofree.com jimdosite.com mystrikingly.com netlify.app notion.site notion.so pages.dev shopify.com "
        "myshopify.com site123.me squarespace.com strikingly.com tilda.ws vercel.app webflow.io webnode.com weebly.com "
        "wix.com wixsite.com wordpress.com"
    ),
    "shortened links": "bit.ly buff.ly cutt.ly is.gd ow.ly rebrand.ly t.co t.ly tiny.cc tinyurl.com",
}
"""Reason -> registrable domains, or hosts."""
_DOMAINS = frozenset(" ".join(_PLATFORMS.values()).split())
_SUBDOMAINS_OF_CUSTOMERS = frozenset(
    "blogspot.com canva.site carrd.co github.io gitlab.io godaddysites.com jimdofree.com jimdosite.com "
    "mystrikingly.com myshopify.com netlify.app notion.site pages.dev site123.me squarespace.com substack.com tilda.ws "
    "tumblr.com vercel.app webflow.io webnode.com weebly.com wixsite.com wordpress.com".split()
)
"""Below these a subdomain is one customer's, and only they themselves are shared."""
_SERVICE_SUBDOMAINS = frozenset({"www", "m", "mobile", "app", "web", "en", "de", "fr", "es", "it"})


@lru_cache(maxsize=100_000)
def is_shared_platform(host: str) -> bool:
    """Whether many companies have pages on this host (in ASCII), so that it identifies none of them."""
    if host in _DOMAINS:
        return True
    name, _, parent = host.partition(".")
    if parent in _SUBDOMAINS_OF_CUSTOMERS:
        return name in _SERVICE_SUBDOMAINS
    return registrable_domain(host) in _DOMAINS - _SUBDOMAINS_OF_CUSTOMERS
