"""What was done before a birth beside the visits."""

from __future__ import annotations

from domain import antenatal
from domain.labels import label, listed
from domain.sentences.sentence import of, sentence


@of(antenatal.RiskScored, "Penilaian risiko (KSPR)")
def _scored(event: antenatal.RiskScored, by: str) -> str:
    return sentence(f"Risiko kehamilan dinilai {by}", listed(event.factors) or "tidak ada faktor risiko")


@of(antenatal.BirthPlanMade, "Rencana persalinan")
def _planned(event: antenatal.BirthPlanMade, by: str) -> str:
    return sentence(
        f"Rencana persalinan dibuat {by}",
        f"di {label(event.place)}",
        f"ditolong {label(event.helper)}",
        "kendaraan siap" if event.transport else None,
        "donor darah siap" if event.donor else None,
        "JKN aktif" if event.jkn else None,
        "pendamping siap" if event.companion else None,
    )


@of(antenatal.TetanusChecked, "Pemeriksaan status tetanus")
def _tetanus(event: antenatal.TetanusChecked, by: str) -> str:
    return sentence(
        f"Perlindungan tetanus diperiksa {by}",
        f"status {label(event.protection)}",
        "diimunisasi Td" if event.vaccinated else None,
    )


@of(antenatal.ClassAttended, "Kelas ibu hamil")
def _class(event: antenatal.ClassAttended, by: str) -> str:
    husband = " bersama suami" if event.husband else ""
    return f"Ikut kelas ibu hamil{husband}, dicatat {by}."
