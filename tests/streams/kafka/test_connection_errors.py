"""Why a broker lets nobody in: what it says last is heard, though it hangs up with it."""

from kafka.net import KafkaConnectionManager, KafkaTCPTransport

from streams.kafka.connection_errors import with_last_bytes

CONNECTION_LOST = ConnectionResetError("hung up")


def test_what_came_with_the_end_of_the_connection_is_heard_before_the_end() -> None:
    receive = with_last_bytes(iter([(b"the reason", CONNECTION_LOST), (b"", CONNECTION_LOST)]).__next__)
    assert [receive(), receive()] == [(b"the reason", None), (b"", CONNECTION_LOST)]


def test_what_came_in_time_is_left_as_it_is() -> None:
    assert with_last_bytes(lambda: (b"an answer", None))() == (b"an answer", None)


def test_what_is_overridden_of_the_client_is_there() -> None:
    assert hasattr(KafkaConnectionManager, "_build_transport")
    assert hasattr(KafkaTCPTransport, "_sock_recv")
