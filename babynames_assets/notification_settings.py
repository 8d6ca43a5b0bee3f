"""The group of settings that says who is told what, and how; what each value means stands in ``docs/settings.md``."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr

from babynames_assets.setting_groups import Seconds, SettingGroup, Token

KINDS = ("failed_runs", "blocking_checks", "failed_checks", "check_warnings", "dead_letters", "completion")
"""What can be told."""

PAGED_KINDS = KINDS[:-1]
"""What can be told to PagerDuty: a page is resolved when the trouble is over, and completion is no trouble."""

_ADDRESS = re.compile(r"[^@\s,;<>\"]+@[^@\s,;<>\"]+")


def listed(text: str) -> tuple[str, ...]:
    """The parts of a list with commas between them."""
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _some_of(kinds: tuple[str, ...]) -> AfterValidator:
    def are_known(text: str) -> str:
        if unknown := sorted(set(listed(text)) - set(kinds)):
            raise ValueError(f"{', '.join(unknown)}: there is no such kind of news; there are {', '.join(kinds)}")
        return text

    return AfterValidator(are_known)


def _is_web_address(secret: SecretStr) -> SecretStr:
    if not re.match(r"https?://[^/?#]", secret.get_secret_value()):
        raise ValueError("it does not begin with https:// and a host")
    return secret


def _are_addresses(text: str) -> str:
    if wrong := [part for part in listed(text) if not _ADDRESS.fullmatch(part)]:
        raise ValueError(f"{len(wrong)} of {len(listed(text))} are no e-mail addresses; good: me@example.com")
    return text


News = Annotated[str, _some_of(KINDS)]
PagedNews = Annotated[str, _some_of(PAGED_KINDS)]
WebAddress = Annotated[Token, AfterValidator(_is_web_address)]
SigningKey = Annotated[Token, Field(min_length=16)]
Addresses = Annotated[str, AfterValidator(_are_addresses)]


class NotificationSettings(SettingGroup):
    """Who is told what, and how. A channel without its address is not used."""

    slack_url: WebAddress | None = Field(
        default=None,
        description="Incoming webhook of Slack, or of another chat that takes Slack's (Mattermost, Rocket.Chat). "
        "Who has the address can write there: it is a secret.",
    )
    slack_news: News = Field(default=",".join(KINDS), description="What is told there, with commas between.")
    smtp_host: str | None = Field(
        default=None, pattern=r"^[\w.:-]+$", description="Mail server that takes the e-mails. Empty: none are sent."
    )
    smtp_port: int = Field(default=587, ge=1, le=65535, description="Its port: 587 for STARTTLS, 465 for TLS.")
    smtp_security: Literal["starttls", "tls", "none"] = Field(
        default="starttls",
        description="How the connection is encrypted; nothing is sent without it. `none` is for a server on this host.",
    )
    smtp_user: str | None = Field(default=None, description="Login at the mail server. Empty: no login.")
    smtp_password: SecretStr | None = Field(default=None, description="Password of the login.")
    email_from: Addresses | None = Field(default=None, description="Sender of the e-mails.")
    email_to: Addresses | None = Field(default=None, description="Their receivers, with commas between.")
    email_news: News = Field(default=",".join(KINDS), description="What is told to them, with commas between.")
    pagerduty_key: Token | None = Field(
        default=None, description="Integration key of a PagerDuty service (Events API v2)."
    )
    pagerduty_url: str = Field(
        default="https://events.pagerduty.com",
        pattern=r"^https?://",
        description="PagerDuty's Events API; in Europe `https://events.eu.pagerduty.com`.",
    )
    pagerduty_news: PagedNews = Field(
        default="failed_runs,blocking_checks,failed_checks,dead_letters",
        description="What opens a page there, with commas between; `completion` cannot.",
    )
    webhook_url: WebAddress | None = Field(
        default=None, description="Where signed messages are posted as JSON. It is a secret."
    )
    webhook_secret: SigningKey | None = Field(
        default=None, description="Key of their signatures, HMAC-SHA256; at least 16 characters."
    )
    webhook_news: News = Field(default=",".join(KINDS), description="What is posted there, with commas between.")
    heartbeat_url: WebAddress | None = Field(
        default=None,
        description="Called every five minutes while everything that tells of trouble works: whoever waits for the "
        "calls, such as healthchecks.io, says when they end. It is a secret.",
    )
    ui_url: str | None = Field(
        default=None, pattern=r"^https?://", description="Address of Dagster's UI, for the links in messages."
    )
    remind_after_hours: float = Field(
        default=24, gt=0, description="Hours after which a trouble that lasts is told again."
    )
    tell_when_resolved: bool = Field(
        default=True, description="Whether the end of a trouble is told too. PagerDuty is always told."
    )
    attempts: int = Field(
        default=12, ge=1, le=100, description="The most attempts to deliver a message, the first included."
    )
    first_wait: Seconds = Field(
        default=15, description="Seconds before the second attempt, doubled with every further one, up to an hour."
    )
    connect_timeout: Seconds = Field(default=5, description="Seconds to wait for a connection.")
    read_timeout: Seconds = Field(default=20, description="Seconds to wait for an answer.")
