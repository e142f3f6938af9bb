"""Packs made to look like more than they prove: what the verifier says of them."""

from __future__ import annotations

import json
import re
import warnings
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.verify.packs import (
    ANI,
    BUDI,
    KABUPATEN,
    Log,
    checked,
    key_of,
    log,
    note,
    pack,
    story,
    text_of,
    withheld,
    zipped,
)

KEY = key_of(KABUPATEN)


@pytest.fixture(scope="module")
def book() -> Log:
    return log(story(21))


def refused(path: Path) -> str:
    said = checked(path, "--kunci", KEY)
    assert said.code == 2, said.text
    assert "Terbukti:" not in said.text
    return said.text


# Other events than those that were proven


LIE = {"position": 1, "case": BUDI, "state": '{"kg":3.1}'}


def hidden(book: Log, before: str, after: str) -> str:
    """A pack whose true events stand after `before` and are followed by `after`."""
    head, events, tail = re.split(r'("events": \[\n.*\n\])', text_of(pack(book)), flags=re.S)
    return f"{head}{before}{events}{after}{tail}"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('"x":{\n', f'}},\n"events": [{json.dumps(LIE)}]'),
        ('"x":{\n', '},\n"events": []'),
        ('"x":{\n', "}"),
        ('"x":[{\n', f'}}],\n"events": [{json.dumps(LIE)}]'),
        ("", f',\n"events": [{json.dumps(LIE)}]'),
        ("", f',\n"Events": [{json.dumps(LIE)}]'),
        ("", f',\n"\\u0065vents": [{json.dumps(LIE)}]'),
    ],
)
def test_events_that_another_reader_would_not_take_for_those_of_the_pack(
    book: Log, tmp_path: Path, before: str, after: str
) -> None:
    text = hidden(book, before, after)
    assert text != text_of(pack(book))
    refused(zipped(tmp_path, text))


@pytest.mark.parametrize("instead", [[], [LIE]])
def test_events_hidden_within_a_part_that_belongs_there(book: Log, tmp_path: Path, instead: list[Any]) -> None:
    about = f'"about": {{"kind": "kasus", "case": "{BUDI}",\n'
    text = hidden(book, about, f'}},\n"events": {json.dumps(instead)}')
    text = text.replace('"about": {"kind": "kasus", "case": "' + BUDI + '"},\n', "", 1)
    assert len(json.loads(text)["events"]) == len(instead)
    refused(zipped(tmp_path, text))


@pytest.mark.parametrize(
    ("reads", "instead"),
    [
        ('"events": [', '"e vents": ['),
        ('"made_for": "inspektorat"', '"made_for": "inspektorat\n"'),
        ('"made_for"', '\u00a0\n\u00a0"made_for"'),
        ('"made_for"', '\ufeff"made_for"'),
        ('."},\n', '."}\n'),
        ('."}\n],', '."},\n],'),
    ],
)
def test_what_other_readers_would_not_take_for_json(book: Log, tmp_path: Path, reads: str, instead: str) -> None:
    text = text_of(pack(book))
    assert reads in text
    refused(zipped(tmp_path, text.replace(reads, instead, 1)))


@pytest.mark.parametrize("name", ["format", "about", "made_at", "made_for", "editions", "key", "earlier", "proof"])
def test_a_part_that_stands_there_twice(book: Log, tmp_path: Path, name: str) -> None:
    text = text_of(pack(book))
    refused(zipped(tmp_path, text.replace("{", f'{{"{name}": {json.dumps(pack(book)[name])},', 1)))


def test_a_part_it_does_not_know(book: Log, tmp_path: Path) -> None:
    assert "tidak dikenal" in refused(zipped(tmp_path, text_of(pack(book, catatan="Disetujui"))))


# A heading that says more than the events


def test_a_pmt_cycle_of_another_child(book: Log, tmp_path: Path) -> None:
    told = pack(book, about={"kind": "pmt", "case": ANI, "cycle": "1"})
    assert "memuat kejadian kasus lain" in refused(zipped(tmp_path, told))


def test_a_pmt_cycle_without_a_case(book: Log, tmp_path: Path) -> None:
    assert "memuat kejadian kasus lain" in refused(zipped(tmp_path, pack(book, about={"kind": "pmt", "cycle": "1"})))


