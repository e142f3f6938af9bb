"""What happened in a pregnancy."""

from __future__ import annotations

from domain import pregnancy
from domain.figures import cm, day, kg, number
from domain.labels import label
from domain.sentences.sentence import of, sentence


@of(pregnancy.Reported, "Laporan ibu hamil")
def _pregnancy_reported(_event: pregnancy.Reported, by: str) -> str:
    return f"Ibu hamil dilaporkan {by}, belum didaftar."


@of(pregnancy.Registered, "Pendaftaran ibu hamil")
def _pregnancy_registered(event: pregnancy.Registered, by: str) -> str:
    counts = (("G", event.gravida), ("P", event.para), ("A", event.abortus))
    return sentence(
        f"Ibu hamil didaftar {by}",
        f"HPHT {day(event.hpht)}" if event.hpht else None,
        f"perkiraan lahir {day(event.due)}" if event.due else None,
        f"menurut {label(event.dated_by)}",
        "".join(f"{letter}{count}" for letter, count in counts if count is not None),
        f"tinggi badan {cm(event.height)}" if event.height is not None else None,
        f"berat sebelum hamil {kg(event.weight_before)}" if event.weight_before is not None else None,
    )


@of(pregnancy.Identified, "Pembaruan identitas")
def _mother_identified(_event: pregnancy.Identified, by: str) -> str:
    return f"Identitas ibu dilengkapi {by}."


@of(pregnancy.AntenatalVisited, "Pemeriksaan kehamilan")
def _antenatal(event: pregnancy.AntenatalVisited, by: str) -> str:
    usg = " dengan USG" if event.usg else ""
    return f"Periksa hamil pada {label(event.by)} di {label(event.place)}{usg}, dicatat {by}."


@of(pregnancy.Measured, "Pengukuran ibu hamil")
def _mother_measured(event: pregnancy.Measured, by: str) -> str:
    pressure = event.systolic is not None or event.diastolic is not None
    return sentence(
        f"Diukur {by}",
        kg(event.kg) if event.kg is not None else None,
        f"LILA {cm(event.lila)}" if event.lila is not None else None,
        f"tekanan darah {event.systolic or '–'}/{event.diastolic or '–'}" if pressure else None,
        f"tinggi fundus {cm(event.fundus)}" if event.fundus is not None else None,
        f"denyut janin {event.heartbeat}" if event.heartbeat is not None else None,
        f"letak janin: {label(event.presentation)}" if event.presentation else None,
    )


@of(pregnancy.ConflictResolved, "Pilihan hasil ukur")
def _mother_chosen(event: pregnancy.ConflictResolved, by: str) -> str:
    return f"Dari dua hasil ukur sehari, yang dipakai catatan nomor {event.version}, dipilih {by}."


_UNITS = {"hb": " g/dL", "gula-darah": " mg/dL"}


@of(pregnancy.LabResultRecorded, "Hasil laboratorium")
def _lab(event: pregnancy.LabResultRecorded, by: str) -> str:
    value = None if event.value is None else f"{number(event.value)}{_UNITS.get(event.test, '')}"
    found = " ".join(part for part in (value, label(event.result) if event.result else None) if part)
    return f"Hasil {label(event.test)}: {found}, dicatat {by}."


@of(pregnancy.TabletsGiven, "Pemberian tablet")
def _tablets(event: pregnancy.TabletsGiven, by: str) -> str:
    taken = f"yang lalu diminum {event.taken}" if event.taken is not None else None
    return sentence(f"Diberi {event.count} {label(event.kind)} {by}", taken)


@of(pregnancy.OutcomeRecorded, "Hasil kehamilan")
def _outcome(event: pregnancy.OutcomeRecorded, by: str) -> str:
    return sentence(
        f"Hasil kehamilan dicatat {by}",
        label(event.outcome),
        f"{event.alive} bayi hidup" if event.alive else None,
        f"{event.stillborn} lahir mati" if event.stillborn else None,
        f"umur kehamilan {event.weeks} minggu" if event.weeks is not None else None,
        f"di {label(event.place)}" if event.place else None,
        f"ditolong {label(event.helper)}" if event.helper else None,
        f"pukul {event.hour}" if event.hour is not None else None,
    )


@of(pregnancy.NewbornRegistered, "Pendaftaran bayi baru lahir")
def _newborn(event: pregnancy.NewbornRegistered, by: str) -> str:
    return f"Bayi ke-{event.order} didaftar sebagai balita {by}."


@of(pregnancy.PostnatalVisited, "Pemeriksaan nifas")
def _postnatal(event: pregnancy.PostnatalVisited, by: str) -> str:
    return f"Periksa nifas pada {label(event.by)}, dicatat {by}."
