"""The stand-alone verifier: what it proves, what it finds, and what it says of input that is none of it."""

from __future__ import annotations

import ast
import json
import random
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.test_house import imported
from tests.verify.packs import (
    ANI,
    BUDI,
    KABUPATEN,
    PERIKSA,
    THIEF,
    Log,
    base64_of,
    checked,
    entry,
    key_of,
    log,
    note,
    pack,
    started,
    story,
    text_of,
    whole,
    withheld,
    zipped,
)

KEY = key_of(KABUPATEN)


@pytest.fixture(scope="module")
def book() -> Log:
    return log(story(21))


# What it is


def test_it_needs_the_standard_library_and_cryptography_only() -> None:
    assert set(imported(PERIKSA)) - sys.stdlib_module_names == {"cryptography"}


def test_it_runs_by_itself_where_nothing_of_ours_is(book: Log, tmp_path: Path) -> None:
    path, told = zipped(tmp_path, pack(book)), pack(book)
    told["events"][4]["state"] = "{}"
    altered, cut = zipped(tmp_path, told, "diubah.zip"), tmp_path / "terpotong.zip"
    cut.write_bytes(path.read_bytes()[:-300])
    assert started(path, "--kunci", KEY).code == 0
    assert started(altered, "--kunci", KEY).code == 1
    assert started(cut, "--kunci", KEY).code == 2


def test_it_is_written_for_python_3_9() -> None:
    ast.parse(PERIKSA.read_text(), feature_version=(3, 9))


# What it proves


def test_the_whole_story_of_a_child_is_proven(book: Log, tmp_path: Path) -> None:
    said = checked(zipped(tmp_path, pack(book)), "--kunci", KEY)
    assert said.code == 0, said.text
    assert "11 kejadian di paket ini tercatat di buku" in said.text
    assert "lengkap dari versi 1 sampai 11" in said.text
    assert "Bahwa yang dicatat sungguh terjadi" in said.text


def test_bukti_json_alone_is_as_good_as_the_zip(book: Log, tmp_path: Path) -> None:
    alone = tmp_path / "bukti.json"
    alone.write_text(text_of(pack(book)), encoding="utf-8")
    assert checked(alone, "--kunci", KEY).code == 0


def test_saved_by_an_editor_of_windows_it_still_is_proven(book: Log, tmp_path: Path) -> None:
    alone = tmp_path / "bukti.json"
    alone.write_bytes(b"\xef\xbb\xbf" + text_of(pack(book)).replace("\n", "\r\n").encode())
    assert checked(alone, "--kunci", KEY).code == 0


def test_without_a_key_of_ones_own_it_says_that_this_proves_less(book: Log, tmp_path: Path) -> None:
    said = checked(zipped(tmp_path, pack(book)))
    assert said.code == 0
    assert "siapa pun dapat menyertakan kunci buatannya" in said.text
    assert KEY in said.text


def test_an_erased_person_is_normal_and_said_so(book: Log, tmp_path: Path) -> None:
    said = checked(zipped(tmp_path, pack(book)), "--kunci", KEY)
    assert "1 kejadian memuat nama atau catatan yang terkunci" in said.text
    assert "orang yang datanya sudah dihapus, kuncinya tidak ada di mana pun. Itu wajar" in said.text


def test_what_is_withheld_is_proven_to_stand_there_and_its_content_is_not(book: Log, tmp_path: Path) -> None:
    told = pack(book)
    told["events"][3] = withheld(book, told["events"][3]["position"])
    said = checked(zipped(tmp_path, told), "--kunci", KEY)
    assert said.code == 0, said.text
    assert "1 kejadian ditahan" in said.text
    assert "paling banyak 1 versi tidak diperlihatkan" in said.text
    assert "Isi kejadian yang ditahan" in said.text


def test_the_whole_book_is_proven_to_be_whole(book: Log, tmp_path: Path) -> None:
    told = whole(book)
    told["events"][8] = withheld(book, 9)
    said = checked(zipped(tmp_path, told), "--kunci", KEY)
    assert said.code == 0, said.text
    assert "Buku ini utuh: semua posisi dari 1 sampai 21" in said.text


