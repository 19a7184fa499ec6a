"""The settings file of the alerts: what is valid, and the errors for what is not."""

from base64 import b64encode

import pytest

from alerts.rules import DEFAULT_COOL_DOWN_MS
from alerts.settings import AlertSettings, read_alerts
from schemas.documents import DocumentError
from tests.alerts.builders import DAY, HOUR, MINUTE, SECRET

COMPLETE_FILE = """
channels:
  - name: sales-chat
    url: json://chat.example.com/topsecret
    kinds: [act_now, handoff_proposed]
    routes: [sdr, account_executive]
  - name: crm
    webhook: https://crm.example.com/hooks?tenant=1
    secret_env: CRM_SECRET
  - {name: mail, url_env: MAIL}
cool_down: {act_now: 0, handoff_proposed: 90 minutes, service_level_passed: 1d}
link: https://crm.example.com/{account}
"""
ENVIRONMENT = {
    "CRM_SECRET": f"{SECRET}\n",
    "MAIL": "mailtos://kim:topsecret@example.com",
    "EMPTY": " ",
    "ODD": "secret",
    "SHORT": "whsec_YQ==",
}


def read_settings(text: str) -> AlertSettings:
    return read_alerts(text, "alerts.yaml", ENVIRONMENT)


def test_channels_are_read_with_their_secrets_from_the_environment() -> None:
    settings = read_settings(COMPLETE_FILE)
    chat, crm, mail = settings.channels

    assert (chat.name, chat.kinds, chat.routes) == (
        *("sales-chat", ("act_now", "handoff_proposed"), ("sdr", "account_executive")),
    )
    assert (crm.webhook, crm.kinds, crm.routes) == ("https://crm.example.com/hooks?tenant=1", None, None)
    assert crm.secret_env is not None
    assert crm.secret_env.get_secret_value() == SECRET
    assert mail.url_env is not None
    assert mail.url_env.get_secret_value() == ENVIRONMENT["MAIL"]
    assert settings.cool_down.model_dump() == {
        **{"act_now": 0, "handoff_proposed": 90 * MINUTE, "service_level_passed": DAY},
    }
    assert settings.link == "https://crm.example.com/{account}"


def test_what_is_left_out_has_a_default_that_sales_can_live_with() -> None:
    settings = read_settings("channels: [{name: chat, url: json://localhost}]")

    assert settings.cool_down.model_dump() == DEFAULT_COOL_DOWN_MS
    assert DEFAULT_COOL_DOWN_MS == {
        "act_now": 15 * MINUTE,
        "handoff_proposed": 4 * HOUR,
        "service_level_passed": 4 * HOUR,
    }
    assert settings.link is None


def test_nothing_of_it_shows_a_secret() -> None:
    assert "topsecret" not in repr(read_settings(COMPLETE_FILE))
    assert SECRET not in repr(read_settings(COMPLETE_FILE))


