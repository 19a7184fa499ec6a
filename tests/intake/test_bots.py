"""Programs and people by their user agents."""

import pytest

from intake.bots import is_bot
from tests.intake.access_log.log_lines import FIREFOX


@pytest.mark.parametrize(
    ("agent", "expected"),
    [
        (FIREFOX, False),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 Version/17.0 Safari/604.1",
            False,
        ),
        ("", True),
        (" - ", True),
        ("Chef Client/10.18.2 (ruby-1.9.3-p327)", True),
        ("Tiny Tiny RSS/1.11 (http://tt-rss.org/)", True),
        ("Newsify/120 CFNetwork/672.0.8 Darwin/14.0.0", True),
        ("curl/8.5.0", True),
        ("Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 10.0; Trident/7.0; ms-office; MSOffice rmj)", True),
        ("Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.10000; Pro)", True),
        ("Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; ChatGPT-User/1.0)", True),
        ("Mozilla/5.0 (compatible; Claude-User/1.0)", True),
        ("Mozilla/5.0 (l9scan/2.0; leakix.net)", True),
        ("l9tcpid/v1.1.0", True),
        ("feroxbuster/2.7.3", True),
        ("LibreOffice 24.2 denylistedbackend/8.5.0", True),
        ("Mozilla/5.0 (compatible; Barracuda Sentinel)", True),
        ("Blackbox Exporter/0.24.0", True),
        ("SomethingNew/1.0 (+https://example.com/about)", True),
        ("Mozilla/5.0 (Linux; Android 9; CUBOT_X18_Plus) AppleWebKit/537.36 Chrome/80.0 Mobile Safari/537.36", False),
        ("Mozilla/5.0 (Windows NT 10.0; WOW64; Trident/7.0; rv:11.0) like Gecko", False),
        ("Mozilla/5.0 (iPhone) AppleWebKit/605.1.15 Mobile/21A329 [FBAN/FBIOS;FBAV/435.0]", False),
        ("Lynx/2.8.9rel.1", False),
        ("Opera/9.80 (Windows NT 6.0) Presto/2.12.388 Version/12.14", False),
        ("x" * 1_000_000, False),
    ],
)
def test_a_bot_is_recognised_by_its_user_agent(agent: str, expected: bool) -> None:
    assert is_bot(agent) is expected