def test_of_a_book_in_which_nothing_stands_yet_there_is_nothing_to_prove(tmp_path: Path) -> None:
    said = checked(zipped(tmp_path, whole(log([]))), "--kunci", KEY)
    assert said.code == 2
    assert "tidak memuat satu kejadian pun" in said.text


@pytest.mark.parametrize("seed", range(4))
def test_any_part_of_any_log_is_proven_and_carries_on_any_older_point(seed: int, tmp_path: Path) -> None:
    dice = random.Random(seed)
    events = log(story(dice.randint(2, 300)))
    size = len(events.events)
    part = sorted(dice.sample(range(1, size + 1), dice.randint(1, size)))
    first = dice.randint(0, size)
    told = pack(events, part, about={"kind": "desa-triwulan"}, earlier=[(first, note(events, first))])
    own = tmp_path / "titik-lama.txt"
    own.write_text(note(events, first))
    said = checked(zipped(tmp_path, told), "--kunci", KEY, "--titik", own)
    assert said.code == 0, said.text
    assert "titik-lama.txt" in said.text
    assert "buku hanya ditambah" in said.text
    assert "pembuat paket yang memilihnya" in said.text


def test_the_events_can_be_listed_as_they_were_proven(book: Log, tmp_path: Path) -> None:
    said = checked(zipped(tmp_path, pack(book)), "--daftar")
    assert '"kg":9.2' in said.text
    assert "oleh kader" not in said.text  # that sentence is proven by nothing


def test_what_a_pack_says_cannot_paint_the_screen(book: Log, tmp_path: Path) -> None:
    told = pack(book, about={"kind": "kasus", "case": BUDI, "judul": "\x1b[2J\x1b[HTerbukti: semuanya"})
    assert "\x1b" not in checked(zipped(tmp_path, told)).text


# What it finds


@pytest.mark.parametrize(
    ("name", "reads"),
    [
        ("state", '{"is":"child.measured","kg":9.8,"on":"2026-11-23"}'),
        ("recorded_at", "2026-11-20T02:30:00.000000Z"),
        ("actor", "somebody-else"),
        ("role", "bidan"),
        ("unit", "3603332001.02"),
        ("device", "x"),
        ("edition", "2024"),
        ("topic", "child.absent"),
        ("entry", "01890000-0000-7000-8000-000000000999"),
    ],
)
def test_one_changed_field_is_found(book: Log, tmp_path: Path, name: str, reads: str) -> None:
    told = pack(book)
    told["events"][4][name] = reads
    said = checked(zipped(tmp_path, told), "--kunci", KEY)
    assert said.code == 1
    assert "tidak menghasilkan akar yang ditandatangani" in said.text
    assert "Terbukti:" not in said.text


def test_where_the_tree_says_what_stood_there_the_changed_event_is_named(book: Log, tmp_path: Path) -> None:
    told = pack(book)
    for event in told["events"]:
        event["leaf"] = base64_of(book.leaves[event["position"] - 1])
    told["events"][4]["state"] = "{}"
    said = checked(zipped(tmp_path, told), "--kunci", KEY)
    assert said.code == 1
    assert "1 kejadian diubah sesudah masuk buku: posisi 9. 10 kejadian lainnya cocok" in said.text


def test_a_leaf_made_up_for_a_changed_event_does_not_help_it(book: Log, tmp_path: Path) -> None:
    told = pack(book)
    told["events"][4]["state"] = "{}"
    told["events"][4]["leaf"] = base64_of(log([told["events"][4]]).leaves[0])
    assert checked(zipped(tmp_path, told), "--kunci", KEY).code == 1


def test_two_events_that_changed_places_are_found(book: Log, tmp_path: Path) -> None:
    told = pack(book, about={"kind": "pmt", "case": BUDI, "cycle": "1"})
    a, b = told["events"][3], told["events"][4]
    told["events"][3:5] = [b | {"position": a["position"]}, a | {"position": b["position"]}]
    said = checked(zipped(tmp_path, told), "--kunci", KEY)
    assert said.code == 1
    assert "versi 4" in said.text


def test_an_event_left_out_of_a_story_is_named(book: Log, tmp_path: Path) -> None:
    positions = [e["position"] for e in book.events if e["case"] == BUDI and e["version"] != 5]
    said = checked(zipped(tmp_path, pack(book, positions)), "--kunci", KEY)
    assert said.code == 1
    assert "kejadian versi 5 tidak ada di paket" in said.text


