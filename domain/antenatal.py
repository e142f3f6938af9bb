"""What is done before a birth beside the visits: risk scored (KSPR), birth planned (P4K), tetanus, classes."""

from __future__ import annotations

from collections.abc import Iterable
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

    @property
    def restricted(self) -> bool:
        """A sexually transmitted infection may be one of the three that only health workers know of."""
        return "penyakit-kelamin" in self.factors


EIGHTS: frozenset[Factor] = frozenset({
    "pernah-sesar", "sungsang", "lintang", "perdarahan-hamil", "preeklampsia-berat",
})  # fmt: skip
KRST = 12
"""The score of a very high risk, and the factors that count eight for it, as rule B14 has them."""


def very_high_risk(factors: Iterable[Factor]) -> bool:
    """KRST by what everybody who cares for mother and child may know: an infection counts for nothing here."""
    open_ = set(factors) - {"penyakit-kelamin"}
    return 2 + sum(8 if factor in EIGHTS else 4 for factor in open_) >= KRST


Place = Literal["rumah", "poskesdes", "puskesmas", "puskesmas-poned", "klinik", "rs"]
"""Where a birth may be planned. A puskesmas PONED can treat the emergencies of a birth."""


class BirthPlanMade(Event, frozen=True, tag="pregnancy.birth-planned"):
    """The family and the bidan agreed on the birth (P4K): where, by whom, how to get there."""

    place: Place
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


class TetanusChecked(Event, frozen=True, tag="pregnancy.tetanus-checked"):
    """Her protection against tetanus was looked up, and she was vaccinated (Td) where it was due."""

    protection: Literal["t0", "t1", "t2", "t3", "t4", "t5"]
    """As it stands after this check."""
    vaccinated: bool = False


ScoreRisk = asks(RiskScored, "ScoreRisk", "pregnancy.score-risk")
PlanBirth = asks(BirthPlanMade, "PlanBirth", "pregnancy.plan-birth")
AttendClass = asks(ClassAttended, "AttendClass", "pregnancy.attend-class")
CheckTetanus = asks(TetanusChecked, "CheckTetanus", "pregnancy.check-tetanus")

EVENTS: tuple[type[Event], ...] = (RiskScored, BirthPlanMade, ClassAttended, TetanusChecked)
COMMANDS = (ScoreRisk, PlanBirth, AttendClass, CheckTetanus)
