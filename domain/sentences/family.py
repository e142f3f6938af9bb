"""What happened to a family or a couple about to marry."""

from __future__ import annotations

from domain import family
from domain.figures import cm, day, kg, number
from domain.labels import label
from domain.sentences.sentence import known, of, sentence


@of(family.Registered, "Pendaftaran keluarga")
def _registered(_event: family.Registered, by: str) -> str:
    return f"Keluarga didaftar {by}."


@of(family.CoupleRegistered, "Pendaftaran calon pengantin")
def _couple(event: family.CoupleRegistered, by: str) -> str:
    return sentence(f"Calon pengantin didaftar {by}", f"akan menikah {day(event.wedding)}" if event.wedding else None)


@of(family.Identified, "Pembaruan identitas")
def _identified(_event: family.Identified, by: str) -> str:
    return f"Identitas keluarga dilengkapi {by}."


@of(family.CoupleScreened, "Penapisan calon pengantin")
def _couple_screened(event: family.CoupleScreened, by: str) -> str:
    return sentence(
        f"Calon pengantin ditapis {by}",
        kg(event.kg) if event.kg is not None else None,
        f"tinggi {cm(event.cm)}" if event.cm is not None else None,
        *_arm_and_blood(event),
        _yes(event.smoker, "ada yang merokok", "tidak ada yang merokok"),
    )


@of(family.CoupleRechecked, "Pemeriksaan ulang calon pengantin")
def _couple_rechecked(event: family.CoupleRechecked, by: str) -> str:
    return sentence(
        f"Calon pengantin diperiksa ulang {by}",
        kg(event.kg) if event.kg is not None else None,
        *_arm_and_blood(event),
        _yes(event.advised_to_wait, "disarankan menunda kehamilan", None),
    )


def _arm_and_blood(event: family.CoupleScreened | family.CoupleRechecked) -> tuple[str | None, str | None]:
    return (
        f"LILA {cm(event.lila)}" if event.lila is not None else None,
        f"Hb {number(event.hb)} g/dL" if event.hb is not None else None,
    )


def _yes(value: bool | None, yes: str, no: str | None) -> str | None:
    return None if value is None else (yes if value else no)


@of(family.Screened, "Penapisan keluarga")
def _screened(event: family.Screened, by: str) -> str:
    return sentence(
        f"Keluarga ditapis {by}",
        _yes(event.pregnant, "ada ibu hamil", None),
        known(f"{event.under_two} anak di bawah dua tahun", event.under_two),
        known(f"{event.under_five} balita", event.under_five),
        f"jamban {label(event.latrine)}" if event.latrine else None,
        f"air minum {label(event.water)}" if event.water else None,
        _yes(event.smoker, "ada perokok", "tidak ada perokok"),
        _yes(event.jkn, "JKN aktif", "JKN belum aktif"),
        _yes(event.poor, "kurang mampu", None),
        _yes(event.aid, "dapat PKH atau sembako", "tidak dapat PKH atau sembako"),
        _yes(event.in_class, "ikut kelas", "belum ikut kelas"),
        _yes(event.too_many, "4 terlalu", None),
    )


@of(family.SupportRequested, "Permintaan bantuan")
def _requested(event: family.SupportRequested, by: str) -> str:
    return f"Bantuan {label(event.what)} diminta {by} lewat {label(event.of)}."


@of(family.SupportGranted, "Pemberian bantuan")
def _granted(event: family.SupportGranted, by: str) -> str:
    amount = f"Rp{event.amount:,}".replace(",", ".") if event.amount is not None else None
    return sentence(f"Bantuan {label(event.what)} diberikan, dicatat {by}", f"dari {label(event.source)}", amount)


@of(family.SupportRefused, "Penolakan bantuan")
def _refused(event: family.SupportRefused, by: str) -> str:
    return f"Permintaan bantuan tidak dapat dipenuhi, dicatat {by}: {label(event.reason)}."


@of(family.SupportClosed, "Penutupan bantuan")
def _support_closed(event: family.SupportClosed, by: str) -> str:
    used = "sudah dipakai semestinya" if event.used else "tidak dipakai semestinya"
    return f"Bantuan {label(event.what)} {used}, dicatat {by}."


@of(family.ClassJoined, "Ikut kelas")
def _class(event: family.ClassJoined, by: str) -> str:
    return f"Ibu ikut {label(event.which)}, dicatat {by}."
