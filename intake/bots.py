"""Detection of bots by their user agent alone, without regard to behaviour.

`crawlerdetect` knows crawlers. What it takes for people is listed here with the reason. A request counts
as engagement if a person looks at the page at that moment.
"""

import re
from functools import cache, lru_cache

from crawlerdetect import CrawlerDetect

_NAMES_BY_REASON = {
    "office programs, which open a link before they pass it on to the browser": (
        r"ms-office",
        r"LibreOffice",
        r"Microsoft Office",
        r"Microsoft-WebDAV",
        r"Microsoft Data Access",
        r"Microsoft-CryptoAPI",
    ),
    "answering machines that fetch a page for a question: the person reads their answer": (
        r"(?:Perplexity|ChatGPT|Claude|MistralAI|Amzn|Cohere|Meta|Bing|Grok|Kimi|DeepSeek|Manus|Operator|Poe|You)-User\b",
        r"Google-(?:Agent|NotebookLM|Extended|Safety|CloudVertex|Gemini)",
        r"Gemini-",
        r"anthropic-ai",
        r"cohere-",
        r"NovaAct",
        r"Devin/",
        r"meta-external",
        r"Jina",
        r"Tavily",
        r"Exa(?:bot|/)",
    ),
    "scanners of hosts and of holes": (
        r"l9(?:explore|tcpid|scan)",
        r"leakix",
        r"feroxbuster",
        r"Qualys",
        r"Detectify",
        r"Onyphe",
        r"\bBurp\b",
        r"Nessus",
        r"Shodan",
        r"zgrab",
        r"masscan",
        r"nuclei",
        r"projectdiscovery",
        r"security ?scan",
        r"vulnerability",
        r"pentest",
        r"Expanse",
        r"Palo Alto Networks",
        r"CheckMarkNetwork",
        r"DomainTools",
        r"fuzz",
    ),
    "filters of mail and of the web that open links before the person does": (
        r"Barracuda",
        r"Mimecast",
        r"Proofpoint",
        r"SafeLinks",
        r"urlscan",
        r"VirusTotal",
        r"Symantec",
        r"FortiGuard",
        r"ImageProxy",
        r"MailProxy",
    ),
    "previews of links": (
        r"\bpreview\b",
        r"link-?expand",
        r"\bunfurl",
        r"compatible; Microsoft-Teams",
        r"SkypeUriPreview",
        r"ImgProxy",
    ),
    "feed readers and players": (
        r"feed",
        r"rss",
        r"newsify",
        r"newsblur",
        r"inoreader",
        r"subscribers\b",
        r"Apple-PubSub",
        r"AppleCoreMedia",
        r"iTMS",
    ),
    "checks of availability and speed": (
        r"monitor",
        r"uptime",
        r"pingdom",
        r"statuscake",
        r"site24x7",
        r"zabbix",
        r"nagios",
        r"datadog",
        r"newrelic",
        r"Blackbox Exporter",
        r"Prometheus/",
        r"Checkly",
        r"health-?check",
        r"health check",
        r"kube-probe",
        r"lighthouse",
    ),
    "operation of servers, and builds of packages": (
        r"chef client",
        r"puppet",
        r"ansible",
        r"portscout",
        r"distilator",
        r"IrssiUrlLog",
        r"den\.im",
    ),
    "browsers without a person": (
        r"headless",
        r"phantomjs",
        r"selenium",
        r"playwright",
        r"puppeteer",
    ),
    "libraries and tools of programs": (
        r"CFNetwork/",
        r"Dalvik/",
        r"okhttp",
        r"python",
        r"java/",
        r"Java-http-client",
        r"go-http",
        r"curl/",
        r"wget/",
        r"libwww",
        r"axios",
        r"node",
        r"Guzzle",
        r"HttpClient",
        r"insomnia/",
        r"Thunder Client",
        r"Deno/",
        r"Bun/",
        r"hyper/",
        r"WinHTTP",
        r"(?:Windows)?PowerShell",
        r"Postman",
    ),
}
_EXTRA_BOTS = re.compile(
    # An address in the name, marked with a plus, is how programs say who runs them.
    r"\+https?://|\b(?:" + "|".join(name for names in _NAMES_BY_REASON.values() for name in names) + ")",
    re.IGNORECASE,
)
_MAX_LENGTH = 2_000


@lru_cache(maxsize=65_536)
def is_bot(user_agent: str) -> bool:
    """Whether the user agent is a bot's. An empty one, or `-` as in logs, counts as a bot's."""
    name = user_agent.strip()[:_MAX_LENGTH]
    return name in ("", "-") or _EXTRA_BOTS.search(name) is not None or bool(_crawler_detector().is_crawler(name))


@cache
def _crawler_detector() -> CrawlerDetect:
    return CrawlerDetect()
