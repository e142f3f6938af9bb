"""The board of who refers or is referred to: who is expected, who has not come, who waits for an answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromQuery
from litestar.response import Template
from msgspec import Struct

from domain import figures
from domain.case import Role
from domain.labels import label
from domain.referral import AFTER, THERE, WAITING, Reached
from projections.referral import Narrow, Tracked
from service import access, plainly
from service.access import Units, Who
from service.formbook import FORMS
from service.places import Place
from service.plainly import NEWS
from service.problems import Trouble

READERS: frozenset[Role] = frozenset({"bidan", "puskesmas-tpg", "puskesmas-dr", "rs"})
"""Who sends or receives patients, and has a board of its own."""

MOST = 300
"""Rows on one board; the oldest come first, so what is left out is the newest."""


class Row(Struct, frozen=True):
    """One patient on the board."""

    href: str
    name: str
    line: str
    reason: str
    state: str
    waits: str
    """For how long nothing has happened, in words."""
    late: bool
    way: str
    """From where to where."""
    actions: tuple[tuple[str, str], ...]


class Section(Struct, frozen=True):
    """The patients who wait for the same thing."""

    name: str
    title: str
    hint: str
    rows: tuple[Row, ...]


@get("/rujukan", include_in_schema=False, sync_to_thread=True)
def board_page(
    who: NamedDependency[Who],
    place: NamedDependency[Place],
    posisi: FromQuery[int | None] = None,
    kabar: FromQuery[str] = "",
) -> Template:
    """What is expected, what has not come, what waits for an answer, and who is there."""
    if who.role not in READERS:
        raise Trouble(403, "not-allowed")
    found, fresh = place.referrals(who, Narrow(), None, MOST + 1, posisi)
    now, units = place.now(), place.accounts.units()
    return Template(
        "rujukan.html",
        context={
            "who": who,
            "news": NEWS.get(kabar, ""),
            "fresh": fresh,
            "sections": tuple(_sections(found[:MOST], who, units, now)),
            "more": len(found) > MOST,
        },
    )


_SECTIONS: tuple[tuple[str, str, str], ...] = (
    ("jawaban", "Menunggu jawaban", "Penerima belum menjawab: terima, tolak, atau alihkan."),
    ("belum-datang", "Belum datang", "Hari yang direncanakan sudah lewat, atau pasien tidak jadi berangkat."),
    ("ditunggu", "Ditunggu", "Sudah diterima, pasien belum tiba."),
    ("di-sini", "Sudah tiba", "Menunggu hasil atau rujuk balik."),
    ("pulang", "Sudah dirujuk balik", "Menunggu tindak lanjut di desa."),
)


def _sections(found: Sequence[Tracked], who: Who, units: Units, now: datetime) -> Iterator[Section]:
    groups: dict[str, list[Row]] = {name: [] for name, _, _ in _SECTIONS}
    for one in found:
        groups[_group(one, now)].append(_row(one, who, units, now))
    for name, title, hint in _SECTIONS:
        if name == "pulang" and who.role == "rs":
            continue  # at home others see to it
        yield Section(name, title, hint, tuple(groups[name]))


def _group(one: Tracked, now: datetime) -> str:
    if one.state in WAITING:
        return "jawaban"
    if one.state in THERE:
        return "di-sini"
    if one.state in ("rujuk-balik", "tindak-lanjut"):
        return "pulang"
    late = one.planned is not None and one.planned < now.date()
    again = one.planned is not None and one.planned >= now.date()
    return "belum-datang" if late or (one.state == "tidak-datang" and not again) else "ditunggu"


def _row(one: Tracked, who: Who, units: Units, now: datetime) -> Row:
    planned = f"rencana {figures.day(one.planned)}" if one.planned is not None else ""
    parts = (plainly.age(one.about, one.born, now.date()), planned)
    waited = now - one.since
    urgent = one.urgent and one.state in WAITING
    return Row(
        href=f"/kasus/{one.case}",
        name=one.name or "Tanpa nama",
        line=", ".join(part for part in parts if part),
        reason=("DARURAT, " if one.urgent else "") + label(one.reason),
        state=label(one.state),
        waits=_waited(waited),
        late=urgent or (one.state in WAITING and waited > timedelta(hours=24)) or _group(one, now) == "belum-datang",
        way=f"{_called(one.sender, units)} → {_called(one.receiver, units)}",
        actions=tuple(_actions(one, who)),
    )


def _called(code: str, units: Units) -> str:
    return units[code].name if code in units else code


def _waited(span: timedelta) -> str:
    if span < timedelta(hours=1):
        return "baru saja"
    if span < timedelta(hours=48):
        return f"{span // timedelta(hours=1)} jam"
    return f"{span.days} hari"


_RECEIVES: tuple[tuple[str, Reached], ...] = (
    ("referral.accept", "diterima"), ("referral.arrive", "tiba"), ("referral.redirect", "dialihkan"),
    ("referral.reject", "ditolak"), ("referral.begin-treatment", "ditangani"),
    ("referral.counter-refer", "rujuk-balik"), ("referral.refer-onward", "dirujuk-lanjut"),
    ("referral.no-show", "tidak-datang"), ("referral.plan-follow-up", "tindak-lanjut"), ("referral.close", "tutup"),
)  # fmt: skip
_SENDS: tuple[tuple[str, Reached], ...] = (
    ("referral.send", "dikirim"), ("referral.arrive", "tiba"), ("referral.no-show", "tidak-datang"),
    ("referral.plan-follow-up", "tindak-lanjut"), ("referral.counter-refer", "rujuk-balik"),
    ("referral.close", "tutup"),
)  # fmt: skip
"""The steps a board offers, the likeliest first: to the receiver, and to those who wait at home."""

OFFERED = 3


def _actions(one: Tracked, who: Who) -> Iterator[tuple[str, str]]:
    """The next steps this post may take, of which the first three are shown."""
    offered = _RECEIVES if who.post.unit.code == one.receiver else _SENDS
    able = [tag for tag, step in offered if one.state in AFTER[step] and access.may(who.role, tag)]
    for tag in able[:OFFERED]:
        asked = {"kasus": one.case, "kunci": one.referral, "kembali": "/rujukan"}
        yield f"/isi/{tag}?{urlencode(asked)}", FORMS[tag].title


HANDLERS: tuple[Any, ...] = (board_page,)
