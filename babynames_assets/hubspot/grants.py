"""What HubSpot's token endpoint gives: an access token, the refresh token for the next one, and how long it is good."""

import hashlib
import json
from dataclasses import dataclass

from pydantic import SecretStr

RENEW_AT_SHARE = 0.8
RENEW_AHEAD = 300.0
"""A token is renewed after this share of its life, or so many seconds before its end, whichever comes first."""


@dataclass(frozen=True)
class Grant:
    """What HubSpot gave.

    Attributes:
        access_token: goes into calls.
        refresh_token: asks for the next grant; HubSpot gives the same one again, and does not promise to.
        lifetime: seconds for which the access token is good.
    """

    access_token: SecretStr
    refresh_token: SecretStr
    lifetime: float

    @property
    def renew_after(self) -> float:
        """Seconds after which it is renewed; of a short life at least a half is used."""
        return max(self.lifetime / 2, min(self.lifetime * RENEW_AT_SHARE, self.lifetime - RENEW_AHEAD))


def as_secret(grant: Grant) -> SecretStr:
    """A grant as one secret, to be kept."""
    fields = {
        "access_token": grant.access_token.get_secret_value(),
        "refresh_token": grant.refresh_token.get_secret_value(),
        "lifetime": grant.lifetime,
    }
    return SecretStr(json.dumps(fields))


def from_secret(secret: SecretStr) -> Grant:
    """A grant as it was kept."""
    fields = json.loads(secret.get_secret_value())
    return Grant(SecretStr(fields["access_token"]), SecretStr(fields["refresh_token"]), fields["lifetime"])


def name_of(base_url: str, client_id: str, refresh_token: SecretStr) -> str:
    """Under which name the grants lie that descend from a refresh token of the settings.

    Whoever authorises the app anew sets another refresh token and so begins another line: what the old one left is
    never taken for it. The name tells nothing of the token, which is random and long.
    """
    line = "\n".join((base_url, client_id, refresh_token.get_secret_value()))
    return f"hubspot-oauth-{hashlib.sha256(line.encode()).hexdigest()[:16]}"