def test_an_event_left_out_of_the_book_is_named(book: Log, tmp_path: Path) -> None:
    told = pack(book, [p for p in range(1, 22) if p != 13], about={"kind": "buku"})
    said = checked(zipped(tmp_path, told), "--kunci", KEY)
    assert said.code == 1
    assert "Yang pertama tidak ada: posisi 13" in said.text


def test_a_checkpoint_altered_after_it_was_signed_is_found(book: Log, tmp_path: Path) -> None:
    told = pack(book)
    told["checkpoint"] = told["checkpoint"].replace("2026-11-28", "2026-11-27")
    said = checked(zipped(tmp_path, told), "--kunci", KEY)
    assert said.code == 1
    assert "tanda tangannya tidak cocok" in said.text


def test_a_titik_txt_that_is_not_the_pack_s_is_found(book: Log, tmp_path: Path) -> None:
    said = checked(zipped(tmp_path, pack(book), titik=note(book, 20)), "--kunci", KEY)
    assert said.code == 1
    assert "titik.txt di dalam paket berbeda" in said.text


def test_a_log_written_anew_is_found_by_the_point_kept_outside(book: Log, tmp_path: Path) -> None:
    own = tmp_path / "kunjungan-1.txt"
    own.write_text(note(book, 15, "2026-09-01T00:00:00Z"))
    events = story(21)
    events[6]["state"] = events[6]["state"].replace("9.2", "9.9")
    rewritten = log(events)
    older = (15, note(rewritten, 15, "2026-09-01T00:00:00Z"))
    told = pack(rewritten, earlier=[older])
    assert checked(zipped(tmp_path, told), "--kunci", KEY).code == 0  # with the real key and no memory of one's own
    said = checked(zipped(tmp_path, told), "--kunci", KEY, "--titik", own)
    assert said.code == 1
    assert "Buku ditulis ulang sesudah titik itu diambil" in said.text


def test_a_point_of_the_same_length_with_another_root_is_found(book: Log, tmp_path: Path) -> None:
    own = tmp_path / "titik.txt"
    events = story(21)
    events[20]["state"] = "{}"
    own.write_text(note(log(events), 21))
    assert checked(zipped(tmp_path, pack(book)), "--titik", own).code == 1


def test_a_proof_that_does_not_carry_on_its_older_point_is_found(book: Log, tmp_path: Path) -> None:
    events = story(21)
    events[2]["state"] = "{}"
    told = pack(book, earlier=[(13, note(log(events), 13))])
    said = checked(zipped(tmp_path, told), "--kunci", KEY)
    assert said.code == 1
    assert "13 kejadian pertama buku" in said.text


def test_a_tail_cut_off_is_found_by_the_point_kept_outside(book: Log, tmp_path: Path) -> None:
    own = tmp_path / "titik.txt"
    own.write_text(note(book, 21, "2026-11-01T00:00:00Z"))
    said = checked(zipped(tmp_path, pack(log(story(18)))), "--titik", own)
    assert said.code == 1
    assert "Buku dipotong: sedikitnya 3 kejadian terakhir hilang" in said.text


def test_a_pack_older_than_the_point_kept_is_no_accusation(book: Log, tmp_path: Path) -> None:
    own = tmp_path / "titik.txt"
    own.write_text(note(book, 21, "2026-12-01T00:00:00Z"))
    said = checked(zipped(tmp_path, pack(log(story(18)))), "--titik", own)
    assert said.code == 2
    assert "jadi paket ini lebih tua" in said.text


def test_a_pack_of_the_same_second_as_the_longer_point_kept_is_no_accusation(book: Log, tmp_path: Path) -> None:
    own = tmp_path / "titik.txt"
    own.write_text(note(book, 21))
    said = checked(zipped(tmp_path, pack(log(story(18)))), "--titik", own)
    assert said.code == 2
    assert "Buku dipotong" not in said.text


