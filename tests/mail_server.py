"""A small mail server for tests: takes messages over a real socket, or refuses them when told to."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import cast


@dataclass
class Mailbox:
    """Where the server listens, what it took, and what it answers to a sender (250: it takes the mail)."""

    port: int = 0
    answer: str = "250 taken"
    messages: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)


class _Session(socketserver.StreamRequestHandler):
    """One conversation by RFC 5321, as far as a client needs it."""

    def handle(self) -> None:
        mailbox = cast(_Server, self.server).mailbox
        self._say("220 ready")
        while line := self.rfile.readline():
            verb = line[:4].upper()
            if verb in {b"EHLO", b"HELO"}:
                self._say("250 mail.test")
            elif verb == b"MAIL":
                self._say(mailbox.answer)
            elif verb == b"RCPT":
                mailbox.recipients.append(line.decode().partition("<")[2].partition(">")[0])
                self._say("250 known")
            elif verb == b"DATA":
                self._say("354 go on")
                mailbox.messages.append(self._message())
                self._say("250 taken")
            elif verb == b"QUIT":
                self._say("221 bye")
                return
            else:
                self._say("250 well")

    def _say(self, words: str) -> None:
        self.wfile.write(words.encode() + b"\r\n")

    def _message(self) -> EmailMessage:
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        return message_from_bytes(b"".join(lines), policy=policy.default)


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, mailbox: Mailbox) -> None:
        super().__init__(("127.0.0.1", 0), _Session)
        self.mailbox = mailbox
        mailbox.port = self.server_address[1]


@contextmanager
def mail_server() -> Iterator[Mailbox]:
    """Run a mail server on this machine for as long as the block lasts."""
    mailbox = Mailbox()
    with _Server(mailbox) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield mailbox
        finally:
            server.shutdown()
            thread.join()
