"""A mail server that listens on this machine, refuses some recipients and stores what it takes."""

from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from socketserver import StreamRequestHandler, ThreadingTCPServer
from threading import Thread


class Mailbox:
    def __init__(self) -> None:
        self.refused: set[str] = set()
        self.mails: list[tuple[str, EmailMessage]] = []
        """Recipient and mail."""
        self._server = ThreadingTCPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def url(self, *recipients: str) -> str:
        port = self._server.server_address[1]
        return f"mailto://127.0.0.1:{port}?from=staffel@example.com&to={','.join(recipients)}"

    def received(self, recipient: str) -> list[EmailMessage]:
        return [mail for to, mail in self.mails if to == recipient]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def running_mailbox() -> Iterator[Mailbox]:
    mailbox = Mailbox()
    try:
        yield mailbox
    finally:
        mailbox.close()


def _handler(mailbox: Mailbox) -> type[StreamRequestHandler]:
    class Handler(StreamRequestHandler):
        def handle(self) -> None:
            self._say("220 here")
            recipients: list[str] = []
            while line := self.rfile.readline().decode().strip():
                command = line.upper()
                if command.startswith("RCPT TO:"):
                    address = line[8:].strip().strip("<>").partition(">")[0]
                    if address in mailbox.refused:
                        self._say("550 no such mailbox")
                        continue
                    recipients.append(address)
                elif command == "DATA":
                    self._say("354 go on")
                    mail = message_from_bytes(self._content(), EmailMessage, policy=policy.default)
                    mailbox.mails.extend((each, mail) for each in recipients)
                elif command == "RSET":
                    recipients = []
                elif command == "QUIT":
                    self._say("221 bye")
                    return
                self._say("250 ok")

        def _content(self) -> bytes:
            lines = []
            while (line := self.rfile.readline()) != b".\r\n":
                lines.append(line.removeprefix(b"."))
            return b"".join(lines)

        def _say(self, line: str) -> None:
            self.wfile.write(f"{line}\r\n".encode())

    return Handler
