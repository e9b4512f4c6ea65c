"""Mail: the server it goes out by, and sending one message. Called outside any transaction."""

from __future__ import annotations

import smtplib
import ssl
from dataclasses import dataclass, field
from email.message import EmailMessage
from enum import StrEnum
from types import MappingProxyType
from typing import Final

TIMEOUT_S: Final = 30.0


class MailSecurity(StrEnum):
    """How the way to the mail server is protected."""

    NONE = "none"
    STARTTLS = "starttls"
    TLS = "tls"


PORTS: Final = MappingProxyType({MailSecurity.NONE: 25, MailSecurity.STARTTLS: 587, MailSecurity.TLS: 465})
"""The port that is usual for each."""


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mail is handed over, and from whom it comes. `user` and `password` are both there or neither."""

    host: str
    port: int
    security: MailSecurity
    sender: str
    user: str | None = None
    password: str | None = field(default=None, repr=False)


def send(server: MailServer, message: EmailMessage) -> None:
    """Hand a message over to the server. Raises OSError or smtplib.SMTPException where it does not take it."""
    context = ssl.create_default_context()
    if server.security is MailSecurity.TLS:
        connection: smtplib.SMTP = smtplib.SMTP_SSL(server.host, server.port, timeout=TIMEOUT_S, context=context)
    else:
        connection = smtplib.SMTP(server.host, server.port, timeout=TIMEOUT_S)
    with connection:
        if server.security is MailSecurity.STARTTLS:
            connection.starttls(context=context)
        if server.user is not None and server.password is not None:
            connection.login(server.user, server.password)
        connection.send_message(message)
