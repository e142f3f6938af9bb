"""What somebody typed appears on paper as it was typed, and does no harm."""

from __future__ import annotations

import time
from datetime import datetime

import pytest

from domain.case import zone
from service.letters import paper
from service.letters.wording import Section, Sheet, Slip, Table
from tests.paper import pages, says, words

AT = datetime(2025, 4, 11, 10, 5, tzinfo=zone("36"))
LINK = "https://dampingi.example.id/kasus/6f1f9a54-3c5e-4e7f-9a53-0d1c4d0a5e01"


def sheet(name: str, note: str = "", doses: str = "") -> Sheet:
    sections = (
        Section("Pasien", (("Nama", name), ("NIK", "")), (("Keluhan", note), ("Imunisasi", doses))),
        Section("Pertumbuhan", table=Table(("Tanggal", "Berat"), (("10 April 2025", name),)), items=(name,)),
    )
    return Sheet(
        "Surat Rujukan", True, (name, name), (("Kepada", name),), sections, (name, "Yang merujuk", name, "Bidan"),
        ("Tiba",), "Surat ini memuat data kesehatan.", paper.qr(LINK),
    )  # fmt: skip


def slip(name: str) -> Slip:
    return Slip(name, True, name, "SEKARANG JUGA", "Supaya diperiksa.", ("Buku KIA",), (name,), paper.qr(LINK))


@pytest.mark.parametrize(
    "name",
    [
        '#eval("x")', "#panic()", "$x^2$", "*tebal*", "_miring_", "\\", "]", "[", "`kode`", "<label>", "@siapa",
        "// bukan komentar", "/* x */", "= Judul", "- butir", "~", '"', "{{ 7 * 7 }}", "\\u{41}",
        "D'Ángelo—ñ", "x" * 300,
    ],
)  # fmt: skip
def test_a_name_is_never_read_as_markup(name: str) -> None:
    for kind, said in (("surat", sheet(name, note=name)), ("slip", slip(name))):
        made = paper.pdf(kind, said, AT)  # type: ignore[arg-type]
        assert made.startswith(b"%PDF-")
        assert says(made, name), words(made)


@pytest.mark.parametrize("name", ["محمد", "小明", "Budi \U0001f600", "a\nb\tc", "\u202eidub", "\ufeff", " "])
def test_letters_that_no_font_has_do_not_keep_a_patient_waiting(name: str) -> None:
    assert paper.pdf("surat", sheet(name), AT).startswith(b"%PDF-")
    assert paper.pdf("slip", slip(name), AT).startswith(b"%PDF-")


def test_a_letter_is_made_to_be_kept_and_to_be_read_aloud() -> None:
    made = paper.pdf("surat", sheet("Budi"), AT)
    assert b"pdfaid:part>2<" in made and b"pdfaid:conformance>A<" in made
    assert b"pdfuaid:part>1<" in made


def test_a_long_note_goes_on_on_a_second_page_and_nothing_of_it_is_lost() -> None:
    made = paper.pdf("surat", sheet("Budi", note="Panas tinggi sejak kemarin. " * 200 + "Selesai."), AT)
    assert pages(made) > 1
    assert says(made, "kemarin. Selesai.") and says(made, "Halaman 1 dari")


def test_one_letter_holds_no_word_of_the_one_before() -> None:
    paper.pdf("surat", sheet("Budi Santoso"), AT)
    assert not says(paper.pdf("surat", sheet("Sari"), AT), "Budi")


def test_a_letter_is_made_while_the_family_waits() -> None:
    paper.pdf("surat", sheet("Budi"), AT)
    begun = time.perf_counter()
    paper.pdf("surat", sheet("Sari"), AT)
    assert time.perf_counter() - begun < 2
