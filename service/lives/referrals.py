"""Made-up children who were referred: one in each desa, each further along its way than the one before."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from uuid import UUID, uuid5

from domain import care, referral
from domain.case import Command, Role
from service.lives.kecamatan import DESA, HOSPITAL, PUSKESMAS, Entry, Teller

DAY = timedelta(days=1)

Step = tuple[int, Command, Role, str]
"""How many days ago, what, by whom, in which unit."""


class Referrals:
    """Sends children to the puskesmas and to hospital, and some of them home again."""

    def __init__(self, teller: Teller) -> None:
        self.tell = teller

    def way(self, case: UUID, desa: str, posyandu: str) -> Iterator[Entry]:
        """The way of the one child of a desa, as far as it has come."""
        nth = [code for code, _ in DESA].index(desa)
        for ago, command, role, unit in self._steps(nth, uuid5(case, "rujukan"), desa, posyandu):
            yield self.tell.entry(self.tell.today - ago * DAY, 11, case, command, role, unit)

    def _steps(self, nth: int, number: UUID, desa: str, posyandu: str) -> Iterator[Step]:
        made = 2 + 3 * nth
        near = nth == 0
        yield made, self._made(number, made, near, nth), "bidan", desa
        if near:
            return
        told = (self._sent, self._accepted, self._arrived, self._treated, self._returned, self._planned)
        for after, step in enumerate(told[:nth], start=1):
            yield from step(number, made - after * 2, desa, posyandu)
        if nth == len(told) + 1:
            yield 1, self._close(number, 1), "bidan", desa

    def _made(self, number: UUID, ago: int, near: bool, nth: int) -> Command:
        to, kind = (PUSKESMAS, "puskesmas") if near else (HOSPITAL, "rs")
        command: Command = referral.Refer(
            on=self._day(ago), referral=number, to=to, kind=kind, reason="tidak-naik" if near else "stunting",
            urgent=nth == 1, planned=self._day(ago - 4), consent="diberikan", escort="keluarga", vehicle="mobil-desa",
        )  # fmt: skip
        return command

    def _sent(self, number: UUID, ago: int, desa: str, _: str) -> Iterator[Step]:
        yield ago, referral.SendReferral(on=self._day(ago), referral=number, via="aplikasi"), "bidan", desa

    def _accepted(self, number: UUID, ago: int, _desa: str, _: str) -> Iterator[Step]:
        yield ago, referral.AcceptReferral(on=self._day(ago), referral=number), "rs", HOSPITAL

    def _arrived(self, number: UUID, ago: int, _desa: str, _: str) -> Iterator[Step]:
        yield ago, referral.RecordArrival(on=self._day(ago), referral=number), "rs", HOSPITAL

    def _treated(self, number: UUID, ago: int, _desa: str, _: str) -> Iterator[Step]:
        yield ago, referral.BeginTreatment(on=self._day(ago), referral=number), "rs", HOSPITAL

    def _returned(self, number: UUID, ago: int, _desa: str, _: str) -> Iterator[Step]:
        back = referral.CounterRefer(
            on=self._day(ago), referral=number, diagnosis="E45", control=self._day(ago - 14),
            tasks=("kunjungan", "makan"),
        )  # fmt: skip
        yield ago, back, "rs", HOSPITAL

    def _planned(self, number: UUID, ago: int, desa: str, posyandu: str) -> Iterator[Step]:
        yield ago, referral.PlanFollowUp(on=self._day(ago), referral=number, visit=self._day(ago - 3)), "bidan", desa
        visited = care.VisitHome(on=self._day(ago - 2), found="bertemu", action=("edukasi",))
        yield ago - 2, visited, "kader", posyandu

    def _close(self, number: UUID, ago: int) -> Command:
        command: Command = referral.CloseReferral(on=self._day(ago), referral=number, result="membaik")
        return command

    def _day(self, ago: int) -> date:
        return self.tell.today - ago * DAY
