"""Made-up families at risk and couples about to marry: visited, screened, helped or waiting for help."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID, uuid5

from msgspec.structs import replace

from domain import care, family
from service.lives.kecamatan import SPACE, Entry, Teller

FAMILIES = 2
"""In each posyandu."""


class Families:
    """The families of the posyandu of one kecamatan."""

    def __init__(self, teller: Teller) -> None:
        self.tell = teller

    def at(self, code: str, desa: str) -> Iterator[Entry]:
        """What was recorded of the families of a posyandu."""
        for number in range(FAMILIES):
            yield from self._family(code, desa, uuid5(SPACE, f"{code}/keluarga/{number}"))
        if self.tell.chance(0.4):
            yield from self._couple(code, desa, uuid5(SPACE, f"{code}/catin"))

    def _family(self, code: str, desa: str, case: UUID) -> Iterator[Entry]:
        tell = self.tell
        sessions = tell.sessions(code)
        head = replace(tell.home(), name=f"{tell.faker.first_name_male()} {tell.faker.last_name()}")
        begins = sessions[0]
        register = family.Register(on=begins, desa=desa, posyandu=code, personal=head)
        yield tell.entry(begins, 12, case, register, "kader", code)
        screened = family.Screen(
            on=begins, under_two=1, under_five=1, latrine="layak" if tell.chance(0.8) else "tidak-ada",
            water="aman" if tell.chance(0.85) else "tidak-aman", smoker=tell.chance(0.4), jkn=tell.chance(0.92),
            poor=tell.chance(0.3), aid=tell.chance(0.6), in_class=tell.chance(0.9), too_many=False,
        )  # fmt: skip
        yield tell.entry(begins, 13, case, screened, "kader", code)
        yield from self._helped(code, desa, case, screened)
        for day in sessions:
            on = day + timedelta(days=2)
            if on < tell.today and tell.chance(0.93):
                visit = care.VisitHome(on=on, found="bertemu", action=("edukasi",))
                yield tell.entry(on, 16, case, visit, "kader", code)
                again = replace(screened, on=on)
                yield tell.entry(on, 16, case, again, "kader", code)
                if screened.smoker:
                    yield tell.entry(on, 16, case, care.Counsel(on=on, topic="rokok"), "kader", code)

    def _helped(self, code: str, desa: str, case: UUID, found: family.Screened) -> Iterator[Entry]:
        """What the desa asked for; some of it was given."""
        lacks = (
            ("jamban", found.latrine == "tidak-ada"), ("air", found.water == "tidak-aman"),
            ("bantuan-sosial", bool(found.poor and not found.aid)), ("jkn", found.jkn is False),
        )  # fmt: skip
        for what, lacking in lacks:
            if not lacking or not self.tell.chance(0.85):
                continue
            on = found.on + timedelta(days=9)
            number = uuid5(case, what)
            if what != "jkn":
                ask = family.RequestSupport(on=on, support=number, what=what, of="rkpdes")
                yield self.tell.entry(on, 10, case, ask, "desa", desa)
            granted = on + timedelta(days=40)
            if what == "jkn" or self.tell.chance(0.75):
                give = family.GrantSupport(
                    on=granted, what=what, source="apbd", support=None if what == "jkn" else number
                )
                yield self.tell.entry(granted, 10, case, give, "desa", desa)
                closed = granted + timedelta(days=30)
                close = family.CloseSupport(on=closed, what=what, used=True, support=give.support)
                yield self.tell.entry(closed, 10, case, close, "desa", desa)

    def _couple(self, code: str, desa: str, case: UUID) -> Iterator[Entry]:
        tell = self.tell
        told = tell.today - timedelta(days=tell.dice.randrange(5, 60))
        register = family.RegisterCouple(
            on=told, desa=desa, posyandu=code, wedding=tell.today + timedelta(days=tell.dice.randrange(40, 150)),
            born=tell.today - timedelta(days=tell.dice.randrange(20 * 365, 29 * 365)),
            personal=replace(tell.home(), name=f"{tell.woman()} dan {tell.faker.first_name_male()}"),
        )  # fmt: skip
        yield tell.entry(told, 9, case, register, "kader", code)
        screened = told + timedelta(days=6)
        if screened < tell.today:
            screen = family.ScreenCouple(
                on=screened, kg=round(tell.dice.gauss(50, 4), 1), cm=153.0,
                lila=round(tell.dice.uniform(23.0, 27.0), 1),
                hb=round(tell.dice.uniform(11.6, 13.2), 1), smoker=tell.chance(0.3),
            )  # fmt: skip
            yield tell.entry(screened, 10, case, screen, "bidan", desa)
