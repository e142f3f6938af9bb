"""One plain Indonesian sentence for each thing that can happen, as far as the reader may know it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, TypeVar, Union

import msgspec

from domain import care, case, child, pmt, pregnancy, referral
from domain.case import NAKES, Event, Personal, Recorded, Role
from domain.figures import age, cm, day, kg, month, number, weekday, z
from domain.labels import CONTEXTS, ROLES, SEX, label, listed
from domain.refusals import refusal, unreadable

__all__ = [
    "age", "cm", "day", "event_sentence", "hidden", "kg", "label", "listed", "may_see", "month", "number", "refusal",
    "unreadable", "weekday", "what", "z",
]  # fmt: skip


def event_sentence(recorded: Recorded, personal: Personal | None, role: Role) -> str | None:
    """What happened, for a reader of this role; None where that reader must not know that it happened.

    `personal` is the event's identity part, opened, or None. Of a mended event the caller knows whether it is hidden.
    """
    event = recorded.event
    if not may_see(event, role):
        return None
    by = f"oleh {ROLES[recorded.by.role]}"
    if role not in _CLINICAL_READERS:
        return f"{what(event)} {by}."
    said = _SENTENCES[type(event)](event, by)
    if personal is None or role not in _readers_of_notes(event):
        return said
    return said + _told(event, personal)


def what(event: Event) -> str:
    """The kind of event and nothing of what is in it: "Penimbangan dan pengukuran"."""
    return _WHAT[type(event)]


def may_see(event: Event, role: Role) -> bool:
    """HIV, syphilis and HBsAg results are for health workers only, and so is every word about such a result."""
    return role in NAKES or not _restricted(event)


def hidden(story: Sequence[Recorded], role: Role) -> frozenset[int]:
    """Versions a reader of this role must not know of: restricted results, and whatever corrects or retracts one."""
    if role in NAKES:
        return frozenset()
    secret = {r.version for r in story if isinstance(r.event, pregnancy.LabResultRecorded) and _restricted(r.event)}
    if not secret:
        return frozenset()
    mends = (case.Corrected, case.Retracted)
    return frozenset(secret | {r.version for r in story if isinstance(r.event, mends) and r.event.version in secret})


def _restricted(event: Event) -> bool:
    if isinstance(event, pregnancy.LabResultRecorded):
        return event.test in pregnancy.RESTRICTED_TESTS
    if isinstance(event, case.Corrected):
        return event.reads.get("test") in pregnancy.RESTRICTED_TESTS
    return False


_CLINICAL_READERS: frozenset[Role] = NAKES | {"kader"}
"""Others read that something was done, not what was found: desa and the offices above act on the task alone."""

# What nakes write to each other about a patient can hold a diagnosis, so a kader does not read it.
_NAKES_ONLY_NOTES = (care.ClinicallyAssessed, care.CaseReviewed, referral.Referred, referral.CounterReferred)


def _readers_of_notes(event: Event) -> frozenset[Role]:
    if isinstance(event, (*_NAKES_ONLY_NOTES, case.Corrected, case.Retracted)):
        return NAKES
    return _CLINICAL_READERS


def _told(event: Event, personal: Personal) -> str:
    name = f" Nama: {personal.name}." if personal.name and isinstance(event, _NAMING) else ""
    note = f" Catatan: {personal.note.strip().rstrip('.')}." if personal.note else ""
    return name + note


_NAMING: tuple[type[Event], ...] = (
    child.Reported, child.Registered, child.Identified, pregnancy.Reported, pregnancy.Registered, pregnancy.Identified,
)  # fmt: skip


# The sentences. Each takes the event and "oleh kader".

E = TypeVar("E", bound=Event)
Sentence = Callable[[Any, str], str]
_SENTENCES: dict[type[Event], Sentence] = {}
_WHAT: dict[type[Event], str] = {}


def _of(event: type[E], named: str) -> Callable[[Callable[[E, str], str]], Callable[[E, str], str]]:
    def keep(sentence: Callable[[E, str], str]) -> Callable[[E, str], str]:
        _SENTENCES[event] = sentence
        _WHAT[event] = named
        return sentence

    return keep


def _with(start: str, *parts: str | None) -> str:
    """A sentence of a beginning and what is known besides."""
    known = [part for part in parts if part]
    return f"{start}: {', '.join(known)}." if known else f"{start}."


def _if(words: str, value: object) -> str | None:
    return None if value is None else words


# Of every kind of case


@_of(case.Corrected, "Perbaikan catatan")
def _corrected(event: case.Corrected, by: str) -> str:
    start = f"Catatan nomor {event.version} diperbaiki {by} ({label(event.reason)})."
    try:
        reads: Event = msgspec.convert(event.reads, _ANY)
    except msgspec.ValidationError:
        return start
    right = _NOBODY.sub("", _SENTENCES[type(reads)](reads, "\0"))
    return f"{start} Yang benar, {day(reads.on)}: {right}"


_NOBODY = re.compile(",?(?: dicatat)? \0")
"""A correction says what is right, not who says so: that is at its beginning."""


@_of(case.Retracted, "Penarikan catatan")
def _retracted(event: case.Retracted, by: str) -> str:
    return f"Catatan nomor {event.version} ditarik {by} ({label(event.reason)})."


@_of(case.TaskSetAside, "Penundaan tugas")
def _set_aside(event: case.TaskSetAside, by: str) -> str:
    return f"Tugas {event.rule} ditunda {by} sampai {day(event.until)}: {label(event.reason)}."


@_of(case.CaseClosed, "Penutupan kasus")
def _closed(event: case.CaseClosed, by: str) -> str:
    return f"Kasus ditutup {by}: {label(event.reason)}."


@_of(case.CaseReopened, "Pembukaan kembali kasus")
def _reopened(event: case.CaseReopened, by: str) -> str:
    return f"Kasus dibuka kembali {by}: {label(event.reason)}."


# Care


@_of(care.HomeVisited, "Kunjungan rumah")
def _home_visited(event: care.HomeVisited, by: str) -> str:
    back = f"kembali {day(event.back)}" if event.back else None
    return _with(f"Kunjungan rumah {by}", label(event.found), listed(event.action), back)


@_of(care.Counselled, "Penyuluhan")
def _counselled(event: care.Counselled, by: str) -> str:
    topic = "hal lain" if event.topic == "lain" else "anak sakit" if event.topic == "sakit" else label(event.topic)
    return f"Penyuluhan {by} tentang {topic}."


@_of(care.ClinicallyAssessed, "Pemeriksaan")
def _assessed(event: care.ClinicallyAssessed, by: str) -> str:
    # The diagnosis stays out: a kader reads this sentence too. The case page shows it to health workers.
    return _with(
        f"Diperiksa {by}",
        _yes(event.complication, "ada komplikasi", "tanpa komplikasi"),
        _yes(event.appetite, "nafsu makan baik", "nafsu makan buruk"),
        _yes(event.illness, "ada penyakit", "tidak ada penyakit"),
        _yes(event.red_flag, "perlu dokter anak", None),
        f"rencana: {label(event.plan)}" if event.plan else None,
    )


def _yes(value: bool | None, yes: str, no: str | None) -> str | None:
    return None if value is None else (yes if value else no)


@_of(care.CarePlanStarted, "Rencana perawatan")
def _plan_started(event: care.CarePlanStarted, by: str) -> str:
    reason = "hal lain" if event.reason == "lain" else label(event.reason)
    return f"Rencana perawatan dimulai {by} karena {reason}."


@_of(care.CaseReviewed, "Tinjauan kasus")
def _reviewed(event: care.CaseReviewed, by: str) -> str:
    return f"Kasus ditinjau {by}: {label(event.decision)}."


@_of(care.DangerSignReported, "Laporan tanda bahaya")
def _danger(event: care.DangerSignReported, by: str) -> str:
    signs = tuple("tanda lain" if s == "lain" else s for s in event.signs)
    return _with(f"Tanda bahaya dilaporkan {by}", listed(signs))


@_of(care.InpatientAdmitted, "Rawat inap")
def _admitted(event: care.InpatientAdmitted, by: str) -> str:
    until = f" sampai {day(event.until)}" if event.until else ""
    return f"Dirawat inap sejak {day(event.on)}{until}, dicatat {by}."


# Extra food


@_of(pmt.PmtEligibilityDecided, "Keputusan PMT")
def _pmt_decided(event: pmt.PmtEligibilityDecided, by: str) -> str:
    if not event.eligible:
        return f"PMT diputuskan tidak diberikan {by}: {label(event.reason)}."
    days = f"{event.days} hari" if event.days else None
    funding = f"dana {label(event.funding)}" if event.funding else None
    return _with(f"PMT {label(event.scheme)} siklus {event.cycle} diputuskan {by}", label(event.reason), days, funding)


@_of(pmt.PmtStarted, "Mulai PMT")
def _pmt_started(event: pmt.PmtStarted, by: str) -> str:
    weight = f"berat awal {kg(event.kg)}" if event.kg is not None else None
    agreed = None if event.consent else "keluarga belum setuju"
    return _with(f"PMT siklus {event.cycle} dimulai {by}", weight, agreed)


@_of(pmt.PmtGiven, "Pemberian PMT")
def _pmt_given(event: pmt.PmtGiven, by: str) -> str:
    eaten = {0: "tidak dimakan", 100: "habis"}.get(event.eaten, f"dimakan {event.eaten}%")
    return _with(f"PMT diberikan {by}", eaten, f"menu {event.menu}" if event.menu else None)


@_of(pmt.PmtMissed, "PMT tidak diberikan")
def _pmt_missed(event: pmt.PmtMissed, by: str) -> str:
    return f"PMT tidak diberikan, dicatat {by}: {label(event.reason)}."


@_of(pmt.PmtWeekClosed, "Penutupan minggu PMT")
def _pmt_week(event: pmt.PmtWeekClosed, by: str) -> str:
    return f"PMT siklus {event.cycle} minggu ke-{event.week} ditutup {by}: {label(event.follow_up)}."


@_of(pmt.PmtStopped, "Penghentian PMT")
def _pmt_stopped(event: pmt.PmtStopped, by: str) -> str:
    return f"PMT siklus {event.cycle} dihentikan {by}: {label(event.reason)}."


@_of(pmt.PmtCompleted, "Penilaian akhir PMT")
def _pmt_completed(event: pmt.PmtCompleted, by: str) -> str:
    return f"PMT siklus {event.cycle} selesai dinilai {by}: {label(event.outcome)}."


# Referrals


@_of(referral.Referred, "Rujukan")
def _referred(event: referral.Referred, by: str) -> str:
    urgent = " darurat" if event.urgent else ""
    planned = f"rencana {day(event.planned)}" if event.planned else None
    return _with(f"Dirujuk{urgent} ke {label(event.kind)} {by}", label(event.reason), planned)


@_of(referral.ReferralAccepted, "Rujukan diterima")
def _accepted(event: referral.ReferralAccepted, by: str) -> str:
    return _with(f"Rujukan diterima {by}", f"datang {day(event.planned)}" if event.planned else None)


@_of(referral.ReferralRejected, "Rujukan ditolak")
def _rejected(event: referral.ReferralRejected, by: str) -> str:
    return f"Rujukan ditolak {by}: {label(event.reason)}."


@_of(referral.ReferralArrived, "Tiba di tempat rujukan")
def _arrived(_event: referral.ReferralArrived, by: str) -> str:
    return f"Sudah tiba di tempat rujukan, dicatat {by}."


@_of(referral.ReferralNoShow, "Tidak datang ke tempat rujukan")
def _no_show(event: referral.ReferralNoShow, by: str) -> str:
    again = f"rencana baru {day(event.planned)}" if event.planned else None
    return _with(f"Tidak datang ke tempat rujukan, dicatat {by}", label(event.reason), again)


@_of(referral.ReferralCancelled, "Pembatalan rujukan")
def _cancelled(event: referral.ReferralCancelled, by: str) -> str:
    return f"Rujukan dibatalkan {by}: {label(event.reason)}."


@_of(referral.CounterReferred, "Rujuk balik")
def _counter_referred(event: referral.CounterReferred, by: str) -> str:
    # The diagnosis stays out, as in an assessment.
    return _with(f"Rujuk balik {by}", f"kontrol {day(event.control)}" if event.control else None)


@_of(referral.FollowUpPlanned, "Rencana tindak lanjut")
def _follow_up(event: referral.FollowUpPlanned, by: str) -> str:
    visit = f"kunjungan {day(event.visit)}" if event.visit else None
    return _with(f"Rencana tindak lanjut rujukan dibuat {by}", visit)


@_of(referral.ReferralClosed, "Penutupan rujukan")
def _referral_closed(event: referral.ReferralClosed, by: str) -> str:
    return f"Rujukan ditutup {by}: {label(event.result)}."


# A child


@_of(child.Reported, "Laporan balita baru")
def _child_reported(_event: child.Reported, by: str) -> str:
    return f"Balita baru dilaporkan {by}, belum didaftar."


@_of(child.Registered, "Pendaftaran balita")
def _child_registered(event: child.Registered, by: str) -> str:
    return _with(
        f"Didaftar {by}",
        f"{SEX[event.sex]}, lahir {day(event.born)} (menurut {label(event.born_from)})",
        f"berat lahir {kg(event.birth_kg)}" if event.birth_kg is not None else None,
        f"panjang lahir {cm(event.birth_cm)}" if event.birth_cm is not None else None,
        _if(f"umur kehamilan {event.weeks} minggu", event.weeks),
        _if(f"anak ke-{event.order}", event.order),
    )


@_of(child.Identified, "Pembaruan identitas")
def _child_identified(_event: child.Identified, by: str) -> str:
    return f"Identitas balita dilengkapi {by}."


@_of(child.Measured, "Penimbangan dan pengukuran")
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


@_of(child.AbsenceRecorded, "Tidak hadir di posyandu")
def _absent(event: child.AbsenceRecorded, by: str) -> str:
    back = f"kembali {day(event.back)}" if event.back else None
    return _with(f"Tidak ditimbang bulan ini, dicatat {by}", label(event.reason), back)


@_of(child.MeasurementVerified, "Pengukuran dipastikan")
def _verified(event: child.MeasurementVerified, by: str) -> str:
    return f"Pengukuran pada catatan nomor {event.version} diukur ulang dan dipastikan benar {by}."


@_of(child.StatusConfirmed, "Status gizi dipastikan")
def _confirmed(event: child.StatusConfirmed, by: str) -> str:
    return _with(
        f"Status gizi dipastikan {by}",
        f"BB/TB {label(event.weight_height)}" if event.weight_height else None,
        f"BB/U {label(event.weight_age)}" if event.weight_age else None,
        f"TB/U {label(event.height_age)}" if event.height_age else None,
    )


@_of(child.FeedingRecorded, "Catatan makan")
def _fed(event: child.FeedingRecorded, by: str) -> str:
    groups = f"{event.groups} dari 8 kelompok makanan" if event.groups is not None else None
    return _with(f"Cara makan dicatat {by}", label(event.breast) if event.breast else None, groups)


@_of(child.Moved, "Pindah tempat tinggal")
def _moved(event: child.Moved, by: str) -> str:
    where = "keluar wilayah" if event.desa is None else "ke posyandu lain"
    return f"Pindah {where}, dicatat {by}."


@_of(child.Died, "Meninggal")
def _died(event: child.Died, by: str) -> str:
    place = "" if event.place == "lain" else f" di {label(event.place)}"
    return f"Meninggal{place}, dicatat {by}."


# A pregnancy


@_of(pregnancy.Reported, "Laporan ibu hamil")
def _pregnancy_reported(_event: pregnancy.Reported, by: str) -> str:
    return f"Ibu hamil dilaporkan {by}, belum didaftar."


@_of(pregnancy.Registered, "Pendaftaran ibu hamil")
def _pregnancy_registered(event: pregnancy.Registered, by: str) -> str:
    counts = (("G", event.gravida), ("P", event.para), ("A", event.abortus))
    return _with(
        f"Ibu hamil didaftar {by}",
        f"HPHT {day(event.hpht)}" if event.hpht else None,
        f"perkiraan lahir {day(event.due)}" if event.due else None,
        f"menurut {label(event.dated_by)}",
        "".join(f"{letter}{count}" for letter, count in counts if count is not None),
        f"tinggi badan {cm(event.height)}" if event.height is not None else None,
        f"berat sebelum hamil {kg(event.weight_before)}" if event.weight_before is not None else None,
    )


@_of(pregnancy.Identified, "Pembaruan identitas")
def _mother_identified(_event: pregnancy.Identified, by: str) -> str:
    return f"Identitas ibu dilengkapi {by}."


@_of(pregnancy.AntenatalVisited, "Pemeriksaan kehamilan")
def _antenatal(event: pregnancy.AntenatalVisited, by: str) -> str:
    usg = " dengan USG" if event.usg else ""
    return f"Periksa hamil pada {label(event.by)} di {label(event.place)}{usg}, dicatat {by}."


@_of(pregnancy.Measured, "Pengukuran ibu hamil")
def _mother_measured(event: pregnancy.Measured, by: str) -> str:
    pressure = event.systolic is not None or event.diastolic is not None
    return _with(
        f"Diukur {by}",
        kg(event.kg) if event.kg is not None else None,
        f"LILA {cm(event.lila)}" if event.lila is not None else None,
        f"tekanan darah {event.systolic or '–'}/{event.diastolic or '–'}" if pressure else None,
        f"tinggi fundus {cm(event.fundus)}" if event.fundus is not None else None,
        f"denyut janin {event.heartbeat}" if event.heartbeat is not None else None,
    )


_UNITS = {"hb": " g/dL", "gula-darah": " mg/dL"}


@_of(pregnancy.LabResultRecorded, "Hasil laboratorium")
def _lab(event: pregnancy.LabResultRecorded, by: str) -> str:
    value = None if event.value is None else f"{number(event.value)}{_UNITS.get(event.test, '')}"
    found = " ".join(part for part in (value, label(event.result) if event.result else None) if part)
    return f"Hasil {label(event.test)}: {found}, dicatat {by}."


@_of(pregnancy.TabletsGiven, "Pemberian tablet")
def _tablets(event: pregnancy.TabletsGiven, by: str) -> str:
    taken = f"yang lalu diminum {event.taken}" if event.taken is not None else None
    return _with(f"Diberi {event.count} {label(event.kind)} {by}", taken)


@_of(pregnancy.OutcomeRecorded, "Hasil kehamilan")
def _outcome(event: pregnancy.OutcomeRecorded, by: str) -> str:
    return _with(
        f"Hasil kehamilan dicatat {by}",
        label(event.outcome),
        f"{event.alive} bayi hidup" if event.alive else None,
        f"umur kehamilan {event.weeks} minggu" if event.weeks is not None else None,
        f"di {label(event.place)}" if event.place else None,
        f"ditolong {label(event.helper)}" if event.helper else None,
        f"pukul {event.hour}" if event.hour is not None else None,
    )


@_of(pregnancy.NewbornRegistered, "Pendaftaran bayi baru lahir")
def _newborn(event: pregnancy.NewbornRegistered, by: str) -> str:
    return f"Bayi ke-{event.order} didaftar sebagai balita {by}."


@_of(pregnancy.PostnatalVisited, "Pemeriksaan nifas")
def _postnatal(event: pregnancy.PostnatalVisited, by: str) -> str:
    return f"Periksa nifas pada {label(event.by)}, dicatat {by}."


_ANY: Any = Union[tuple(_SENTENCES)]  # noqa: UP007
"""Every event, to read what a correction holds in its stored form."""
