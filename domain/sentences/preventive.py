"""What was done to protect a child."""

from __future__ import annotations

from domain import preventive
from domain.figures import day
from domain.labels import label
from domain.sentences.sentence import of


@of(preventive.Immunized, "Imunisasi")
def _immunized(event: preventive.Immunized, by: str) -> str:
    batch = f", nomor bets {event.batch}" if event.batch else ""
    return f"Imunisasi {', '.join(event.vaccines)} diberikan di {label(event.site)}{batch}, dicatat {by}."


@of(preventive.ImmunizationHistoryCopied, "Riwayat imunisasi")
def _history(event: preventive.ImmunizationHistoryCopied, by: str) -> str:
    doses = ", ".join(event.vaccines) or "belum ada yang diberikan"
    return f"Riwayat imunisasi menurut {label(event.source)}: {doses}; dicatat {by}."


@of(preventive.ImmunizationDeferred, "Penundaan imunisasi")
def _deferred(event: preventive.ImmunizationDeferred, by: str) -> str:
    until = f" sampai {day(event.until)}" if event.until else ""
    return f"Imunisasi {event.vaccine} ditunda{until}, dicatat {by}: {label(event.reason)}."


@of(preventive.VitaminAGiven, "Vitamin A")
def _vitamin_a(event: preventive.VitaminAGiven, by: str) -> str:
    return f"Vitamin A kapsul {event.colour} diberikan {by}."


@of(preventive.VitaminAMissed, "Vitamin A tidak diberikan")
def _no_vitamin_a(event: preventive.VitaminAMissed, by: str) -> str:
    return f"Vitamin A tidak diberikan, dicatat {by}: {label(event.reason)}."


@of(preventive.Dewormed, "Obat cacing")
def _dewormed(event: preventive.Dewormed, by: str) -> str:
    return f"Obat cacing {event.mg} mg diberikan {by}."


@of(preventive.DewormingMissed, "Obat cacing tidak diberikan")
def _not_dewormed(event: preventive.DewormingMissed, by: str) -> str:
    return f"Obat cacing tidak diberikan, dicatat {by}: {label(event.reason)}."


@of(preventive.KpspDone, "KPSP")
def _kpsp(event: preventive.KpspDone, by: str) -> str:
    return f"KPSP umur {event.months} bulan: {event.score} dari 10, dicatat {by}."


@of(preventive.RiskTagCleared, "Tidak berisiko lagi")
def _caught_up(_event: preventive.RiskTagCleared, by: str) -> str:
    return f"Dinyatakan sudah mengejar pertumbuhannya {by}."