def test_a_point_for_which_the_pack_has_no_proof_is_not_passed_over(book: Log, tmp_path: Path) -> None:
    own = tmp_path / "titik.txt"
    own.write_text(note(book, 14))
    said = checked(zipped(tmp_path, pack(book)), "--titik", own)
    assert said.code == 2
    assert "dampingi bukti ... --titik 14" in said.text


def test_the_whole_book_can_be_held_against_every_point(book: Log, tmp_path: Path) -> None:
    folder = tmp_path / "titik"
    folder.mkdir()
    for size in (1, 7, 16, 21):
        (folder / f"{size}.txt").write_text(note(book, size))
    (folder / "catatan.txt").write_text("bukan titik")
    said = checked(zipped(tmp_path, whole(book)), "--titik", folder)
    assert said.code == 0, said.text
    assert said.text.count("buku hanya ditambah") == 4
    assert "1 berkas" in said.text


def test_an_older_pack_serves_as_the_point_kept(book: Log, tmp_path: Path) -> None:
    older = zipped(tmp_path, pack(log(story(9))), "kunjungan-lama.zip")
    told = pack(book, earlier=[(9, note(book, 9))])
    assert checked(zipped(tmp_path, told), "--titik", older).code == 0


# What it says of input that is none of it


def unreadable(path: Path, *more: str | Path) -> str:
    said = checked(path, *more)
    assert said.code == 2, said.text
    assert "TIDAK DAPAT DIPERIKSA:" in said.text
    return said.text


def test_a_truncated_zip(book: Log, tmp_path: Path) -> None:
    path = zipped(tmp_path, pack(book))
    path.write_bytes(path.read_bytes()[:-400])
    assert "terpotong atau rusak" in unreadable(path)


@pytest.mark.parametrize("part", [0.1, 0.35, 0.6, 0.9])
def test_a_truncated_json(book: Log, tmp_path: Path, part: float) -> None:
    text = text_of(pack(book))
    path = tmp_path / "bukti.json"
    path.write_text(text[: int(len(text) * part)])
    assert "terpotong" in unreadable(path)


def test_a_zip_whose_bytes_were_damaged(book: Log, tmp_path: Path) -> None:
    path = zipped(tmp_path, pack(book))
    damaged = bytearray(path.read_bytes())
    damaged[300] ^= 0xFF
    path.write_bytes(damaged)
    unreadable(path)


def test_a_zip_of_something_else(tmp_path: Path) -> None:
    path = tmp_path / "foto.zip"
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("foto.jpg", "x")
    assert "tidak ada bukti.json" in unreadable(path)


@pytest.mark.parametrize("text", ["", "bukan json", "[]", "null", "{}", '"teks"', "[" * 100_000, "\x00\xff"])
def test_not_a_pack(tmp_path: Path, text: str) -> None:
    path = tmp_path / "surat.json"
    path.write_text(text)
    unreadable(path)


def test_json_nested_without_end(book: Log, tmp_path: Path) -> None:
    told = text_of(pack(book)).replace('"Budi ditimbang: 9,2 kg, oleh kader."', "[" * 50_000, 1)
    unreadable(zipped(tmp_path, told))


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    assert "tidak dapat dibaca" in unreadable(tmp_path / "tidak-ada.zip")


def test_a_folder_in_place_of_a_pack(tmp_path: Path) -> None:
    assert "tidak dapat dibaca" in unreadable(tmp_path)


def test_a_checkpoint_in_place_of_a_pack(book: Log, tmp_path: Path) -> None:
    path = tmp_path / "titik.txt"
    path.write_text(note(book, 21))
    unreadable(path)


def test_a_format_it_does_not_know(book: Log, tmp_path: Path) -> None:
    assert "dampingi-bukti/9 tidak dikenal" in unreadable(zipped(tmp_path, pack(book, format="dampingi-bukti/9")))


def test_a_kind_of_pack_it_does_not_know(book: Log, tmp_path: Path) -> None:
    assert "Jenis paket rahasia" in unreadable(zipped(tmp_path, pack(book, about={"kind": "rahasia"})))


def test_a_foreign_checkpoint_in_the_pack(book: Log, tmp_path: Path) -> None:
    foreign = note(book, 21, origin="dampingi/kab_3671")
    assert "berasal dari buku lain: dampingi/kab_3671" in unreadable(zipped(tmp_path, pack(book, checkpoint=foreign)))


