"""What all channels have in common: a message goes out, and a text comes back."""

from dataclasses import dataclass
from typing import Protocol

from babynames_assets.notifications.news import Kind, Message


@dataclass(frozen=True)
class Outgoing:
    """A message on its way; the number stays the same when it is sent again, so that a receiver can tell."""

    number: int
    message: Message


class Channel(Protocol):
    """A way to tell somebody."""

    def send(self, outgoing: Outgoing) -> str:
        """Send once, and return what came back.

        Raises:
            RetryableError: another try may succeed.
            FatalError: a person has to change something.
        """


@dataclass(frozen=True)
class Route:
    """A channel, and what it is told.

    Attributes:
        name: of the channel.
        kinds: the kinds of news.
        is_always_told_of_ends: that something is over, even where the settings say that nobody wants to know.
        channel: sends.
    """

    name: str
    kinds: frozenset[Kind]
    is_always_told_of_ends: bool
    channel: Channel
