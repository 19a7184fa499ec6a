"""Which requests are page views, and the address of the page."""

import re
from functools import lru_cache

_EXTENSIONS_OF_KIND = {
    "image": "png jpg jpeg gif svg ico webp avif bmp tif tiff cur",
    "style": "css less scss xsl xslt",
    "script": "js mjs map wasm",
    "font": "woff woff2 ttf otf eot",
    "feed": "rss atom rdf xml",
    "media": "mp3 mp4 m4a m4v webm ogg ogv oga wav flac avi mov mkv swf flv",
    "API answer": "json jsonld webmanifest manifest ics vcf",
    "document": "txt pdf doc docx xls xlsx ppt pptx odt ods odp csv tsv epub ps tex log conf cfg ini",
    "download": "zip gz tgz bz2 xz 7z rar tar jar war deb rpm dmg exe msi apk iso img bin gem whl egg",
    "source file": "py pyc pl pm rb sh bash c h cc cpp hpp java go rs lua vim mk m4 xs spec patch diff sql",
    "raw file": "access pcap bak tmp db dat asc sig md5 sha1 sha256",
}
_KIND_OF_EXTENSION = {
    extension: kind for kind, extensions in _EXTENSIONS_OF_KIND.items() for extension in extensions.split()
}
_EXTENSION = re.compile(r"\.([A-Za-z0-9]{1,11})$")
_FEED_PATH = re.compile(r"/(?:feed|feeds|rss|atom)(?:/|$)", re.IGNORECASE)
_FEED_QUERY = re.compile(r"=(?:rss|atom|rdf)[0-9.]*(?:&|$)", re.IGNORECASE)
_MACHINE_FILE = re.compile(r"^/(?:robots\.txt|humans\.txt|ads\.txt|security\.txt|sitemap[^/]*|\.well-known/.*)$")
_PATH_PARAMETERS = re.compile(r"(?:;|%3b)[^/]*", re.IGNORECASE)
"""`;jsessionid=…` and others, RFC 3986, 3.3."""
_COOKIELESS_SESSION = re.compile(r"/\((?:[A-Z]\([^()/]{1,200}\)){1,4}\)(?=/|$)")
"""ASP.NET's session in the path: `/(S(…))/page`."""
_OTHER_METHODS = frozenset(
    "HEAD POST PUT DELETE OPTIONS PATCH TRACE CONNECT PROPFIND REPORT MKCOL MOVE COPY LOCK UNLOCK SEARCH".split()
)
_NOT_MODIFIED = 304
"""The person reads the page that the browser kept."""


def without_path_parameters(url: str) -> str:
    """The URL or target without the parameters of its path segments; the query is kept."""
    if ";" not in url and "(" not in url and "%3" not in url:
        return url
    address, mark, query = url.partition("?")
    return _COOKIELESS_SESSION.sub("", _PATH_PARAMETERS.sub("", address)) + mark + query


@lru_cache(maxsize=16_384)
def non_view_reason(method: str, status: int, target: str) -> str | None:
    """Why a request is not a page view; None if it is one.

    `target` is the path with its query. Only successful GETs are views: a redirect is followed by another request.
    """
    if method != "GET":
        return f"a {method} request" if method in _OTHER_METHODS else "a request of an unknown method"
    if not 200 <= status < 300 and status != _NOT_MODIFIED:
        return f"status {status}" if 100 <= status < 600 else "an unknown status"
    return _non_page_reason(target)


def _non_page_reason(target: str) -> str | None:
    path, _, query = target.partition("?")
    if not path.startswith("/"):
        return "a request without a path"
    if _MACHINE_FILE.match(path):
        return "a file for programs"
    if _FEED_PATH.search(path) or (query and _FEED_QUERY.search(query)):
        return "a feed"
    extension = _EXTENSION.search(path)
    kind = _KIND_OF_EXTENSION.get(extension[1].lower()) if extension else None
    return kind and f"{'an' if kind[0] in 'aeiouA' else 'a'} {kind}"