def test_a_foreign_checkpoint_kept(book: Log, tmp_path: Path) -> None:
    own = tmp_path / "titik.txt"
    own.write_text(note(book, 7, origin="dampingi/kab_3671"))
    assert "milik buku lain: dampingi/kab_3671" in unreadable(zipped(tmp_path, pack(book)), "--titik", own)


def test_a_foreign_older_checkpoint_in_the_pack(book: Log, tmp_path: Path) -> None:
    told = pack(book, earlier=[(7, note(book, 7, origin="dampingi/kab_3671"))])
    assert "berasal dari buku lain" in unreadable(zipped(tmp_path, told))


def test_a_folder_without_any_point_of_this_book(book: Log, tmp_path: Path) -> None:
    folder = tmp_path / "titik"
    folder.mkdir()
    assert "tidak ada titik uji dari buku" in unreadable(zipped(tmp_path, pack(book)), "--titik", folder)


def test_a_proof_for_another_tree_size(book: Log, tmp_path: Path) -> None:
    told = pack(book) | {"checkpoint": note(book, 16 + 1)}
    told["events"] = [e for e in told["events"] if e["position"] <= 17]
    assert "untuk ukuran buku lain, bukan untuk 17" in unreadable(zipped(tmp_path, told), "--kunci", KEY)


def test_a_proof_for_another_tree_size_that_is_as_long(book: Log, tmp_path: Path) -> None:
    told = pack(book, [1], earlier=[(20, note(book, 20))], about={"kind": "pmt"})
    told["proof"] = pack(book, [1], 20)["proof"]
    assert "untuk titik berukuran 20, bukan 21" in unreadable(zipped(tmp_path, told), "--kunci", KEY)


def test_an_event_beyond_the_checkpoint(book: Log, tmp_path: Path) -> None:
    told = pack(book) | {"checkpoint": note(book, 9)}
    assert "berada di luar buku" in unreadable(zipped(tmp_path, told))


def test_a_wrong_key(book: Log, tmp_path: Path) -> None:
    said = unreadable(zipped(tmp_path, pack(book)), "--kunci", key_of(THIEF))
    assert "melainkan dengan kunci lain" in said


def test_a_key_of_another_kabupaten(book: Log, tmp_path: Path) -> None:
    said = unreadable(zipped(tmp_path, pack(book)), "--kunci", key_of(KABUPATEN, "dampingi/kab_3671"))
    assert "berasal dari buku lain" in said


def test_a_log_signed_anew_with_another_key_is_said_to_be(book: Log, tmp_path: Path) -> None:
    forged = pack(book, checkpoint=note(book, 21, signer=THIEF), key=key_of(THIEF))
    assert checked(zipped(tmp_path, forged)).code == 0  # whoever pins no key can be told anything
    assert "melainkan dengan kunci lain" in unreadable(zipped(tmp_path, forged), "--kunci", KEY)
    own = tmp_path / "titik.txt"
    own.write_text(note(book, 21))
    assert "melainkan dengan kunci lain" in unreadable(zipped(tmp_path, forged), "--titik", own)


def test_a_key_may_be_in_a_file(book: Log, tmp_path: Path) -> None:
    file = tmp_path / "kunci.txt"
    file.write_text(KEY + "\n")
    assert checked(zipped(tmp_path, pack(book)), "--kunci", file).code == 0


@pytest.mark.parametrize(
    "key", ["x", "a+b", "a+b+c", KEY[:-4], KEY.replace("3603", "3604"), KEY.replace("+4e", "+4f"), "\udce9+x"]
)
def test_a_key_copied_wrongly(book: Log, tmp_path: Path, key: str) -> None:
    unreadable(zipped(tmp_path, pack(book)), "--kunci", key)


def test_a_position_that_is_there_twice(book: Log, tmp_path: Path) -> None:
    told = pack(book)
    told["events"].insert(3, dict(told["events"][2]))
    assert "Posisi 5 ada dua kali" in unreadable(zipped(tmp_path, told))


def test_positions_out_of_order(book: Log, tmp_path: Path) -> None:
    told = pack(book)
    told["events"].reverse()
    assert "tidak pada urutannya" in unreadable(zipped(tmp_path, told))


