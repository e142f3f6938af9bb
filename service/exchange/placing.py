"""Which posyandu a file means by its names. Names repeat all over Indonesia, so one counts only under its kecamatan."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from msgspec import Struct

from service.access import Unit, Units
from service.exchange.cells import Unclear
from service.exchange.rows import Whereabouts


class Spot(Struct, frozen=True):
    """A posyandu with what stands above it."""

    posyandu: str
    desa: str
    puskesmas: str
    note: str | None = None


class Places:
    """The units of one kabupaten by their names, as far as a file needs them."""

    def __init__(self, units: Units, default: str | None = None) -> None:
        self._units = units
        self._default = None if default is None else self._spot(self._known(default))
        self.find = lru_cache(maxsize=4096)(self._find)

    def by_code(self, code: str) -> Spot:
        """The posyandu of a code. Raises Unclear."""
        return self._spot(self._known(code))

    def _find(self, place: Whereabouts) -> Spot:
        """The one posyandu that is meant. Raises Unclear with what is not known."""
        try:
            return self._named(place)
        except Unclear as unclear:
            if self._default is None or self._elsewhere(place):
                raise
            code = self._default.posyandu
            return Spot(code, self._default.desa, self._default.puskesmas, f"{unclear} Dicatat di posyandu {code}.")

    def _named(self, place: Whereabouts) -> Spot:
        self._check_kabupaten(place.kabupaten)
        desa = self._desa(place)
        if not place.posyandu:
            raise Unclear("Posyandu kosong.")
        wanted = bare(place.posyandu)
        found = [u for u in self._under(desa.code, "posyandu") if bare(u.name) == wanted or u.code == place.posyandu]
        if not found:
            raise Unclear(f"Posyandu {place.posyandu!r} tidak dikenal di desa {desa.name}.")
        if len(found) > 1:
            raise Unclear(f"Ada lebih dari satu posyandu {place.posyandu!r} di desa {desa.name}.")
        return self._spot(found[0])

    def _check_kabupaten(self, name: str) -> None:
        ours = [u.name for u in self._of("kabupaten")]
        if name and ours and bare(name) not in map(bare, ours):
            raise Unclear(f"Kabupaten {name!r} bukan {ours[0]}.")

    def _desa(self, place: Whereabouts) -> Unit:
        if not place.desa:
            raise Unclear("Desa kosong.")
        if not place.kecamatan and not place.puskesmas:
            raise Unclear("Kecamatan dan puskesmas kosong; nama desa saja tidak cukup.")
        wanted = bare(place.desa)
        found = [d for area in self._areas(place) for d in self._under(area.code, "desa") if bare(d.name) == wanted]
        if not found:
            where = f"kecamatan {place.kecamatan}" if place.kecamatan else f"puskesmas {place.puskesmas}"
            raise Unclear(f"Desa {place.desa!r} tidak dikenal di {where}.")
        if len(found) > 1:
            raise Unclear(f"Ada lebih dari satu desa {place.desa!r}; isi kecamatan dan puskesmasnya.")
        return found[0]

    def _areas(self, place: Whereabouts) -> list[Unit]:
        """Where to look for the desa: the kecamatan, or without one the puskesmas."""
        kind, name = ("kecamatan", place.kecamatan) if place.kecamatan else ("puskesmas", place.puskesmas)
        found = [u for u in self._of(kind) if bare(u.name) == bare(name)]
        if not found:
            raise Unclear(f"{kind.capitalize()} {name!r} tidak dikenal.")
        return found

    def _elsewhere(self, place: Whereabouts) -> bool:
        """The file says it is not where the default is: then the default would be a lie."""
        assert self._default is not None
        above = {u.kind: bare(u.name) for u in self._above(self._units[self._default.posyandu])}
        if place.kabupaten and "kabupaten" in above and bare(place.kabupaten) != above["kabupaten"]:
            return True
        if place.kecamatan and "kecamatan" in above and bare(place.kecamatan) != above["kecamatan"]:
            return True
        named = bare(place.desa)
        return named != above["desa"] and named in {bare(d.name) for d in self._of("desa")}

    def _known(self, code: str) -> Unit:
        unit = self._units.get(code)
        if unit is None or unit.kind != "posyandu":
            raise Unclear(f"Posyandu dengan kode {code!r} tidak dikenal.")
        return unit

    def _spot(self, posyandu: Unit) -> Spot:
        above = {u.kind: u.code for u in self._above(posyandu)}
        return Spot(posyandu.code, above["desa"], above.get("puskesmas", above["desa"]))

    def _of(self, kind: str) -> list[Unit]:
        return [u for u in self._units.values() if u.kind == kind]

    def _under(self, code: str, kind: str) -> Iterable[Unit]:
        return (u for u in self._of(kind) if any(a.code == code for a in self._above(u)))

    def _above(self, unit: Unit) -> Iterable[Unit]:
        above = self._units.get(unit.parent) if unit.parent else None
        while above is not None:
            yield above
            above = self._units.get(above.parent) if above.parent else None


def bare(name: str) -> str:
    """A name without its kind of unit, in one spelling: "Desa Mekar Baru" is "MEKARBARU", "Melati II" is "MELATI2"."""
    words = _WORDS.findall(name.upper())
    while len(words) > 1 and words[0] in _KINDS:
        words = words[1:]
    if len(words) > 1:
        words[-1] = _ROMAN.get(words[-1], words[-1])
    return "".join(word.lstrip("0") or "0" if word.isdecimal() else word for word in words)


_WORDS = re.compile(r"[^\W\d_]+|\d+")
_KINDS = frozenset({"DESA", "KELURAHAN", "KEL", "KECAMATAN", "KEC", "KABUPATEN", "KAB", "PUSKESMAS", "PKM", "UPT",
                    "UPTD", "POSYANDU", "POS", "DS"})  # fmt: skip
_ROMAN = {
    "I": "1",
    "II": "2",
    "III": "3",
    "IV": "4",
    "V": "5",
    "VI": "6",
    "VII": "7",
    "VIII": "8",
    "IX": "9",
    "X": "10",
}
