"""A posyandu is found by its names under its kecamatan; a name alone, or one of elsewhere, finds nothing."""

from __future__ import annotations

import pytest

from service.access import Unit
from service.exchange.cells import Unclear
from service.exchange.placing import Places, Spot, bare
from service.exchange.rows import Whereabouts

UNITS = {
    unit.code: unit
    for unit in (
        Unit("3603", "kabupaten", "Kabupaten Tangerang"),
        Unit("360333", "kecamatan", "Mekar Baru", "3603"),
        Unit("360307", "kecamatan", "Kronjo", "3603"),
        Unit("3603330101", "puskesmas", "Puskesmas Mekar Baru", "360333"),
        Unit("3603070101", "puskesmas", "Puskesmas Kronjo", "360307"),
        Unit("3603332001", "desa", "Mekar Baru", "3603330101"),
        Unit("3603332002", "desa", "Kedaung", "3603330101"),
        Unit("3603072002", "desa", "Kedaung", "3603070101"),
        Unit("3603332001.01", "posyandu", "Melati 1", "3603332001"),
        Unit("3603332001.02", "posyandu", "Posyandu Melati II", "3603332001"),
        Unit("3603332002.01", "posyandu", "Melati 1", "3603332002"),
        Unit("3603072002.01", "posyandu", "Mawar", "3603072002"),
    )
}


def reason(place: Whereabouts, default: str | None = None) -> str:
    with pytest.raises(Unclear) as unclear:
        Places(UNITS, default).find(place)
    return str(unclear.value)


@pytest.mark.parametrize(
    ("desa", "posyandu", "code"),
    [
        ("MEKAR BARU", "MELATI 1", "3603332001.01"),
        ("Ds. Mekarbaru", "Pos Melati I", "3603332001.01"),
        ("Mekar Baru", "MELATI 02", "3603332001.02"),
        ("KEDAUNG", "melati-1", "3603332002.01"),
    ],
)
def test_a_posyandu_is_found_however_its_names_are_spelt(desa: str, posyandu: str, code: str) -> None:
    place = Whereabouts("TANGERANG", "MEKAR BARU", "MEKAR BARU", desa, posyandu)
    assert Places(UNITS).find(place) == Spot(code, code.partition(".")[0], "3603330101")


def test_a_desa_of_the_same_name_in_another_kecamatan_is_another_desa() -> None:
    kronjo = Whereabouts(kecamatan="KRONJO", desa="KEDAUNG", posyandu="MAWAR")
    assert Places(UNITS).find(kronjo).desa == "3603072002"
    elsewhere = Whereabouts(kecamatan="KRONJO", desa="KEDAUNG", posyandu="MELATI 1")
    assert reason(elsewhere) == "Posyandu 'MELATI 1' tidak dikenal di desa Kedaung."


def test_without_a_kecamatan_the_puskesmas_decides() -> None:
    place = Whereabouts(puskesmas="KRONJO", desa="KEDAUNG", posyandu="MAWAR")
    assert Places(UNITS).find(place).posyandu == "3603072002.01"


def test_a_desa_alone_is_not_enough() -> None:
    assert "nama desa saja tidak cukup" in reason(Whereabouts(desa="MEKAR BARU", posyandu="MELATI 1"))


def test_what_is_not_known_is_named() -> None:
    there = {"kecamatan": "MEKAR BARU"}
    assert reason(Whereabouts(kecamatan="KOSAMBI", desa="X", posyandu="Y")) == "Kecamatan 'KOSAMBI' tidak dikenal."
    assert reason(Whereabouts(**there, desa="X", posyandu="Y")) == "Desa 'X' tidak dikenal di kecamatan MEKAR BARU."
    assert reason(Whereabouts(**there, desa="KEDAUNG")) == "Posyandu kosong."
    assert reason(Whereabouts(**there)) == "Desa kosong."


def test_the_kota_of_the_same_name_is_another_place() -> None:
    kota = Whereabouts("KOTA TANGERANG", "MEKAR BARU", "", "MEKAR BARU", "MELATI 1")
    assert reason(kota) == "Kabupaten 'KOTA TANGERANG' bukan Kabupaten Tangerang."


def test_a_default_takes_rows_whose_posyandu_is_not_known_and_says_so() -> None:
    spot = Places(UNITS, "3603332001.01").find(
        Whereabouts(kecamatan="MEKAR BARU", desa="MEKAR BARU", posyandu="DAHLIA")
    )
    assert spot.posyandu == "3603332001.01"
    assert spot.note == ("Posyandu 'DAHLIA' tidak dikenal di desa Mekar Baru. Dicatat di posyandu 3603332001.01.")


@pytest.mark.parametrize(
    "place",
    [
        Whereabouts(kecamatan="KRONJO", desa="MEKAR BARU", posyandu="X"),
        Whereabouts(kabupaten="LEBAK", desa="MEKAR BARU", posyandu="X"),
        Whereabouts(kecamatan="MEKAR BARU", desa="KEDAUNG", posyandu="X"),
    ],
)
def test_a_default_does_not_take_rows_that_say_they_are_elsewhere(place: Whereabouts) -> None:
    assert reason(place, "3603332001.01")


def test_a_default_that_is_no_posyandu_is_refused() -> None:
    with pytest.raises(Unclear, match="tidak dikenal"):
        Places(UNITS, "3603332001")


def test_names_are_compared_without_their_kind() -> None:
    assert bare("Kab. Tangerang") == bare("KABUPATEN TANGERANG") == "TANGERANG"
    assert bare("Kota Tangerang") == "KOTATANGERANG"
    assert bare("Posyandu") == "POSYANDU"
