"""A row of the juknis said in Indonesian, for whoever has to sign it."""

from __future__ import annotations

from collections.abc import Iterator

from domain import patterns
from domain.labels import DESKS, PRIORITIES, label
from domain.protocol import Asking, Protocol, Rule, Step, Supervision
from domain.signs.meanings import meaning

STANDINGS = {"official": "resmi", "proposal": "usulan", "unconfirmed": "belum dipastikan"}


def explained(rule: Rule) -> str:
    """When the task comes, whose it is, until when, who is told if it is late, and on what all that rests."""
    return " ".join(_sentences(rule))


def _sentences(rule: Rule) -> Iterator[str]:
    why = "; atau ".join(meaning(sign) for sign in rule.signs)
    owner, *others = rule.steps
    yield f'{rule.id} ({PRIORITIES[rule.priority]}). Bila {why}: {DESKS[owner.desk]} mengerjakan "{rule.task}".'
    yield f"Waktunya {due(rule)}."
    if others:
        told = ", ".join(_told(step) for step in others)
        yield f"{told[:1].upper()}{told[1:]}."
    for name, steps in rule.branches.items():
        yield f'Untuk jalan "{name}": {", lalu ".join(DESKS[s.desk] for s in steps)}.'
    if rule.absorbs:
        yield f"Sudah memuat {', '.join(rule.absorbs)}."
    if rule.not_from:
        yield f"Menunggu selama {', '.join(rule.not_from)} meragukan ukuran yang sama."
    if rule.restricted:
        yield "Tertutup: tidak pernah sampai ke kader dan desa."
    if rule.survives:
        yield "Tetap ada walau kasus sudah berakhir."
    yield f"Dasar: {rule.source}."
    yield f"Tindakan {STANDINGS[rule.status]}, tenggat {STANDINGS[rule.due_status]}."


def due(rule: Rule) -> str:
    """ "7 hari", "24 jam (jam hukum)", "sampai akhir jendela kalender"."""
    if rule.due == "window":
        return "sampai akhir jendela kalendernya"
    words = span(rule.due)
    return f"{words}, jam hukum yang tidak diperpanjang" if rule.legal else words


def span(text: str) -> str:
    return f"{text[:-1]} {'jam' if text.endswith('h') else 'hari'}"


def _told(step: Step) -> str:
    when = {"0d": "ikut melihat sejak awal", "half": "diberi tahu pada setengah waktu", "due": "melihat bila terlambat",
            "2due": "melihat bila lewat dua kali waktunya"}  # fmt: skip
    return f"{DESKS[step.desk]} {when.get(step.opens) or f'melihat setelah {span(step.opens)}'}"


def supervised(row: Supervision) -> str:
    """How what is late stands on the list of whoever watches over its owner."""
    over = ", ".join(DESKS[desk] for desk in row.over)
    told = f" dan terlihat juga oleh {DESKS[row.desk]}" if row.desk is not None else ""
    return f"{row.id}. Tugas terlambat di meja {over}{told}: {row.task}. Dasar: {row.source}."


def asked_about(row: Asking) -> str:
    """About which pattern in the entries the system asks by itself."""
    return f"Pola {row.id}. Ditanyakan bila {_pattern(row.look)}. Dasar: {row.source}. Angka {STANDINGS[row.status]}."


def _pattern(look: patterns.Pattern) -> str:
    match look:
        case patterns.NightBatch(from_hour=begins, until_hour=ends, at_least=least):
            return f"paling sedikit {least} catatan tentang hari lain diisi satu akun antara pukul {begins} dan {ends}"
        case patterns.SameSecond(days=days):
            return f"catatan tentang {days} hari atau lebih diisi satu akun dalam satu detik"
        case patterns.SameWeights(at_least=least, share=share):
            return f"paling sedikit {least} anak dan {_per_cent(share)} dari satu sesi beratnya sama"
        case patterns.SameMeasures(times=times):
            return f"berat dan tinggi seorang anak sama persis {times} bulan berturut-turut"
        case patterns.RoundWeights(at_least=least, share=share):
            return f"{_per_cent(share)} dari paling sedikit {least} berat sebulan satu akun berakhir ,0 atau ,5"
        case patterns.RoundLengths(at_least=least, share=share):
            return f"{_per_cent(share)} dari paling sedikit {least} tinggi sebulan satu akun berakhir ,0 atau ,5"
        case patterns.LateShare(days=days, at_least=least, share=share):
            return (
                f"{_per_cent(share)} dari paling sedikit {least} catatan sebulan satu akun "
                f"diisi lebih dari {days} hari sesudah harinya"
            )
        case patterns.PmtAfterLeaving(days=days):
            return f"PMT tercatat diberikan {days} hari atau lebih sesudah penerimanya pindah atau meninggal"
        case patterns.OwnReconciliation():
            return "yang dicocokkan, ditutup atau disetujui satu akun juga dicatat akun itu sesudahnya"
        case patterns.OwnDeliveries(portions=portions):
            return f"belanja PMT sebulan dicocokkan akun yang mencatat {portions} porsi bulan itu atau lebih"
        case patterns.SharedNik(days=days):
            return f"dua kasus dengan NIK yang sama mendapat PMT pada {days} hari yang sama atau lebih"


def _per_cent(share: float) -> str:
    return f"{round(share * 100)} dari 100"


def all_explained(protocol: Protocol) -> Iterator[str]:
    """Every row, then every row of supervision, then every pattern."""
    for rule in protocol.rules:
        yield explained(rule)
    for row in protocol.supervision:
        yield supervised(row)
    for asking in protocol.patterns:
        yield asked_about(asking)


def differences(before: Protocol, after: Protocol) -> Iterator[str]:
    """What one edition says and the other does not, in words; of a rule that changed, both."""
    for reason in sorted(before.pmt_days.keys() | after.pmt_days.keys()):
        was, will = before.pmt_days.get(reason), after.pmt_days.get(reason)
        if was != will:
            yield f"Lama PMT {label(reason)}: semula {_days(was)}, menjadi {_days(will)}."
    old, new = ({rule.id: rule for rule in edition.rules} for edition in (before, after))
    for id in sorted(old.keys() | new.keys()):
        if id not in new:
            yield f"Tidak ada lagi: {explained(old[id])}"
        elif id not in old:
            yield f"Baru: {explained(new[id])}"
        elif old[id] != new[id]:
            yield f"Semula: {explained(old[id])}"
            yield f"Menjadi: {explained(new[id])}"
    if before.supervision != after.supervision:
        yield "Aturan pengawasan (V) berbeda."
    was_asked, will_ask = ({asking.id: asking for asking in edition.patterns} for edition in (before, after))
    for id in sorted(was_asked.keys() | will_ask.keys()):
        if was_asked.get(id) != will_ask.get(id):
            yield f"Pola {id} berbeda: {asked_about(will_ask.get(id) or was_asked[id])}"


def _days(count: int | None) -> str:
    return "tidak ditentukan" if count is None else f"{count} hari"
