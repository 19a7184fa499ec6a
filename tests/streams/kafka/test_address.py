"""The address of a log on Kafka: what it says, and what of it stands in no message."""

import pytest

from streams.kafka import KafkaAddress, parse_kafka_address

PASSWORD = "security_protocol=SASL_SSL&sasl_plain_password=geheim"


def test_an_address_names_servers_options_and_a_prefix_of_topics() -> None:
    address = parse_kafka_address("kafka://one:9092,two:9093?security_protocol=SSL&prefix=test-")
    assert address == KafkaAddress(("one:9092", "two:9093"), {"security_protocol": "SSL"}, "test-")


def test_a_password_is_written_with_escapes() -> None:
    address = parse_kafka_address("kafka://one:9092?sasl_plain_password=a%26b%23c")
    assert address.options["sasl_plain_password"] == "a&b#c"


def test_neither_text_nor_representation_shows_options() -> None:
    address = parse_kafka_address(f"kafka://one:9092?{PASSWORD}")
    assert (str(address), repr(address)) == ("kafka://one:9092", "KafkaAddress('kafka://one:9092')")


@pytest.mark.parametrize(
    ("address", "why"),
    [
        (f"one:9092?{PASSWORD}", "not a Kafka address"),
        (f"http://one:9092?{PASSWORD}", "not a Kafka address"),
        (f"kafka:/one:9092?{PASSWORD}", "not a Kafka address"),
        (f"kafka://one:9092/geheim?{PASSWORD}", "not a Kafka address"),
        (f"kafka://[geheim?{PASSWORD}", "not a Kafka address"),
        (f"kafka://geheim\u2100:9092?{PASSWORD}", "not a Kafka address"),
        ("kafka://ann:geheim@one:9092", "a user or password stands before the host"),
        (f"kafka://one:9092,two?{PASSWORD}", "server 2 of 2 is not HOST:PORT"),
        (f"kafka://one:geheim?{PASSWORD}", "server 1 of 1 is not HOST:PORT"),
        (f"kafka://one:9092?{PASSWORD}&geheim=1", "option 3 is unknown"),
        (f"kafka://one:9092?{PASSWORD}&geheim", "the options are not NAME=VALUE&NAME=VALUE"),
        (f"kafka://one:9092?{PASSWORD}#geheim", "the address contains #"),
    ],
)
def test_a_slip_is_told_without_repeating_any_part_of_the_address(address: str, why: str) -> None:
    with pytest.raises(ValueError, match=why) as caught:
        parse_kafka_address(address)
    assert not any(part in str(caught.value) for part in ("geheim", "ann", "one:", "\u2100"))