@pytest.mark.parametrize("position", [0, -1, 1.5, True, None, "1", 10**30, [1]])
def test_an_absurd_position(book: Log, tmp_path: Path, position: Any) -> None:
    told = pack(book)
    told["events"][0]["position"] = position
    unreadable(zipped(tmp_path, told))


@pytest.mark.parametrize("size", ["-1", "007", "1" * 30, "1e9", "", "dua", "9" * 5000])
def test_an_absurd_size(book: Log, tmp_path: Path, size: str) -> None:
    told = pack(book)
    told["checkpoint"] = told["checkpoint"].replace("\n21\n", f"\n{size}\n")
    assert "bukan titik uji" in unreadable(zipped(tmp_path, told))


def test_a_size_that_could_be_and_is_not_is_answered_at_once(book: Log, tmp_path: Path) -> None:
    told = pack(book)
    told["checkpoint"] = told["checkpoint"].replace("\n21\n", "\n9007199254740991\n")
    said = checked(zipped(tmp_path, told))
    assert said.code == 1
    assert "tanda tangannya tidak cocok" in said.text


def test_a_zip_bomb(book: Log, tmp_path: Path) -> None:
    text = text_of(pack(book)).replace("{", "{" + " " * 50_000_000, 1)
    assert "bom zip" in unreadable(zipped(tmp_path, text))


def test_two_files_of_one_name_in_the_zip(book: Log, tmp_path: Path) -> None:
    path = zipped(tmp_path, pack(book))
    with zipfile.ZipFile(path, "a") as packed, pytest.warns(UserWarning, match="Duplicate"):
        packed.writestr("bukti.json", text_of(pack(book)))
    assert "lebih dari satu bukti.json" in unreadable(path)


def test_one_name_with_two_values(book: Log, tmp_path: Path) -> None:
    text = text_of(pack(book)).replace('"role": "kader"', '"role": "bidan", "role": "kader"', 1)
    unreadable(zipped(tmp_path, text))


def test_a_field_it_does_not_know(book: Log, tmp_path: Path) -> None:
    told = pack(book)
    told["events"][0]["catatan"] = "Disetujui"
    assert "hal yang tidak dikenal" in unreadable(zipped(tmp_path, told))


@pytest.mark.parametrize("name", ["case", "version", "state", "actor", "recorded_at"])
def test_a_field_that_is_missing(book: Log, tmp_path: Path, name: str) -> None:
    told = pack(book)
    del told["events"][0][name]
    unreadable(zipped(tmp_path, told))


@pytest.mark.parametrize("name", ["about", "key", "checkpoint", "earlier", "proof", "made_at"])
@pytest.mark.parametrize("reads", [None, 7, "x", ["x"], [None], {"x": 1}])
def test_a_part_of_another_form(book: Log, tmp_path: Path, name: str, reads: Any) -> None:
    if name == "made_at" and reads == "x":
        pytest.skip("it is a text, and proven by nothing")
    unreadable(zipped(tmp_path, pack(book) | {name: reads}))


def test_letters_that_cannot_be(book: Log, tmp_path: Path) -> None:
    told = pack(book)
    told["events"][0]["state"] = "\ud800"
    unreadable(zipped(tmp_path, told))


def test_a_story_with_events_of_another_child(book: Log, tmp_path: Path) -> None:
    told = pack(book, about={"kind": "kasus", "case": ANI})
    assert "memuat kejadian kasus lain" in unreadable(zipped(tmp_path, told))


def test_a_digest_of_another_length(book: Log, tmp_path: Path) -> None:
    told = pack(book)
    told["events"][3] = withheld(book, 7) | {"digest": base64_of(entry(book.events[6])[:31])}
    assert "bukan 32 byte" in unreadable(zipped(tmp_path, told))


def test_a_command_that_makes_no_sense(tmp_path: Path) -> None:
    said = checked(tmp_path / "x.zip", "--entah")
    assert said.code == 2
    assert "Cara memakai: periksa.py" in said.text


def test_json_that_a_tool_laid_out_anew_is_said_to_be_of_another_form(book: Log, tmp_path: Path) -> None:
    path = tmp_path / "bukti.json"
    path.write_text(json.dumps(pack(book), indent=2))
    unreadable(path)
