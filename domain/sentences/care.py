"""What was done for a case: visits, advice, examinations, plans, danger signs."""

from __future__ import annotations

from domain import care
from domain.figures import day
from domain.labels import label, listed
from domain.sentences.sentence import of, sentence


@of(care.HomeVisited, "Kunjungan rumah")
def _home_visited(event: care.HomeVisited, by: str) -> str:
    back = f"kembali {day(event.back)}" if event.back else None
    return sentence(f"Kunjungan rumah {by}", label(event.found), listed(event.action), back)


@of(care.Counselled, "Penyuluhan")
def _counselled(event: care.Counselled, by: str) -> str:
    topic = "hal lain" if event.topic == "lain" else "anak sakit" if event.topic == "sakit" else label(event.topic)
    return f"Penyuluhan {by} tentang {topic}."


@of(care.ClinicallyAssessed, "Pemeriksaan")
def _assessed(event: care.ClinicallyAssessed, by: str) -> str:
    # The diagnosis stays out: a kader reads this sentence too. The case page shows it to health workers.
    return sentence(
        f"Diperiksa {by}",
        _yes(event.complication, "ada komplikasi", "tanpa komplikasi"),
        _yes(event.appetite, "nafsu makan baik", "nafsu makan buruk"),
        _yes(event.illness, "ada penyakit", "tidak ada penyakit"),
        _yes(event.red_flag, "perlu dokter anak", None),
        f"rencana: {label(event.plan)}" if event.plan else None,
    )


def _yes(value: bool | None, yes: str, no: str | None) -> str | None:
    return None if value is None else (yes if value else no)


@of(care.CarePlanStarted, "Rencana perawatan")
def _plan_started(event: care.CarePlanStarted, by: str) -> str:
    reason = "hal lain" if event.reason == "lain" else label(event.reason)
    return f"Rencana perawatan dimulai {by} karena {reason}."


@of(care.CaseReviewed, "Tinjauan kasus")
def _reviewed(event: care.CaseReviewed, by: str) -> str:
    return f"Kasus ditinjau {by}: {label(event.decision)}."


@of(care.DangerSignReported, "Laporan tanda bahaya")
def _danger(event: care.DangerSignReported, by: str) -> str:
    signs = tuple("tanda lain" if s == "lain" else s for s in event.signs)
    return sentence(f"Tanda bahaya dilaporkan {by}", listed(signs))


@of(care.InpatientAdmitted, "Rawat inap")
def _admitted(event: care.InpatientAdmitted, by: str) -> str:
    until = f" sampai {day(event.until)}" if event.until else ""
    return f"Dirawat inap sejak {day(event.on)}{until}, dicatat {by}."
