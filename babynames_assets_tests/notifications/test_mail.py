"""Tests of e-mail against a real SMTP server."""

import socket
import threading
from pathlib import Path

import pytest
from pydantic import SecretStr

from babynames_assets.errors import BabynamesError, FatalError, RetryableError
from babynames_assets.notifications.mail import Mail, MailServer, compose
from babynames_assets_tests.notifications.certificates import server_context
from babynames_assets_tests.notifications.receivers import MailBox, mail_server
from babynames_assets_tests.notifications.samples import outgoing

SENDER = "babynames@example.com"
RECEIVERS = ("on-call@example.com", "team@example.com")
PASSWORD = "correct-horse-battery"


def mail(box: MailBox, *, security: str = "none", login: tuple[str, str] | None = None, timeout: float = 5) -> Mail:
    """A channel to the box."""
    secret = (login[0], SecretStr(login[1])) if login else None
    server = MailServer("localhost", box.port, security, secret, timeout)  # type: ignore[arg-type]  # a parameter of the test: one of its literals
    return Mail(server, SENDER, RECEIVERS)


def hang_up(listener: socket.socket) -> None:
    """Let one client in, and out again."""
    connection, _ = listener.accept()
    connection.close()


def test_an_email_says_what_happened_where_why_and_what_to_do() -> None:
    """To all receivers, with a subject in one line."""
    with mail_server() as box:
        reply = mail(box).send(outgoing(title="warehouse/baby_names\nfailed"))

    [arrived] = box.mails
    assert reply == "taken for on-call@example.com, team@example.com"
    assert arrived["Subject"] == "warehouse/baby_names failed (2001-2003)"
    assert (arrived["From"], arrived["To"]) == (SENDER, ", ".join(RECEIVERS))
    assert arrived["Auto-Submitted"] == "auto-generated"
    text = arrived.get_content()
    for part in ("2001-2003", "cannot answer now", "babynames doctor", "https://dagster.example/runs/0a1b"):
        assert part in text


def test_emails_about_one_incident_are_one_conversation() -> None:
    """One that is sent twice after a crash has one id, so that a mailbox can tell."""
    first, again = compose(outgoing(1), SENDER, RECEIVERS), compose(outgoing(1), SENDER, RECEIVERS)
    end = compose(outgoing(2, event="resolved"), SENDER, RECEIVERS)
    other = compose(outgoing(3, key="another"), SENDER, RECEIVERS)

    assert first["Message-ID"] == again["Message-ID"] != end["Message-ID"]
    assert first["References"] == end["References"] != other["References"]
    assert end["Subject"].startswith("Resolved: ")


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_an_email_is_encrypted_and_logged_in(security: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only to a server that an authority vouches for, and with the right password."""
    context, trusted = server_context(tmp_path)
    login = ("babynames", PASSWORD)
    encrypted = {"starttls": context} if security == "starttls" else {"tls": context}
    with mail_server(**encrypted, login=login) as box:
        monkeypatch.delenv("SSL_CERT_FILE", raising=False)
        with pytest.raises(FatalError, match="not trusted"):
            mail(box, security=security, login=login).send(outgoing())

        monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
        mail(box, security=security, login=login).send(outgoing())
        with pytest.raises(FatalError, match="refuses the login") as caught:
            mail(box, security=security, login=("babynames", "wrong-password")).send(outgoing())

    assert box.was_encrypted == [True]
    assert "wrong-password" not in str(caught.value)


def test_nothing_is_sent_in_the_clear_where_encryption_was_asked_for() -> None:
    """A server that offers no STARTTLS, or somebody between who takes the offer out, gets nothing."""
    with mail_server() as box, pytest.raises(FatalError, match="SMTP_SECURITY"):
        mail(box, security="starttls").send(outgoing())

    assert box.mails == []


@pytest.mark.parametrize(
    ("words", "kind"),
    [("450 mailbox busy", RetryableError), ("550 no such user", FatalError)],
)
def test_a_refusal_of_all_receivers_says_whether_it_lasts(words: str, kind: type[BabynamesError]) -> None:
    """4xx may pass, 5xx does not; the server's words are told."""
    with mail_server() as box:
        box.refused = dict.fromkeys(RECEIVERS, words)
        with pytest.raises(kind, match=words[4:]):
            mail(box).send(outgoing())


def test_a_receiver_that_is_refused_for_now_is_worth_another_try() -> None:
    """Although another one is refused for good."""
    with mail_server() as box:
        box.refused = {RECEIVERS[0]: "550 no such user", RECEIVERS[1]: "450 mailbox busy"}
        with pytest.raises(RetryableError):
            mail(box).send(outgoing())


def test_one_refused_receiver_does_not_keep_the_others_from_reading() -> None:
    """What comes back names who was refused."""
    with mail_server() as box:
        box.refused = {RECEIVERS[1]: "550 no such user"}
        reply = mail(box).send(outgoing())

    assert len(box.mails) == 1
    assert reply == "taken for on-call@example.com; refused for team@example.com: 550 no such user"


@pytest.mark.parametrize(("words", "kind"), [("451 try later", RetryableError), ("554 spam", FatalError)])
def test_a_refusal_of_the_text_says_whether_it_lasts(words: str, kind: type[BabynamesError]) -> None:
    """The server has the last word after the whole e-mail."""
    with mail_server() as box:
        box.at_the_end = words
        with pytest.raises(kind, match=words[4:]):
            mail(box).send(outgoing())


def test_a_server_that_is_slow_is_tried_again() -> None:
    """It is not waited for longer than the settings say."""
    with mail_server() as box:
        box.delay = 5
        with pytest.raises(RetryableError):
            mail(box, timeout=0.3).send(outgoing())


def test_a_server_that_is_not_there_is_tried_again() -> None:
    """A refused connection."""
    with mail_server() as box:
        pass

    with pytest.raises(RetryableError):
        mail(box).send(outgoing())


def test_a_server_that_hangs_up_is_tried_again() -> None:
    """It greets nobody."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        box = MailBox(port=listener.getsockname()[1])
        thread = threading.Thread(target=hang_up, args=(listener,))
        thread.start()
        with pytest.raises(RetryableError):
            mail(box).send(outgoing())
        thread.join()


def test_no_password_shows_in_what_the_channel_looks_like() -> None:
    """Nor in that of what it holds."""
    channel = mail(MailBox(port=1), login=("babynames", PASSWORD))

    assert PASSWORD not in repr(channel) + repr(vars(channel))
