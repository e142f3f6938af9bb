"""What happened to a child."""

from __future__ import annotations

from domain import child
from domain.figures import cm, day, kg
from domain.labels import CONTEXTS, SEX, label, listed
from domain.sentences.sentence import known, of, sentence


@of(child.Reported, "Laporan balita baru")
def _child_reported(_event: child.Reported, by: str) -> str:
    return f"Balita baru dilaporkan {by}, belum didaftar."


@of(child.Registered, "Pendaftaran balita")
def _child_registered(event: child.Registered, by: str) -> str:
    return sentence(
        f"Didaftar {by}",
        f"{SEX[event.sex]}, lahir {day(event.born)} (menurut {label(event.born_from)})",
        f"berat lahir {kg(event.birth_kg)}" if event.birth_kg is not None else None,
        f"panjang lahir {cm(event.birth_cm)}" if event.birth_cm is not None else None,
        known(f"umur kehamilan {event.weeks} minggu", event.weeks),
        known(f"anak ke-{event.order}", event.order),
        f"risiko dari kehamilan: {listed(event.risks)}" if event.risks else None,
    )


@of(child.Identified, "Pembaruan identitas")
def _child_identified(_event: child.Identified, by: str) -> str:
    return f"Identitas balita dilengkapi {by}."


@of(child.Measured, "Penimbangan dan pengukuran")
def _child_measured(event: child.Measured, by: str) -> str:
    start = "Diukur" if event.kg is None else "Ditimbang"
    if event.context != "posyandu":
        start += f" {CONTEXTS[event.context]}"
    return f"{start}: {', '.join(part for part in _measures(event) if part)}, {by}."


def _measures(event: child.Measured) -> tuple[str | None, ...]:
    return (
        kg(event.kg) if event.kg is not None else None,
        _length(event.cm, event.lying) if event.cm is not None else None,
        f"LILA {cm(event.lila)}" if event.lila is not None else None,
        f"lingkar kepala {cm(event.head)}" if event.head is not None else None,
        ("tidak bengkak" if event.oedema == 0 else f"bengkak +{event.oedema}") if event.oedema is not None else None,
        label(event.clothing) if event.clothing is not None else None,
        f"timbangan {event.scale}" if event.scale is not None else None,
    )


def _length(value: float, lying: bool | None) -> str:
    if lying is None:
        return f"panjang/tinggi {cm(value)}"
    return f"panjang {cm(value)} (telentang)" if lying else f"tinggi {cm(value)} (berdiri)"


@of(child.AbsenceRecorded, "Tidak hadir di posyandu")
def _absent(event: child.AbsenceRecorded, by: str) -> str:
    back = f"kembali {day(event.back)}" if event.back else None
    return sentence(f"Tidak ditimbang bulan ini, dicatat {by}", label(event.reason), back)


@of(child.MeasurementVerified, "Pengukuran dipastikan")
def _verified(event: child.MeasurementVerified, by: str) -> str:
    return f"Pengukuran pada catatan nomor {event.version} diukur ulang dan dipastikan benar {by}."


@of(child.ConflictResolved, "Pilihan hasil ukur")
def _chosen(event: child.ConflictResolved, by: str) -> str:
    return f"Dari dua hasil ukur sehari, yang dipakai catatan nomor {event.version}, dipilih {by}."


@of(child.StatusConfirmed, "Status gizi dipastikan")
def _confirmed(event: child.StatusConfirmed, by: str) -> str:
    return sentence(
        f"Status gizi dipastikan {by}",
        f"BB/TB {label(event.weight_height)}" if event.weight_height else None,
        f"BB/U {label(event.weight_age)}" if event.weight_age else None,
        f"TB/U {label(event.height_age)}" if event.height_age else None,
    )


@of(child.FeedingRecorded, "Catatan makan")
def _fed(event: child.FeedingRecorded, by: str) -> str:
    groups = f"{event.groups} dari 8 kelompok makanan" if event.groups is not None else None
    return sentence(f"Cara makan dicatat {by}", label(event.breast) if event.breast else None, groups)


@of(child.Moved, "Pindah tempat tinggal")
def _moved(event: child.Moved, by: str) -> str:
    where = "keluar wilayah" if event.desa is None else "ke posyandu lain"
    return f"Pindah {where}, dicatat {by}."


@of(child.Died, "Meninggal")
def _died(event: child.Died, by: str) -> str:
    place = "" if event.place == "lain" else f" di {label(event.place)}"
    return f"Meninggal{place}, dicatat {by}."