CHANNEL = "channels:\n  - name: chat\n    "
UNKNOWN_SERVICE = (
    "no service of Apprise supports this address; https://github.com/caronc/apprise/wiki lists them, for instance "
    "slack://TOKEN_A/TOKEN_B/TOKEN_C/#CHANNEL or mailtos://NAME:PASSWORD@HOST"
)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "1: the file must be a mapping; begin with `channels:` and a list of channels"),
        ("channels: []", "1: channels: must not be empty"),
        ("link: https://crm.example.com", "1: channels: is missing"),
        ("channels: [{url: 'json://localhost'}]", "1: channels[0].name: is missing"),
        (CHANNEL + "url: topsecret", f"3: channels[0].url: {UNKNOWN_SERVICE}"),
        (CHANNEL + "url_env: NONE", "3: channels[0].url_env: the environment variable that it names is not set"),
        (CHANNEL + "url_env: EMPTY", "3: channels[0].url_env: the environment variable that it names is not set"),
        (
            CHANNEL + "url_env: json://topsecret",
            "3: channels[0].url_env: write the name of an environment variable that holds the secret",
        ),
        (CHANNEL + "kinds: [act_now]", "2: channels[0]: name one of `url`, `url_env` and `webhook`"),
        (
            CHANNEL + "webhook: https://example.com",
            "2: channels[0]: `webhook` and `secret_env` belong together: webhooks are always signed",
        ),
        (
            CHANNEL + "webhook: ftp://example.com\n    secret_env: CRM_SECRET",
            "3: channels[0].webhook: write https://HOST/PATH, without a password; name its secret in `secret_env`",
        ),
        (
            CHANNEL + "webhook: https://example.com\n    secret_env: ODD",
            "4: channels[0].secret_env: a secret begins with whsec_; separate several secrets by blanks",
        ),
        (
            CHANNEL + "webhook: https://example.com\n    secret_env: SHORT",
            "4: channels[0].secret_env: a secret has 24 to 64 random bytes in base64; "
            "`openssl rand -base64 32` makes them",
        ),
        (
            CHANNEL + "webhook: http://169.254.169.254/latest\n    secret_env: CRM_SECRET",
            "3: channels[0].webhook: the host is link-local: "
            "such addresses serve the machine itself, its credentials too",
        ),
        (
            CHANNEL + f"webhook: https://{'a' * 64}.example\n    secret_env: CRM_SECRET",
            "3: channels[0].webhook: the host is not a name: at most 253 characters, and 63 between two dots",
        ),
        (
            CHANNEL + "url: json://localhost\n    kinds: [act_soon]",
            "4: channels[0].kinds[0]: must be 'act_now', 'handoff_proposed', 'service_level_passed', "
            "'reminder' or 'escalation'",
        ),
        (CHANNEL + "url: json://localhost\n    routes: sdr", "4: channels[0].routes: must be a list"),
        (
            CHANNEL + "url: json://localhost\n    route: [a]",
            "4: channels[0].route: unknown key (did you mean 'routes'?)",
        ),
        (
            "channels: [{name: 'a b', url: 'json://x'}]",
            "1: channels[0].name: is not a name; use up to 64 letters, digits, `_`, `-`, `.`, a letter or digit first",
        ),
        (
            CHANNEL + "url: json://localhost\ncool_down: {act_now: soon}",
            "4: cool_down.act_now: 'soon' is not a valid duration; write `15m`, `4h`, `1d`, or 0 for none",
        ),
        (
            CHANNEL + "url: json://localhost\ncool_down: {act_nov: 1h}",
            "4: cool_down.act_nov: unknown key (did you mean 'act_now'?)",
        ),
        (
            CHANNEL + "url: json://localhost\nlink: https://crm.example.com/{company}",
            "4: link: write a URL like https://crm.example.com/{account}; {account} and {handoff} are replaced",
        ),
        (
            "channels: [{name: chat, url: 'json://x'}, {name: chat, url: 'json://y'}]",
            "1: two channels have the name 'chat'; names must be unique",
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_line_and_key(text: str, said: str) -> None:
    with pytest.raises(DocumentError) as refused:
        read_settings(text)

    assert str(refused.value) == f"alerts.yaml:{said}"


RANDOM = bytes(range(7, 71))


def encoded(size: int) -> str:
    return f"whsec_{b64encode(RANDOM[:size]).decode()}"


@pytest.mark.parametrize("secret", [encoded(24), encoded(32), encoded(64), f"{encoded(24)} {encoded(64)}"])
def test_a_secret_of_24_to_64_bytes_is_taken(secret: str) -> None:
    text = CHANNEL + "webhook: https://example.com\n    secret_env: KEY"

    assert read_alerts(text, "alerts.yaml", {"KEY": secret}).channels[0].secret_env is not None


@pytest.mark.parametrize(
    "secret",
    [
        "whsec_", "whsec_MQ==", encoded(23), "whsec_!!!!TQ==", f"whsec_{'!'}{encoded(24)[6:]}",
        f"{encoded(32)[:-1]}", encoded(32).replace("+", "-").replace("/", "_") + "_", encoded(24) + "\u00e9",
        encoded(32)[:20] + "\n" + encoded(32)[20:], f"{encoded(24)} whsec_MQ==", "whsec_CHANGE_ME",
        f"whsec_{b64encode(RANDOM + b'x').decode()}",
    ],
)  # fmt: skip
def test_any_other_secret_is_refused_with_line_and_key(secret: str) -> None:
    with pytest.raises(DocumentError) as refused:
        read_alerts(CHANNEL + "webhook: https://example.com\n    secret_env: KEY", "alerts.yaml", {"KEY": secret})

    assert str(refused.value).startswith("alerts.yaml:4: channels[0].secret_env: ")
    assert secret not in str(refused.value).replace("part after whsec_", "")


@pytest.mark.parametrize("host", ["[::1]", "[2001:db8::cafe]", "[2001:db8::cafe]:8443"])
def test_a_webhook_may_have_an_ipv6_address(host: str) -> None:
    settings = read_settings(CHANNEL + f"webhook: 'https://{host}/hook'\n    secret_env: CRM_SECRET")

    assert settings.channels[0].webhook == f"https://{host}/hook"


@pytest.mark.parametrize(
    ("fallbacks", "said"),
    [
        ({"a": "c"}, "channel 'a' has the fallback 'c', which is no channel of this file"),
        ({"a": "a"}, "the fallbacks of channel 'a' lead back to 'a'"),
        ({"a": "b", "b": "a"}, "the fallbacks of channel 'a' lead back to 'a'"),
    ],
)
def test_a_fallback_is_another_channel_of_the_file(fallbacks: dict[str, str], said: str) -> None:
    channels = [
        f"{{name: {name}, url: 'json://{name}', fallback: {fallbacks[name]}}}"
        if name in fallbacks
        else f"{{name: {name}, url: 'json://{name}'}}"
        for name in ("a", "b")
    ]
    with pytest.raises(DocumentError) as refused:
        read_settings(f"channels: [{', '.join(channels)}]")

    assert str(refused.value) == f"alerts.yaml:1: {said}"


def test_receivers_that_cannot_be_told_apart_are_refused() -> None:
    with pytest.raises(DocumentError, match=r"channels\[0\].url: the receivers of this address cannot be told"):
        read_settings(CHANNEL + "url: 'rocket://kim:topsecret@chat.example.com/#sales/@anna'")


def test_everything_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(DocumentError) as refused:
        read_settings("channels: [{name: a, url: topsecret}, {name: b, kinds: [now]}]\nlinks: x")

    assert [problem.key for problem in refused.value.problems] == ["channels[0].url", "channels[1].kinds[0]", "links"]
    assert "topsecret" not in str(refused.value)
