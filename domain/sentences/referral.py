"""The steps of a referral."""

from __future__ import annotations

from domain import referral
from domain.figures import day
from domain.labels import label, listed
from domain.sentences.sentence import of, sentence


@of(referral.Referred, "Rujukan")
def _referred(event: referral.Referred, by: str) -> str:
    urgent = " darurat" if event.urgent else ""
    planned = f"rencana {day(event.planned)}" if event.planned else None
    return sentence(f"Dirujuk{urgent} ke {label(event.kind)} {by}", label(event.reason), planned)


@of(referral.ReferralSent, "Pengiriman rujukan")
def _sent(event: referral.ReferralSent, by: str) -> str:
    number = f"nomor {event.number}" if event.number else None
    return sentence(f"Rujukan dikirim {by} lewat {label(event.via)}", number)


@of(referral.ReferralRedirected, "Pengalihan rujukan")
def _redirected(event: referral.ReferralRedirected, by: str) -> str:
    planned = f"rencana {day(event.planned)}" if event.planned else None
    return sentence(f"Rujukan dialihkan {by} ke {label(event.kind)} lain", label(event.reason), planned)


@of(referral.TreatmentBegun, "Penanganan di tempat rujukan")
def _treated(_event: referral.TreatmentBegun, by: str) -> str:
    return f"Pasien mulai ditangani di tempat rujukan, dicatat {by}."


@of(referral.TreatmentCompleted, "Penanganan selesai")
def _treated_to_the_end(_event: referral.TreatmentCompleted, by: str) -> str:
    return f"Penanganan di tempat rujukan selesai, dicatat {by}."


@of(referral.ReferredOnward, "Rujuk lanjut")
def _onward(_event: referral.ReferredOnward, by: str) -> str:
    return f"Pasien dirujuk lanjut {by}; rujukan berikutnya tercatat tersendiri."


@of(referral.ReferralAccepted, "Rujukan diterima")
def _accepted(event: referral.ReferralAccepted, by: str) -> str:
    return sentence(f"Rujukan diterima {by}", f"datang {day(event.planned)}" if event.planned else None)


@of(referral.ReferralRejected, "Rujukan ditolak")
def _rejected(event: referral.ReferralRejected, by: str) -> str:
    return f"Rujukan ditolak {by}: {label(event.reason)}."


@of(referral.ReferralArrived, "Tiba di tempat rujukan")
def _arrived(_event: referral.ReferralArrived, by: str) -> str:
    return f"Sudah tiba di tempat rujukan, dicatat {by}."


@of(referral.ReferralNoShow, "Tidak datang ke tempat rujukan")
def _no_show(event: referral.ReferralNoShow, by: str) -> str:
    again = f"rencana baru {day(event.planned)}" if event.planned else None
    return sentence(f"Tidak datang ke tempat rujukan, dicatat {by}", label(event.reason), again)


@of(referral.ReferralCancelled, "Pembatalan rujukan")
def _cancelled(event: referral.ReferralCancelled, by: str) -> str:
    return f"Rujukan dibatalkan {by}: {label(event.reason)}."


@of(referral.CounterReferred, "Rujuk balik")
def _counter_referred(event: referral.CounterReferred, by: str) -> str:
    # The diagnosis stays out, as in an assessment.
    tasks = f"di rumah: {listed(event.tasks)}" if event.tasks else None
    return sentence(f"Rujuk balik {by}", f"kontrol {day(event.control)}" if event.control else None, tasks)


@of(referral.FollowUpPlanned, "Rencana tindak lanjut")
def _follow_up(event: referral.FollowUpPlanned, by: str) -> str:
    visit = f"kunjungan {day(event.visit)}" if event.visit else None
    return sentence(f"Rencana tindak lanjut rujukan dibuat {by}", visit)


@of(referral.ReferralClosed, "Penutupan rujukan")
def _referral_closed(event: referral.ReferralClosed, by: str) -> str:
    return f"Rujukan ditutup {by}: {label(event.result)}."
