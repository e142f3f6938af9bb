"""What happened in a desa, or in the puskesmas, kecamatan or kabupaten above it."""

from __future__ import annotations

from domain import desa
from domain.figures import day, month
from domain.labels import DESKS, label, listed
from domain.sentences.sentence import known, of, sentence


@of(desa.Registered, "Pendaftaran wilayah")
def _registered(event: desa.Registered, by: str) -> str:
    posyandu = f" dengan {len(event.posyandus)} posyandu" if event.posyandus else ""
    return f"Wilayah ini ikut program{posyandu}, dicatat {by}."


@of(desa.PosyanduListed, "Posyandu baru")
def _posyandu_listed(_event: desa.PosyanduListed, by: str) -> str:
    return f"Satu posyandu ditambahkan {by}."


@of(desa.SessionHeld, "Sesi posyandu")
def _session(event: desa.SessionHeld, by: str) -> str:
    return sentence(
        f"Sesi posyandu dicatat {by}",
        f"{event.weighed} dari {event.registered} balita ditimbang",
        known(f"{event.gained} naik", event.gained),
        known(f"{event.kader} kader hadir", event.kader),
    )


@of(desa.SessionCancelled, "Sesi posyandu batal")
def _cancelled(event: desa.SessionCancelled, by: str) -> str:
    moved = f"pindah ke {day(event.moved_to)}" if event.moved_to else None
    return sentence(f"Sesi posyandu tidak jadi, dicatat {by}", label(event.reason), moved)


@of(desa.PlanRecorded, "Rencana tindakan")
def _planned(event: desa.PlanRecorded, by: str) -> str:
    until = f"paling lambat {day(event.by)}" if event.by else None
    return sentence(f"Rencana menaikkan kehadiran dibuat {by}", listed(event.steps) or None, until)


@of(desa.MeetingHeld, "Rapat TPPS")
def _meeting(event: desa.MeetingHeld, by: str) -> str:
    return sentence(f"Rapat TPPS dicatat {by}", *(_item(item) for item in event.items))


def _item(item: desa.ActionItem) -> str:
    cases = f", menyangkut {len(item.cases)} kasus" if item.cases else ""
    return f"{label(item.what)} oleh {DESKS[item.desk]} sampai {day(item.due)}{cases}"


@of(desa.ActionItemDone, "Tindak lanjut rapat")
def _item_done(_event: desa.ActionItemDone, by: str) -> str:
    return f"Satu tindak lanjut rapat selesai, dicatat {by}."


@of(desa.RembukHeld, "Rembuk stunting")
def _rembuk(event: desa.RembukHeld, by: str) -> str:
    return sentence(f"Rembuk stunting untuk tahun {event.year} dicatat {by}", listed(event.activities) or None)


@of(desa.BudgetRecorded, "Anggaran stunting")
def _budget(event: desa.BudgetRecorded, by: str) -> str:
    lines = (f"{label(one.what)} Rp{_rupiah(one.rupiah)} dari {label(one.funding)}" for one in event.lines)
    return sentence(f"{label(event.document)} tahun {event.year} dicatat {by}", *lines)


def _rupiah(amount: int) -> str:
    return f"{amount:,}".replace(",", ".")


@of(desa.ScorecardSubmitted, "Scorecard dan eHDW")
def _scorecard(event: desa.ScorecardSubmitted, by: str) -> str:
    quarter = (event.quarter.month + 2) // 3
    return f"Skor konvergensi dan eHDW triwulan {quarter} {event.quarter.year} dikirim {by}."


@of(desa.KaderCounted, "Jumlah kader")
def _kader(event: desa.KaderCounted, by: str) -> str:
    return f"Posyandu punya {event.count} kader, dicatat {by}."


@of(desa.KaderTrained, "Pelatihan kader")
def _trained(event: desa.KaderTrained, by: str) -> str:
    return f"Dilatih {label(event.topic)}: {event.count} kader, dicatat {by}."


@of(desa.EquipmentChecked, "Pemeriksaan alat")
def _equipment(event: desa.EquipmentChecked, by: str) -> str:
    return f"Alat posyandu diperiksa {by}: timbangan {label(event.scale)}, alat ukur panjang {label(event.board)}."


@of(desa.MonthClosed, "Penutupan bulan")
def _month_closed(event: desa.MonthClosed, by: str) -> str:
    return (
        f"Data {month(event.month)} ditutup {by}: S {event.registered}, K {event.with_book}, D {event.weighed}, "
        f"N {event.gained}, pendek {event.stunted}, berat kurang {event.underweight}, BGM {event.below_line}."
    )


@of(desa.SpendingRecorded, "Belanja PMT")
def _spent(event: desa.SpendingRecorded, by: str) -> str:
    return (
        f"Belanja PMT {month(event.month)} dari {label(event.funding)} dicatat {by}: Rp{_rupiah(event.rupiah)} untuk "
        f"{event.portions} porsi, {event.delivered} porsi tercatat diberikan."
    )


@of(desa.SpendingReconciled, "Pencocokan belanja PMT")
def _reconciled(event: desa.SpendingReconciled, by: str) -> str:
    return f"Belanja PMT {month(event.month)} dicocokkan {by}: {label(event.result)}."


@of(desa.MenuPlanned, "Rencana menu PMT")
def _menu(event: desa.MenuPlanned, by: str) -> str:
    return f"Menu PMT minggu mulai {day(event.monday)} direncanakan {by}: {event.menu}."


@of(desa.MenuApproved, "Persetujuan menu PMT")
def _approved(event: desa.MenuApproved, by: str) -> str:
    changed = f"diubah menjadi {event.menu}" if event.menu else None
    return sentence(f"Menu PMT minggu mulai {day(event.monday)} disetujui {by}", changed)


@of(desa.IncidentReported, "Kejadian sesudah PMT")
def _incident(event: desa.IncidentReported, by: str) -> str:
    menu = f"menu {event.menu}" if event.menu else None
    batch = f"kemasan {event.batch}" if event.batch else None
    people = f"{event.people} orang sakit, {event.severe} berat"
    return sentence(f"Kejadian sesudah makan PMT dilaporkan {by}", people, menu, batch)


@of(desa.IncidentClosed, "Kejadian PMT selesai")
def _incident_closed(event: desa.IncidentClosed, by: str) -> str:
    return sentence(
        f"Kejadian PMT selesai ditangani {by}",
        f"penyebab {label(event.cause)}",
        "contoh makanan disimpan" if event.sample else "contoh makanan tidak ada",
        "kemasan dihentikan" if event.stopped else None,
    )
