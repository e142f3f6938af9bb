"""A kabupaten is a tenant is a schema: which ones there are, and which database each lives in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timezone
from types import MappingProxyType

from msgspec import Struct

from domain.case import zone
from service.settings import Settings, SettingsError

_CODE = re.compile(r"\d{4}")


class Tenant(Struct, frozen=True):
    """Everything the service must know to find one kabupaten's log and lists."""

    code: str
    name: str
    dsn: str

    @property
    def schema(self) -> str:
        return f"kab_{self.code}"

    @property
    def zone(self) -> timezone:
        return zone(self.code)


def tenants(settings: Settings, dsn: str) -> Mapping[str, Tenant]:
    """The registry by region code, in the order given. All live in one database today; here is where that may end."""
    codes = [code.strip() for code in settings.tenants.split(",") if code.strip()]
    for code in codes:
        if not _CODE.fullmatch(code):
            raise SettingsError(f"DAMPINGI_TENANTS: {code!r} is not the four-digit code of a kabupaten or kota")
    if not codes:
        raise SettingsError("DAMPINGI_TENANTS names no kabupaten")
    return MappingProxyType({code: Tenant(code, _NAMES.get(code, f"Kabupaten {code}"), dsn) for code in codes})


_NAMES = {"3603": "Kabupaten Tangerang"}
