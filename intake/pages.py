"""Which requests of a web server are views of pages, and why the others are none. Never fetches anything."""

import re

_KINDS = {
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
_KIND_OF = {extension: kind for kind, extensions in _KINDS.items() for extension in extensions.split()}
_EXTENSION = re.compile(r"\.([A-Za-z0-9]{1,11})$")
_FEED_PATH = re.compile(r"/(?:feed|feeds|rss|atom)(?:/|$)", re.IGNORECASE)
_FEED_QUERY = re.compile(r"=(?:rss|atom|rdf)[0-9.]*(?:&|$)", re.IGNORECASE)
_FOR_MACHINES = re.compile(r"^/(?:robots\.txt|humans\.txt|ads\.txt|security\.txt|sitemap[^/]*|\.well-known/.*)$")


def why_no_view(method: str, status: int, target: str) -> str | None:
    """Why a request is no view of a page, in words; None where it is one.

    `target` is the path with its query. Only successful GETs are views: whoever is redirected asks again.
    """
    if method != "GET":
        return f"a request by {method}"
    if not 200 <= status < 300:
        return f"answered with status {status}"
    return _why_no_page(target)


def _why_no_page(target: str) -> str | None:
    path, _, query = target.partition("?")
    if not path.startswith("/"):
        return "the request names no path"
    if _FOR_MACHINES.match(path):
        return "a file for machines"
    if _FEED_PATH.search(path) or (query and _FEED_QUERY.search(query)):
        return "a feed"
    extension = _EXTENSION.search(path)
    kind = _KIND_OF.get(extension[1].lower()) if extension else None
    return kind and f"{'an' if kind[0] in 'aeiouA' else 'a'} {kind}"
