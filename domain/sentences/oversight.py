"""How the work of a unit was supervised: visits, load, audits, evidence, files, breaches, officers."""

from __future__ import annotations

from domain import oversight
from domain.figures import day, month, z
from domain.labels import DESKS, label, listed
from domain.questions import question
from domain.sentences.sentence import known, of, sentence


@of(oversight.SupervisionVisited, "Kunjungan supervisi")
def _visited(event: oversight.SupervisionVisited, by: str) -> str:
    visitors = f"oleh {listed(event.visitors)}" if event.visitors else None
    children = f"{event.remeasured} anak diukur ulang" if event.remeasured else None
    return sentence(f"Kunjungan supervisi dicatat {by}", visitors, children)


@of(oversight.WorkloadCounted, "Hitungan beban tugas")
def _counted(event: oversight.WorkloadCounted, by: str) -> str:
    return f"Beban meja {DESKS[event.desk]} dihitung {by}: {event.open} tugas terbuka, {event.late} terlambat."


@of(oversight.WorkShared, "Rencana pembagian tugas")
def _shared(event: oversight.WorkShared, by: str) -> str:
    return sentence(f"Beban meja {DESKS[event.desk]} dibagi {by}", listed(event.how))


@of(oversight.AuditCaseSelected, "Pemilihan kasus audit")
def _selected(event: oversight.AuditCaseSelected, by: str) -> str:
    half = 1 if event.semester.month <= 6 else 2
    return f"Satu kasus ({label(event.who)}) dipilih {by} untuk audit stunting semester {half} {event.semester.year}."


@of(oversight.AuditFindingRecorded, "Temuan audit")
def _found(event: oversight.AuditFindingRecorded, by: str) -> str:
    lines = listed(tuple(line.what for line in event.lines))
    return sentence(f"Temuan audit dicatat {by}", f"tindak lanjut {lines}" if lines else None)


@of(oversight.AuditLineDone, "Tindak lanjut audit")
def _line_done(_event: oversight.AuditLineDone, by: str) -> str:
    return f"Satu tindak lanjut audit selesai, dicatat {by}."


@of(oversight.Explained, "Penjelasan")
def _explained(event: oversight.Explained, by: str) -> str:
    return f"Penjelasan diberikan {by}: {label(event.reason)}."


@of(oversight.EvidenceRequested, "Permintaan bukti")
def _requested(event: oversight.EvidenceRequested, by: str) -> str:
    return sentence(
        f"Bukti diminta {by}",
        listed(event.what),
        f"surat tugas {event.letter}",
        f"mulai {day(event.first)}" if event.first else None,
        f"sampai {day(event.last)}" if event.last else None,
    )


@of(oversight.EvidenceProvided, "Penyerahan bukti")
def _provided(event: oversight.EvidenceProvided, by: str) -> str:
    return sentence(f"Bukti diserahkan {by}", f"sidik berkas {event.digest[:12]}" if event.digest else None)


@of(oversight.ExportCompared, "Pembandingan dengan e-PPGBM")
def _compared(event: oversight.ExportCompared, by: str) -> str:
    return (
        f"Ekspor e-PPGBM {month(event.month)} dibandingkan {by}: {event.differing} dari {event.rows} baris berbeda, "
        f"beda z-skor terbesar {z(event.widest)}."
    )


@of(oversight.DifferenceResolved, "Penyelesaian selisih data")
def _resolved(event: oversight.DifferenceResolved, by: str) -> str:
    return f"Selisih e-PPGBM {month(event.month)} diselesaikan {by}: {label(event.how)}."


@of(oversight.ImportRowsRejected, "Baris impor ditolak")
def _rejected(event: oversight.ImportRowsRejected, by: str) -> str:
    return f"Ditolak {len(event.rows)} baris berkas {event.file[:8]}, dicatat {by}."


@of(oversight.ImportRowsResolved, "Penyelesaian baris impor")
def _rows_resolved(event: oversight.ImportRowsResolved, by: str) -> str:
    return f"Diselesaikan {len(event.rows)} baris berkas {event.file[:8]} {by}: {label(event.how)}."


@of(oversight.BreachDetected, "Laporan kebocoran data")
def _breach(event: oversight.BreachDetected, by: str) -> str:
    people = known(f"menyangkut {event.people} orang", event.people)
    return sentence(f"Keamanan data dilaporkan {by}", label(event.what), people)


@of(oversight.BreachNotified, "Pemberitahuan kebocoran data")
def _notified(event: oversight.BreachNotified, by: str) -> str:
    return sentence(
        f"Penanganan kebocoran data dicatat {by}",
        "akses dicabut" if event.revoked else "akses belum dicabut",
        "orangnya diberi tahu" if event.subjects else "orangnya belum diberi tahu",
        "lembaga berwenang diberi tahu" if event.authority else "lembaga berwenang belum diberi tahu",
    )


@of(oversight.OfficerLeft, "Petugas berhenti")
def _left(event: oversight.OfficerLeft, by: str) -> str:
    return f"Petugas di meja {DESKS[event.desk]} berhenti atau pindah, dicatat {by}."


@of(oversight.AccessReviewed, "Pemeriksaan akses")
def _reviewed(event: oversight.AccessReviewed, by: str) -> str:
    return sentence(
        f"Akses petugas yang berhenti diperiksa {by}",
        "akun ditutup" if event.ended else "akun belum ditutup",
        "tugas diserahkan" if event.handed else "tugas belum diserahkan",
    )


@of(oversight.IntegrityFlagRaised, "Pertanyaan tentang data")
def _flagged(event: oversight.IntegrityFlagRaised, by: str) -> str:
    asked = question(event)
    return asked or f"Pola yang perlu dijelaskan diajukan {by}: {label(event.pattern)}."


@of(oversight.IntegrityFlagResolved, "Jawaban pertanyaan tentang data")
def _unflagged(event: oversight.IntegrityFlagResolved, by: str) -> str:
    return f"Pola itu diperiksa {by}: {label(event.finding)}."
