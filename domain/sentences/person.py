"""What happened to a child or a mother as a person: where they belong, and what becomes of what is known of them."""

from __future__ import annotations

from domain import emergency, erasure, person
from domain.labels import label
from domain.sentences.sentence import of, sentence


@of(person.TransferRequested, "Permintaan pindah")
def _transfer(event: person.TransferRequested, by: str) -> str:
    if event.offer:
        return f"Pindah ke posyandu lain ditawarkan {by}."
    return f"Pindah ke posyandu lain diminta {by}."


@of(person.TransferAccepted, "Pindah diterima")
def _transferred(event: person.TransferAccepted, by: str) -> str:
    if event.reason is not None:
        return f"Dipindahkan {by} ({label(event.reason)}); kasus ini kini milik posyandu tujuan."
    return f"Pindah diterima {by}; kasus ini kini milik posyandu tujuan."


@of(person.LeftKabupaten, "Pindah ke kabupaten lain")
def _left(event: person.LeftKabupaten, by: str) -> str:
    return f"Kasus dengan seluruh riwayatnya dipindahkan ke kabupaten {event.kabupaten} {by}; berlanjut di sana."


@of(person.TransferRefused, "Pindah ditolak")
def _not_transferred(event: person.TransferRefused, by: str) -> str:
    return f"Permintaan pindah ditolak {by}: {label(event.reason)}."


@of(person.DuplicateSuspected, "Dugaan tercatat dua kali")
def _suspected(event: person.DuplicateSuspected, by: str) -> str:
    return f"Mungkin orang yang sama dengan kasus lain ({label(event.why)} sama), dicatat {by}."


@of(person.RecordsMerged, "Penggabungan kasus")
def _merged(_event: person.RecordsMerged, by: str) -> str:
    return f"Digabung {by} dengan kasus lain dari orang yang sama; yang lain berlanjut."


@of(person.RecordsAbsorbed, "Kasus lain digabung ke sini")
def _absorbed(_event: person.RecordsAbsorbed, by: str) -> str:
    return f"Kasus lain dari orang yang sama digabung {by} ke kasus ini; kasus ini berlanjut."


@of(person.RecordsDeclaredDistinct, "Kasus dinyatakan berbeda")
def _distinct(_event: person.RecordsDeclaredDistinct, by: str) -> str:
    return f"Dinyatakan {by} orang yang berbeda dari kasus lain itu."


@of(person.DataRequestReceived, "Permintaan data")
def _asked(event: person.DataRequestReceived, by: str) -> str:
    return f"Keluarga meminta {label(event.asks)} data, diterima {by}."


@of(person.DataRequestFulfilled, "Jawaban permintaan data")
def _answered(event: person.DataRequestFulfilled, by: str) -> str:
    return f"Permintaan data dijawab {by}: {label(event.answer)}."


@of(erasure.ErasureDecided, "Keputusan penghapusan")
def _erasure_decided(event: erasure.ErasureDecided, by: str) -> str:
    return f"Permintaan dihapus diputuskan {by}: {label(event.decision)} ({label(event.ground)})."


@of(erasure.IdentityErased, "Identitas dihapus")
def _erased(_event: erasure.IdentityErased, by: str) -> str:
    return f"Identitas di kasus ini dihapus {by} atas permintaan keluarga; yang terjadi tetap tercatat."


@of(person.ConsentRecorded, "Persetujuan keluarga")
def _agreed(event: person.ConsentRecorded, by: str) -> str:
    return f"Keluarga setuju untuk {label(event.to)}, dicatat {by}."


@of(person.ConsentWithdrawn, "Penarikan persetujuan")
def _withdrawn(event: person.ConsentWithdrawn, by: str) -> str:
    return f"Keluarga menarik persetujuan untuk {label(event.to)}, dicatat {by}."


@of(person.ProcessingRestricted, "Pembatasan data")
def _restricted(_event: person.ProcessingRestricted, by: str) -> str:
    return f"Pemakaian data yang tidak wajib dihentikan {by}."


@of(person.LateEntryExplained, "Penjelasan catatan terlambat")
def _explained(event: person.LateEntryExplained, by: str) -> str:
    return f"Catatan yang terlambat dijelaskan {by}: {label(event.reason)}."


@of(person.DeathReviewed, "Audit kematian")
def _death_reviewed(event: person.DeathReviewed, by: str) -> str:
    words = {True: "sebenarnya dapat dicegah", False: "tidak dapat dicegah"}
    found = words[event.avoidable] if event.avoidable is not None else None
    return sentence(f"Kematian {label(event.whose)} dilaporkan dan ditinjau {by}", found)


@of(emergency.EmergencyOpened, "Dibuka karena darurat")
def _opened(event: emergency.EmergencyOpened, by: str) -> str:
    return (
        f"Dibuka {by} dari tempat lain karena darurat ({label(event.reason)}), untuk dibaca selama {event.hours} jam."
    )


@of(emergency.EmergencyReviewed, "Pembukaan darurat diperiksa")
def _reviewed(event: emergency.EmergencyReviewed, by: str) -> str:
    return f"Pembukaan karena darurat diperiksa {by}: {label(event.verdict)}."
