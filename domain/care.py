"""What people do for a case beside measuring: visits, advice, examinations, plans, and calling out a danger sign."""

from __future__ import annotations

from datetime import date
from typing import Literal

from domain.case import Event, Personal, Sealed, asks

DangerSign = Literal[
    "tidak-mau-minum", "muntah-semua", "kejang", "tidak-sadar", "sesak", "demam-tinggi", "diare-darah", "bengkak-kaki",
    "lemas", "perdarahan", "sakit-kepala-hebat", "bengkak-wajah", "ketuban-pecah", "gerak-janin-kurang", "nyeri-perut",
    "tali-pusat-merah", "kuning",
    # of a pregnant woman
    "pandangan-kabur", "bengkak-tangan", "muntah-terus",
    # in nifas
    "perdarahan-nifas", "lokia-berbau", "payudara-bengkak", "sedih-terus",
    # of a newborn
    "tidak-mau-menyusu", "napas-cepat", "tarikan-dada", "demam-bayi", "tubuh-dingin", "kuning-dini",
    "lain",
]  # fmt: skip


class HomeVisited(Event, frozen=True, tag="care.home-visited"):
    """Somebody went to the house. `found` says whom or what they met."""

    found: Literal["bertemu", "tidak-di-rumah", "pindah", "menolak", "sakit", "sementara-pergi", "meninggal"]
    action: tuple[
        Literal["edukasi", "ditimbang", "diajak-ke-posyandu", "dirujuk", "pmt", "dicatat-saja"], ...
    ] = ()  # fmt: skip
    back: date | None = None
    """The day a family that is away is expected back."""
    personal: Personal | Sealed | None = None


class Counselled(Event, frozen=True, tag="care.counselled"):
    """Advice was given."""

    topic: Literal["makan", "asi", "mpasi", "sakit", "kebersihan", "rokok", "kb", "kehamilan", "tumbuh-kembang", "lain"]
    personal: Personal | Sealed | None = None


class ClinicallyAssessed(Event, frozen=True, tag="care.clinically-assessed"):
    """A health worker examined the case. What is not known stays empty."""

    diagnosis: str | None = None
    """ICD-10 code."""
    complication: bool | None = None
    appetite: bool | None = None
    """The appetite test was passed."""
    illness: bool | None = None
    red_flag: bool | None = None
    """A sign that stunting has a cause for a paediatrician (PNPK 2022)."""
    plan: Literal["rawat-jalan", "rawat-inap", "pantau", "rujuk", "selesai"] | None = None
    cough_weeks: int | None = None
    tb_contact: bool | None = None
    tb_screened: bool | None = None
    """It was looked into whether it is tuberculosis."""
    personal: Personal | Sealed | None = None


class CarePlanStarted(Event, frozen=True, tag="care.plan-started"):
    """A plan of treatment or follow-up began."""

    reason: Literal["gizi-buruk", "stunting", "kek", "anemia", "bblr", "infeksi", "lain"]
    personal: Personal | Sealed | None = None

    @property
    def restricted(self) -> bool:
        """Which infection it is follows from the laboratory: HIV, syphilis or HBsAg."""
        return self.reason == "infeksi"


class CaseReviewed(Event, frozen=True, tag="care.reviewed"):
    """The puskesmas looked at the whole case and decided how it goes on."""

    decision: Literal["lanjut", "ganti-menu", "obati-penyakit", "rujuk", "hentikan"]
    personal: Personal | Sealed | None = None


class DangerSignReported(Event, frozen=True, tag="care.danger-sign-reported"):
    """A danger sign was seen or told of by the family or a kader. It opens work and never closes any."""

    signs: tuple[DangerSign, ...]
    personal: Personal | Sealed | None = None


class InpatientAdmitted(Event, frozen=True, tag="care.admitted"):
    """The case is in hospital from `on` to `until`, as far as is known."""

    until: date | None = None


VisitHome = asks(HomeVisited, "VisitHome", "care.visit-home")
Counsel = asks(Counselled, "Counsel", "care.counsel")
AssessClinically = asks(ClinicallyAssessed, "AssessClinically", "care.assess")
StartCarePlan = asks(CarePlanStarted, "StartCarePlan", "care.start-plan")
ReviewCase = asks(CaseReviewed, "ReviewCase", "care.review")
ReportDangerSign = asks(DangerSignReported, "ReportDangerSign", "care.report-danger-sign")
AdmitInpatient = asks(InpatientAdmitted, "AdmitInpatient", "care.admit")

EVENTS: tuple[type[Event], ...] = (
    HomeVisited, Counselled, ClinicallyAssessed, CarePlanStarted, CaseReviewed, DangerSignReported, InpatientAdmitted,
)  # fmt: skip
COMMANDS = (VisitHome, Counsel, AssessClinically, StartCarePlan, ReviewCase, ReportDangerSign, AdmitInpatient)
