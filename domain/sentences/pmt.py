"""Extra food, from the decision to its end."""

from __future__ import annotations

from domain import pmt
from domain.figures import day, kg
from domain.labels import label
from domain.sentences.sentence import of, sentence


@of(pmt.PmtEligibilityDecided, "Keputusan PMT")
def _pmt_decided(event: pmt.PmtEligibilityDecided, by: str) -> str:
    if not event.eligible:
        return f"PMT diputuskan tidak diberikan {by}: {label(event.reason)}."
    days = f"{event.days} hari" if event.days else None
    funding = f"dana {label(event.funding)}" if event.funding else None
    return sentence(
        f"PMT {label(event.scheme)} siklus {event.cycle} diputuskan {by}", label(event.reason), days, funding
    )


@of(pmt.PmtStarted, "Mulai PMT")
def _pmt_started(event: pmt.PmtStarted, by: str) -> str:
    weight = f"berat awal {kg(event.kg)}" if event.kg is not None else None
    agreed = None if event.consent else "keluarga belum setuju"
    return sentence(f"PMT siklus {event.cycle} dimulai {by}", weight, agreed)


@of(pmt.PmtGiven, "Pemberian PMT")
def _pmt_given(event: pmt.PmtGiven, by: str) -> str:
    eaten = {0: "tidak dimakan", 100: "habis"}.get(event.eaten, f"dimakan {event.eaten}%")
    return sentence(f"PMT diberikan {by}", eaten, f"menu {event.menu}" if event.menu else None)


@of(pmt.PmtMissed, "PMT tidak diberikan")
def _pmt_missed(event: pmt.PmtMissed, by: str) -> str:
    return f"PMT tidak diberikan, dicatat {by}: {label(event.reason)}."


@of(pmt.PmtWeekClosed, "Penutupan minggu PMT")
def _pmt_week(event: pmt.PmtWeekClosed, by: str) -> str:
    return f"PMT siklus {event.cycle} minggu ke-{event.week} ditutup {by}: {label(event.follow_up)}."


@of(pmt.PmtStopped, "Penghentian PMT")
def _pmt_stopped(event: pmt.PmtStopped, by: str) -> str:
    return f"PMT siklus {event.cycle} dihentikan {by}: {label(event.reason)}."


@of(pmt.PmtCompleted, "Penilaian akhir PMT")
def _pmt_completed(event: pmt.PmtCompleted, by: str) -> str:
    return f"PMT siklus {event.cycle} selesai dinilai {by}: {label(event.outcome)}."


@of(pmt.PmtReconciled, "Pencocokan PMT")
def _reconciled(event: pmt.PmtReconciled, by: str) -> str:
    counts = f"rencana {event.planned}, diberikan {event.delivered}, menurut nota {event.receipts} porsi"
    return f"PMT siklus {event.cycle} minggu ke-{event.week} dicocokkan {by}: {counts}."


@of(pmt.OtherFoodRecorded, "Makanan dari sumber lain")
def _other_food(event: pmt.OtherFoodRecorded, by: str) -> str:
    until = f" sampai {day(event.until)}" if event.until else ""
    return f"Mendapat makanan dari {label(event.scheme)}{until}, dicatat {by}."


@of(pmt.OverlapResolved, "Keputusan dua sumber makanan")
def _overlap(event: pmt.OverlapResolved, by: str) -> str:
    return f"Dua sumber makanan diputuskan {by}: {label(event.decision)}."
