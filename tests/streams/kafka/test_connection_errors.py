"""Why a broker rejects a client: its last bytes are read before the end of the connection."""

from streams.kafka.protocol import with_last_bytes

CONNECTION_LOST = ConnectionResetError("hung up")


def test_last_bytes_are_returned_before_the_end_of_the_connection() -> None:
    receive = with_last_bytes(iter([(b"the reason", CONNECTION_LOST), (b"", CONNECTION_LOST)]).__next__)
    assert [receive(), receive()] == [(b"the reason", None), (b"", CONNECTION_LOST)]


def test_bytes_without_an_error_are_returned_unchanged() -> None:
    assert with_last_bytes(lambda: (b"an answer", None))() == (b"an answer", None)