@pytest.mark.parametrize(
    ("about", "says"),
    [
        ({"kind": "kasus", "case": BUDI}, "Baris Paket dan Dibuat di atas, kecuali nomor kasusnya."),
        ({"kind": "pmt", "case": BUDI, "cycle": "2"}, "Baris Paket dan Dibuat di atas, kecuali nomor kasusnya."),
        ({"kind": "desa-triwulan", "desa": "3603332001"}, "Baris Paket dan Dibuat di atas."),
        ({"kind": "permintaan", "letter": "700/12"}, "Baris Paket dan Dibuat di atas."),
    ],
)
def test_what_the_heading_says_is_not_passed_off_as_proven(
    book: Log, tmp_path: Path, about: dict[str, str], says: str
) -> None:
    said = checked(zipped(tmp_path, pack(book, about=about)), "--kunci", KEY)
    assert said.code == 0, said.text
    assert says in said.text.partition("Tidak dapat dibuktikan:")[2]


def test_the_digest_of_another_child_s_event_does_not_fill_a_gap_unsaid(book: Log, tmp_path: Path) -> None:
    positions = [e["position"] for e in book.events if e["case"] == BUDI and e["version"] != 5]
    told = pack(book, sorted([*positions, 8]))  # in place of position 9
    told["events"][4] = withheld(book, 8)
    said = checked(zipped(tmp_path, told), "--kunci", KEY)
    proven, _, unproven = said.text.partition("Tidak dapat dibuktikan:")
    assert "lengkap" not in proven
    assert "paling banyak 1 versi tidak diperlihatkan; bahwa yang ditahan milik kasus ini tidak terbukti" in unproven


@pytest.mark.parametrize("kind", ["kasus", "pmt", "desa-triwulan", "permintaan"])
def test_a_pack_without_events_proves_nothing(book: Log, tmp_path: Path, kind: str) -> None:
    said = checked(zipped(tmp_path, pack(book, [], about={"kind": kind, "case": BUDI})), "--kunci", KEY)
    assert said.code == 2
    assert "Paket ini tidak memuat satu kejadian pun." in said.text


def test_a_pack_of_nothing_but_digests_proves_nothing_of_a_case(book: Log, tmp_path: Path) -> None:
    told = pack(book, [8])
    told["events"] = [withheld(book, 8)]
    said = checked(zipped(tmp_path, told), "--kunci", KEY)
    assert said.code == 2
    assert "Paket ini tidak memuat satu kejadian pun selain yang ditahan." in said.text


# Files by almost the same name


@pytest.mark.parametrize(
    "name",
    ["Titik.txt", "Bukti.json", "BUKTI.JSON", "PERIKSA.PY", "baca-dulu.txt", "./titik.txt", "lain/bukti.json",
     "lain\\titik.txt", "titik.txt.", "titik.txt ", "\uff54itik.txt", "bukti.json\x00.bak"],
)  # fmt: skip
def test_a_file_that_some_computer_would_take_for_another_one(book: Log, tmp_path: Path, name: str) -> None:
    path = zipped(tmp_path, pack(book))
    with zipfile.ZipFile(path, "a") as packed, warnings.catch_warnings(action="ignore"):
        packed.writestr(name, "lain")
    assert "tidak boleh dipercaya" in refused(path)


def test_further_files_beside_those_of_the_pack_are_passed_over(book: Log, tmp_path: Path) -> None:
    path = zipped(tmp_path, pack(book))
    with zipfile.ZipFile(path, "a") as packed:
        packed.writestr("surat-pengantar.pdf", "lain")
    assert checked(path, "--kunci", KEY).code == 0


def test_a_pack_without_titik_txt_is_said_to_be(book: Log, tmp_path: Path) -> None:
    said = checked(zipped(tmp_path, text_of(pack(book))), "--kunci", KEY)
    assert said.code == 2
    assert "Di dalam zip ini tidak ada titik.txt" in said.text


@pytest.mark.parametrize("more", ["\n", " ", "\u2014 orang lain AAAA\n"])
def test_a_titik_txt_with_something_added(book: Log, tmp_path: Path, more: str) -> None:
    said = checked(zipped(tmp_path, pack(book), titik=note(book, 21) + more), "--kunci", KEY)
    assert said.code == 1
    assert "titik.txt di dalam paket berbeda" in said.text


def test_an_older_pack_without_titik_txt_serves_as_no_point(book: Log, tmp_path: Path) -> None:
    own = zipped(tmp_path, text_of(pack(book)), "lama.zip")
    said = checked(zipped(tmp_path, pack(book)), "--titik", own)
    assert said.code == 2
    assert "tidak ada titik.txt" in said.text
