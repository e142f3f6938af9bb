"""What happened after a birth, to the newborn and to the mother."""

from __future__ import annotations

from domain import birth
from domain.labels import label, listed
from domain.sentences.sentence import of, sentence


@of(birth.KbStarted, "KB sesudah melahirkan")
def _kb(event: birth.KbStarted, by: str) -> str:
    if event.method is not None:
        return f"KB sesudah melahirkan dimulai: {label(event.method)}, dicatat {by}."
    return sentence(f"Belum memakai KB, dicatat {by}", label(event.reason))


@of(birth.VitaminAGiven, "Vitamin A ibu nifas")
def _vitamin_a(event: birth.VitaminAGiven, by: str) -> str:
    return f"Ibu diberi {event.capsules} kapsul vitamin A {by}."


@of(birth.MotherDied, "Ibu meninggal")
def _mother_died(event: birth.MotherDied, by: str) -> str:
    place = f" di {label(event.place)}" if event.place != "lain" else ""
    return f"Ibu meninggal{place}, dicatat {by}."


@of(birth.NewbornCareRecorded, "Perawatan bayi baru lahir")
def _newborn_care(event: birth.NewbornCareRecorded, by: str) -> str:
    reason = f" karena {label(event.reason)}" if event.reason else ""
    return sentence(
        f"Perawatan bayi baru lahir dicatat {by}",
        f"sudah {listed(event.done)}" if event.done else None,
        f"tidak {listed(event.not_done)}{reason}" if event.not_done else None,
    )


@of(birth.NeonatalVisited, "Pemeriksaan bayi baru lahir")
def _neonatal(event: birth.NeonatalVisited, by: str) -> str:
    return f"Bayi baru lahir diperiksa {label(event.by)}, dicatat {by}."
