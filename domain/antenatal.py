"""What is done before a birth beside the visits: risk scored (KSPR), birth planned (P4K), classes for mothers."""

from __future__ import annotations

from typing import Literal

from domain.case import Event, Personal, Sealed, asks

Factor = Literal[
    "hamil-pertama-muda", "hamil-pertama-tua", "lama-menikah", "jarak-jauh", "jarak-dekat", "anak-banyak", "umur-tua",
    "pendek-145", "pernah-gagal", "pernah-vakum", "pernah-uri-dirogoh", "pernah-transfusi", "pernah-sesar",
    "anemia", "malaria", "tb-paru", "sakit-jantung", "diabetes", "penyakit-kelamin", "bengkak-tensi", "kembar",
    "hidramnion", "janin-mati", "lewat-bulan", "sungsang", "lintang", "perdarahan-hamil", "preeklampsia-berat",
]  # fmt: skip
"""What Poedji Rochjati's score counts; how much each counts is the edition's."""


class RiskScored(Event, frozen=True, tag="pregnancy.risk-scored"):
    """The risk of the pregnancy was looked at (KSPR) and these factors were found. The score is worked out."""

    factors: tuple[Factor, ...] = ()


class BirthPlanMade(Event, frozen=True, tag="pregnancy.birth-planned"):
    """The family and the bidan agreed on the birth (P4K): where, by whom, how to get there."""

    place: Literal["rumah", "poskesdes", "puskesmas", "klinik", "rs"]
    helper: Literal["bidan", "dokter", "dokter-spesialis"]
    transport: bool | None = None
    donor: bool | None = None
    """Somebody who would give blood."""
    jkn: bool | None = None
    companion: bool | None = None
    personal: Personal | Sealed | None = None


class ClassAttended(Event, frozen=True, tag="pregnancy.class-attended"):
    """She was at a session of the class for pregnant women."""

    husband: bool = False
    """Her husband was there too."""


ScoreRisk = asks(RiskScored, "ScoreRisk", "pregnancy.score-risk")
PlanBirth = asks(BirthPlanMade, "PlanBirth", "pregnancy.plan-birth")
AttendClass = asks(ClassAttended, "AttendClass", "pregnancy.attend-class")

EVENTS: tuple[type[Event], ...] = (RiskScored, BirthPlanMade, ClassAttended)
COMMANDS = (ScoreRisk, PlanBirth, AttendClass)
