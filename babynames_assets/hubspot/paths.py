"""The paths of HubSpot's API, by its version.

Only the place of the version differs: ``/crm/v3/objects/contacts`` became ``/crm/objects/2026-03/contacts``. The bodies
are the same.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Paths:
    """Where things are in one version of the API.

    Attributes:
        api_version: ``v3``, or a date such as ``2026-03``.
    """

    api_version: str

    @property
    def contacts(self) -> str:
        """Contacts; their batch calls are below it."""
        return self._path("objects/contacts")

    @property
    def properties(self) -> str:
        """Definitions of the contacts' properties."""
        return self._path("properties/contacts")

    @property
    def account(self) -> str:
        """What the token's account is."""
        return f"/account-info/{self.api_version}/details"

    @property
    def token(self) -> str:
        """Where OAuth's access tokens come from."""
        return f"/oauth/{self.api_version}/token"

    def _path(self, resource: str) -> str:
        kind, thing = resource.split("/")
        if self.api_version == "v3":
            return f"/crm/v3/{kind}/{thing}"
        return f"/crm/{kind}/{self.api_version}/{thing}"
