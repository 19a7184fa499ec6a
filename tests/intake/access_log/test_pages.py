"""Which requests are page views, and the address of a page."""

import pytest

from intake.access_log.pages import non_view_reason, without_path_parameters


@pytest.mark.parametrize(
    ("method", "status", "target", "why"),
    [
        ("GET", 200, "/", None),
        ("GET", 200, "/blog/release-1.2", None),
        ("GET", 206, "/index.HTML?page=2", None),
        ("GET", 200, "/shop.php?id=7", None),
        ("HEAD", 200, "/", "a HEAD request"),
        ("POST", 200, "/", "a POST request"),
        ("GET", 304, "/", None),
        ("GET", 301, "/", "status 301"),
        ("GET", 999, "/", "an unknown status"),
        ("\x16\x03\x01", 400, "", "a request of an unknown method"),
        ("-", 408, "", "a request of an unknown method"),
        ("GET", 404, "/logo.png", "status 404"),
        ("GET", 200, "/logo.PNG?v=2", "an image"),
        ("GET", 200, "/a.css", "a style"),
        ("GET", 200, "/a.min.js", "a script"),
        ("GET", 200, "/a.woff2", "a font"),
        ("GET", 200, "/paper.pdf", "a document"),
        ("GET", 200, "/feed/", "a feed"),
        ("GET", 200, "/?flav=rss20", "a feed"),
        ("GET", 200, "/blog/index.xml", "a feed"),
        ("GET", 200, "/robots.txt", "a file for programs"),
        ("GET", 200, "/.well-known/security.txt", "a file for programs"),
        ("GET", 200, "/favicon.ico", "an image"),
        ("GET", 200, "/cart.json", "an API answer"),
        ("GET", 200, "", "a request without a path"),
    ],
)
def test_only_pages_are_viewed(method: str, status: int, target: str, why: str | None) -> None:
    assert non_view_reason(method, status, target) == why


@pytest.mark.parametrize(
    ("url", "page"),
    [
        ("/j.html;jsessionid=0A1B2C", "/j.html"),
        ("/j.html;JSESSIONID=0A1B2C.node1?utm_source=a;b", "/j.html?utm_source=a;b"),
        ("/shop;v=1.2/cart;jsessionid=0A;x=1/", "/shop/cart/"),
        ("/logo.png%3Bjsessionid=0A1B2C", "/logo.png"),
        ("https://www.example.com/p;sid=1?x=1", "https://www.example.com/p?x=1"),
        ("/(S(lit3py55t21z5v55vlm25s55))/orders.aspx", "/orders.aspx"),
        ("/wiki/Mercury_(planet)", "/wiki/Mercury_(planet)"),
        ("/plain?a=1", "/plain?a=1"),
        ("/;jsessionid=1", "/"),
    ],
)
def test_parameters_of_the_path_are_removed(url: str, page: str) -> None:
    assert without_path_parameters(url) == page
