"""What a file is that holds no line of a known format: named for the message, without its content."""

import re
from collections.abc import Sequence

from intake.access_log.formats import known_formats
from intake.access_log.json_lines import keys_of
from intake.access_log.requests import shape_of

_KINDS = (
    (r"#(?:Software|Version|Date|Fields):", "W3C extended (IIS, CloudFront)"),
    (r"\d{4}-\d\d-\d\d[ \t]\d\d:\d\d:\d\d[ \t]\S+ (?:GET|POST|HEAD) ", "W3C extended (IIS) without its header"),
    (r"(?:https?|h2|grpcs|wss?) \d{4}-\d\d-\d\dT\S+ \S+ ", "a load balancer of AWS (ALB)"),
    (r"\d{4}-\d\d-\d\dT\S+ \S+ \S+:\d+ \S+:\d+ ", "a load balancer of AWS (ELB)"),
    (r"[0-9a-f]{64} \S+ \[", "Amazon S3 server access"),
    (r"\d{10}\.\d{3} +\d+ \S+ [A-Z_]+/\d{3} ", "Squid"),
    (r".{0,200}haproxy\[\d+\]: ", "HAProxy"),
    (r"\d{4}/\d\d/\d\d \d\d:\d\d:\d\d \[\w+\] ", "the error log of nginx"),
    (r"\[\w{3} \w{3} \d\d .{0,40}\] \[", "the error log of Apache"),
    (r"From \S+", "a mailbox"),
    (r"BEGIN:VCALENDAR", "a calendar"),
    (r"<", "XML or HTML"),
)
_PATTERNS = tuple((re.compile(pattern), name) for pattern, name in _KINDS)
_FIELD_OF_KEY = {
    "client": ("remote_addr", "remote_ip", "client_ip", "clientip", "client", "ip", "ClientHost", "request.remote_ip"),
    "forwarded": ("http_x_forwarded_for", "x_forwarded_for"),
    "time": ("time_local", "time_iso8601", "time", "timestamp", "@timestamp", "ts", "msec", "StartUTC"),
    "request": ("request", "request_line"),
    "method": ("request_method", "method", "verb", "RequestMethod", "request.method"),
    "target": ("request_uri", "uri", "path", "url", "RequestPath", "request.uri"),
    "status": ("status", "response", "status_code", "DownstreamStatus"),
    "referrer": ("http_referer", "http_referrer", "referer", "referrer", "request_Referer", "request.headers.Referer"),
    "agent": ("http_user_agent", "user_agent", "agent", "request_User-Agent", "request.headers.User-Agent"),
}
_CHARS_LOOKED_AT = 1_000


def refusal(name: str, lines: Sequence[bytes]) -> str:
    """Why the file is refused: what its first lines look like, and which formats are known."""
    seen = next(filter(None, map(_description, lines)), None) or "it is empty"
    return f"{name} holds no line of a known format: {seen}; known are {known_formats()} (--format)"


def _description(line: bytes) -> str:
    keys = keys_of(line)
    if keys is not None:
        return _json_description(keys)
    text = line[:_CHARS_LOOKED_AT].decode(errors="replace")
    kind = next((name for pattern, name in _PATTERNS if pattern.match(text)), None)
    return f"it looks like {kind}" if kind else f"its first line has the shape {shape_of(text)}"


def _json_description(keys: list[str]) -> str:
    mapped = {field: key for field, known in _FIELD_OF_KEY.items() if (key := _first_of(known, keys)) is not None}
    suggestion = ",".join(f"{field}={key}" for field, key in mapped.items())
    remedy = f"; name its fields, for example --format json:{suggestion}" if suggestion else ""
    return f"it looks like JSON lines with the keys {', '.join(keys)}{remedy}"


def _first_of(known: Sequence[str], keys: Sequence[str]) -> str | None:
    return next((name for name in known if name in keys), None)
