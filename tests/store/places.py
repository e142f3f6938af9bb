"""Two desa with three posyandu, between which cases are moved."""

from __future__ import annotations

from service.access import Unit

MELATI, MAWAR, ANGGREK = "3603332001.01", "3603332001.02", "3603332002.01"
UNITS = {
    unit.code: unit
    for unit in (
        Unit("3603", "kabupaten", "Kabupaten Tangerang"),
        Unit("3603332001", "desa", "Mekar Baru", "3603"),
        Unit("3603332002", "desa", "Kedaung", "3603"),
        Unit(MELATI, "posyandu", "Posyandu Melati", "3603332001"),
        Unit(MAWAR, "posyandu", "Posyandu Mawar", "3603332001"),
        Unit(ANGGREK, "posyandu", "Posyandu Anggrek", "3603332002"),
    )
}
