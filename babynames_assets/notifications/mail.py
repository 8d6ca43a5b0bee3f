"""E-mail by SMTP: encrypted by STARTTLS or TLS, with a login where there is one."""

import hashlib
import smtplib
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate
from typing import Literal

from pydantic import SecretStr

from babynames_assets.errors import FatalError, RetryableError
from babynames_assets.notifications.channels import Outgoing
from babynames_assets.notifications.masking import first_line
from babynames_assets.notifications.news import Message
from babynames_assets.notifications.texts import headline, plain


@dataclass(frozen=True)
class MailServer:
    """Where e-mails are handed in.

    Attributes:
        security: how the connection is encrypted; ``none`` not at all.
        login: user and password, where the server wants them.
        timeout: seconds to wait for the server, at each step.
    """

    host: str
    port: int
    security: Literal["starttls", "tls", "none"]
    login: tuple[str, SecretStr] | None
    timeout: float


class Mail:
    """Sends e-mails from one address to some."""

    def __init__(self, server: MailServer, sender: str, receivers: tuple[str, ...]) -> None:
        self._server, self._sender, self._receivers = server, sender, receivers

    def send(self, outgoing: Outgoing) -> str:
        """Hand a message in, and say for whom it was taken."""
        mail = compose(outgoing, self._sender, self._receivers)
        where = f"The mail server {self._server.host}:{self._server.port}"
        try:
            refused = self._hand_in(mail)
        except (smtplib.SMTPException, OSError, UnicodeError) as error:
            raise _meaning(where, error) from None
        taken = [receiver for receiver in self._receivers if receiver not in refused]
        words = [f"taken for {', '.join(taken)}"]
        words += [f"refused for {receiver}: {_words(*answer)}" for receiver, answer in refused.items()]
        return "; ".join(words)

    def _hand_in(self, mail: EmailMessage) -> dict[str, tuple[int, bytes]]:
        server, context = self._server, ssl.create_default_context()
        connection = (
            smtplib.SMTP_SSL(server.host, server.port, timeout=server.timeout, context=context)
            if server.security == "tls"
            else smtplib.SMTP(server.host, server.port, timeout=server.timeout)
        )
        with connection:
            if server.security == "starttls":
                connection.starttls(context=context)
            if server.login is not None:
                user, password = server.login
                connection.login(user, password.get_secret_value())
            return connection.send_message(mail)


def compose(outgoing: Outgoing, sender: str, receivers: tuple[str, ...]) -> EmailMessage:
    """A message as an e-mail. Those about one incident are one conversation; one that is sent twice has one id."""
    message, mail = outgoing.message, EmailMessage()
    host = sender.rpartition("@")[2]
    conversation = f"<babynames.{_digest(message)}@{host}>"
    mail["From"], mail["To"], mail["Subject"] = sender, ", ".join(receivers), headline(message)
    mail["Date"] = formatdate()
    mail["Message-ID"] = f"<babynames.{_digest(message)}.{outgoing.number}@{host}>"
    mail["References"] = conversation
    mail["Auto-Submitted"] = "auto-generated"  # so that no answering machine answers
    mail.set_content(plain(message))
    return mail


def _digest(message: Message) -> str:
    about = f"{message.environment}/{message.key}/{message.opened_at}"
    return hashlib.sha256(about.encode()).hexdigest()[:24]


def _meaning(where: str, error: Exception) -> RetryableError | FatalError:
    if isinstance(error, ssl.SSLCertVerificationError):
        return FatalError(f"{where}: its certificate is not trusted, so nothing was sent.")
    if isinstance(error, smtplib.SMTPNotSupportedError | UnicodeError):
        return FatalError(
            f"{where} does not offer what the settings ask for ({first_line(str(error))}); nothing was sent. Check "
            "BABYNAMES_NOTIFICATIONS__SMTP_SECURITY and BABYNAMES_NOTIFICATIONS__SMTP_USER."
        )
    if isinstance(error, smtplib.SMTPAuthenticationError) and error.smtp_code >= 500:
        # Not in the server's words: some quote the login.
        return FatalError(f"{where} refuses the login ({error.smtp_code}): check user and password.")
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return _of_code(where, *min(error.recipients.values()))  # one that is refused for now is worth another try
    if isinstance(error, smtplib.SMTPResponseException):
        return _of_code(where, error.smtp_code, error.smtp_error)
    return RetryableError(f"{where}: no whole conversation ({type(error).__name__}).")


def _of_code(where: str, code: int, answer: bytes | str) -> RetryableError | FatalError:
    said = f"{where} answered {_words(code, answer)}"
    if code >= 500:
        return FatalError(f"{said}; another try does not help. Check sender and receivers.")
    return RetryableError(f"{said}; another try may succeed.")


def _words(code: int, answer: bytes | str) -> str:
    text = answer.decode(errors="replace") if isinstance(answer, bytes) else answer
    return f"{code} {first_line(text)}"
