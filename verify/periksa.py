"""Checks an evidence pack of Dampingi on the inspector's own computer, without the system and without a network.

    python periksa.py PAKET.zip [--kunci KUNCI] [--titik BERKAS_ATAU_FOLDER ...] [--daftar]

It needs Python 3.9 or newer and the package `cryptography`, and nothing else. What it does: it reads the pack line by
line and makes the digest of every event anew from what stands in the pack; checks the signature of the checkpoint, and
that it goes on from the older ones in the pack; climbs with the digests and the proof up to the root of the log (a tree
as in RFC 6962) and compares it with the one that was signed; and holds all that against the checkpoints the inspector
kept. Then it says what was proven and what cannot be. Exit code: 0 all proven; 1 something was altered or does not
fit; 2 it could not be checked.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import hashlib
import io
import json
import re
import sys
import time
import unicodedata
import zipfile
from array import array
from bisect import bisect_left
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Iterator, NamedTuple, Optional, Sequence

try:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
except ImportError:
    sys.exit("Paket Python 'cryptography' belum ada. Pasang dengan: python -m pip install cryptography")

FORMAT = "dampingi-bukti/1"
KINDS = {
    "kasus": "riwayat satu kasus",
    "pmt": "satu siklus makanan tambahan (PMT) dari satu kasus",
    "desa-triwulan": "satu triwulan di satu desa",
    "permintaan": "jawaban atas permintaan bukti",
    "buku": "buku seutuhnya",
}
PROVEN, ALTERED, UNCHECKED = 0, 1, 2

EVENT_BYTES = 4 << 20
REST_BYTES = 512 << 20
NOTE_BYTES = 64 << 10
RATIO = 200
"""More than a line of our text can be; whoever packs more than this asks for our memory."""
NAMED_AT_MOST = 10
EMPTY = hashlib.sha256().digest()
"""The root of a log in which nothing stands yet."""


class Unreadable(Exception):
    """It cannot be read, or is another kind of thing than was said: nothing is proven, and nothing is accused."""


class Point(NamedTuple):
    """A checkpoint: how long the log was at a time, and the root that commits to all of it."""

    origin: str
    size: int
    root: bytes
    at: str
    body: bytes
    signatures: list[tuple[str, bytes]]


class Key(NamedTuple):
    """The public half of the key that signs checkpoints."""

    name: str
    id: bytes
    public: bytes
    text: str


class Told:
    """What is found out on the way."""

    def __init__(self) -> None:
        self.proven: list[str] = []
        self.not_proven: list[str] = []
        self.altered: list[str] = []
        self.unchecked: list[str] = []

    @property
    def exit_code(self) -> int:
        return ALTERED if self.altered else UNCHECKED if self.unchecked else PROVEN


# The whole check, from above


def check(path: Path, pinned: Optional[Key], own: Sequence[str], told: Told) -> None:
    """Everything that can be checked about this pack; `own` are files and folders with checkpoints that were kept."""
    with opened(path) as pack:
        read = Read(pack)
    point = noted(read.rest["checkpoint"], "titik di dalam paket")
    kept = kept_points(own, point.origin)
    key = pinned or read_key(read.rest["key"])
    print_heading(path, read.rest, point, key, pinned is not None)
    check_titik_file(pack.note, read.rest["checkpoint"], told)
    check_signature(point, key, "Titik uji paket ini", told)
    earlier = earlier_points(read.rest["earlier"], point, key, told)
    check_root(read, point, earlier, told)
    check_kept(kept, read, point, key, earlier, told)
    check_completeness(read, point, told)
    say_limits(read, point, pinned is not None, bool(kept), told)


def check_root(read: Read, point: Point, earlier: Sequence[Point], told: Told) -> None:
    """The events are those that the checkpoint commits to."""
    if read.positions and read.positions[-1] > point.size:
        raise Unreadable(
            f"Kejadian posisi {read.positions[-1]} berada di luar buku: titik uji hanya sampai {point.size}."
        )
    if read.twisted:
        told.altered.append(f"Kejadian satu kasus tertukar atau ada dua kali: versi {_few(read.twisted)}.")
    proof = hashes(read.rest["proof"], "proof")
    root = root_of(point.size, read, proof)
    if root is None:
        raise Unreadable(
            f"Bukti di paket ini dibuat untuk ukuran buku lain, bukan untuk {point.size} kejadian di titik ujinya."
        )
    if root != point.root:
        other = next((p for p in earlier if root_of(p.size, read, proof) == p.root), None)
        if other is not None:
            raise Unreadable(f"Bukti di paket ini untuk titik berukuran {other.size}, bukan {point.size}.")
        told.altered.append(_does_not_fit(read))
    elif read.changed:
        told.altered.append(
            f"{len(read.changed)} kejadian diubah sesudah masuk buku: posisi {_few(read.changed)}. "
            f"{len(read) - len(read.changed)} kejadian lainnya cocok dengan titik uji."
        )
    else:
        _say_events(read, told)


def _does_not_fit(read: Read) -> str:
    where = f" Isinya tidak cocok dengan sidiknya pada posisi {_few(read.changed)}." if read.changed else ""
    return (
        "Kejadian di paket ini dan bukti-buktinya tidak menghasilkan akar yang ditandatangani: "
        f"sedikitnya satu di antara {len(read)} kejadian (posisi {_range(read.positions)}), sidik, atau bukti "
        f"diubah.{where}"
    )


def _say_events(read: Read, told: Told) -> None:
    full = len(read) - read.withheld
    if not full:
        told.unchecked.append(
            f"Paket ini tidak memuat satu kejadian pun{' selain yang ditahan' if read.withheld else ''}."
        )
    else:
        told.proven.append(
            f"{_n(full)} kejadian di paket ini tercatat di buku pada posisi yang disebut, dan tidak satu huruf pun "
            "berubah: isi, waktu dicatat, akun, jabatan, unit, perangkat, dan edisi juknis."
        )
    if read.withheld:
        told.proven.append(
            f"{_n(read.withheld)} kejadian ditahan: hanya sidiknya yang diberikan. Terbukti tercatat di posisinya."
        )
        told.not_proven.append("Isi kejadian yang ditahan. Alasannya tertulis di paket.")
    if read.sealed:
        told.proven.append(
            f"{_n(read.sealed)} kejadian memuat nama atau catatan yang terkunci, dan ikut terbukti dalam bentuk "
            "terkunci. Kuncinya tidak ada di paket; bagi orang yang datanya sudah dihapus, kuncinya tidak ada di mana "
            "pun. Itu wajar."
        )


# Older checkpoints


def earlier_points(told_of: Any, point: Point, key: Key, told: Told) -> list[Point]:
    """The older checkpoints in the pack that this one carries on."""
    found = []
    for number, one in enumerate(told_of, start=1):
        name = f"Titik lama nomor {number} di paket"
        older = noted(one["checkpoint"], name)
        if older.origin != point.origin:
            raise Unreadable(f"{name} berasal dari buku lain: {_plain(older.origin)}.")
        check_signature(older, key, name, told)
        proof = hashes(one["proof"], name)
        if older.size > point.size:
            told.altered.append(f"{name} lebih besar ({older.size}) daripada titik paket ({point.size}).")
        elif not continues(older, point, proof):
            told.altered.append(
                f"{name} ({_at(older)}) tidak cocok dengan titik paket: ada yang diubah, dihapus, disisipkan, atau "
                f"ditukar di antara {_n(older.size)} kejadian pertama buku."
            )
        else:
            found.append(older)
    if found and not told.altered:
        first = min(found, key=lambda p: p.size)
        told.proven.append(f"{_n(len(found))} titik lama di paket ini cocok. Sejak {_at(first)} buku hanya ditambah.")
    return found


def check_kept(
    kept: Sequence[tuple[str, Point]],
    read: Read,
    point: Point,
    key: Key,
    earlier: Sequence[Point],
    told: Told,
) -> None:
    """The checkpoints that the inspector kept: nobody who holds the system can have altered those."""
    for name, own in sorted(kept, key=lambda pair: pair[1].size):
        name = f"Titik simpanan {name}"
        if not check_signature(own, key, name, told):
            continue
        if own.size > point.size:
            _larger(name, own, point, read, told)
            continue
        same = [p for p in (point, *earlier) if p.size == own.size]
        root = same[0].root if same else whole_root(read, own.size, point.size)
        if own.size == 0:
            root = EMPTY
        if root is None:
            told.unchecked.append(
                f"{name} ({_at(own)}) belum dapat dibandingkan: paket ini tidak memuat bukti untuk ukuran {own.size}. "
                f"Minta paket baru dengan bukti itu: dampingi bukti ... --titik {own.size}"
            )
        elif root != own.root:
            told.altered.append(
                f"{name} ({_at(own)}) dan paket ini menyebut akar yang berbeda untuk {_n(own.size)} kejadian pertama. "
                "Buku ditulis ulang sesudah titik itu diambil. Kedua titik bertanda tangan: simpan keduanya sebagai "
                "bukti."
            )
        else:
            told.proven.append(
                f"{name} ({_at(own)}) cocok. Sejak itu tidak ada yang diubah, dihapus, disisipkan, atau ditukar di "
                "seluruh buku; buku hanya ditambah."
            )


def _larger(name: str, own: Point, point: Point, read: Read, told: Told) -> None:
    """A checkpoint of a longer log than the pack's: the log was cut, or the pack is older."""
    if point.at > own.at:
        told.altered.append(
            f"{name} ({_at(own)}) lebih panjang daripada titik paket ({_at(point)}), padahal titik paket lebih baru. "
            f"Buku dipotong: sedikitnya {_n(own.size - point.size)} kejadian terakhir hilang."
        )
        return
    later = ""
    if str(read.rest["made_at"]) > own.at:
        later = (
            " Paket dibuat sesudah titik Anda tetapi memakai titik yang lebih lama: bila yang baru tidak diberikan, "
            "tanyakan sebabnya; boleh jadi buku dipotong."
        )
    told.unchecked.append(
        f"{name} ({_at(own)}) lebih panjang daripada titik paket ({_at(point)}), jadi paket ini lebih tua. "
        f"Minta paket baru untuk membandingkannya.{later}"
    )


# What a pack of its kind has to hold


def check_completeness(read: Read, point: Point, told: Told) -> None:
    """The pack is of what it says it is of, and nothing is left out that a pack of this kind must hold."""
    about, but = read.rest["about"], ""
    if about["kind"] in ("kasus", "pmt"):
        if any(one != about.get("case") for one in read.versions):
            raise Unreadable("Paket satu kasus ini memuat kejadian kasus lain daripada yang disebutnya.")
        but = ", kecuali nomor kasusnya" if read.versions else ""
    if about["kind"] == "kasus":
        _check_case(read, told)
    elif about["kind"] == "buku":
        _check_book(read, point, told)
    else:
        told.not_proven.append(
            "Bahwa paket ini memuat semua kejadian yang bersangkutan, dan hanya itu: pembuat paket yang memilihnya. "
            "Untuk itu minta riwayat kasusnya atau buku seutuhnya."
        )
    told.not_proven.append(f"Baris Paket dan Dibuat di atas{but}.")


def _check_case(read: Read, told: Told) -> None:
    latest = max(read.versions.values(), default=0)
    if read.missing:
        told.altered.append(
            f"Riwayat ini tidak lengkap: kejadian versi {_few(read.missing)} tidak ada di paket dan tidak disebut "
            "ditahan."
        )
    elif read.withheld:
        told.not_proven.append(
            f"Bahwa riwayat ini lengkap sampai versi {latest}: paling banyak {_n(read.withheld)} versi tidak "
            "diperlihatkan; bahwa yang ditahan milik kasus ini tidak terbukti."
        )
    elif latest and not told.altered:
        told.proven.append(f"Riwayat kasus ini lengkap dari versi 1 sampai {latest}.")
    told.not_proven.append(f"Bahwa kasus ini tidak mempunyai kejadian sesudah versi {latest}.")


def _check_book(read: Read, point: Point, told: Told) -> None:
    if len(read) != point.size:
        told.altered.append(
            f"Buku ini tidak lengkap: ada {_n(len(read))} dari {_n(point.size)} kejadian. "
            f"Yang pertama tidak ada: posisi {_first_missing(read.positions)}."
        )
        return
    if read.missing and not read.withheld:
        told.altered.append(
            "Ada kasus yang versinya melompat di dalam buku: catatan pernah dibuang sebelum masuk buku."
        )
    if not told.altered:
        told.proven.append(f"Buku ini utuh: semua posisi dari 1 sampai {_n(point.size)} ada di paket.")


def _first_missing(positions: Sequence[int]) -> int:
    return next((n for n, position in enumerate(positions, start=1) if n != position), len(positions) + 1)


def say_limits(read: Read, point: Point, pinned: bool, kept: bool, told: Told) -> None:
    """What no program can prove from a pack."""
    if not pinned:
        told.not_proven.append(
            "Bahwa tanda tangan itu milik kabupaten: kunci yang dipakai berasal dari paket ini sendiri, dan siapa pun "
            "dapat menyertakan kunci buatannya. Cocokkan kunci di atas dengan yang Anda catat dahulu (--kunci)."
        )
    if not kept:
        told.not_proven.append(
            "Bahwa seluruh buku tidak ditulis ulang sebelum titik ini dibuat. Untuk itu perlu titik yang Anda simpan "
            "sendiri dari kunjungan sebelumnya (--titik). Simpan titik.txt dari paket ini."
        )
    told.not_proven += [
        "Bahwa yang dicatat sungguh terjadi, dan bahwa semua yang terjadi dicatat.",
        f"Bahwa jam dan akun yang tercatat benar. Semua ini sudah tercatat paling lambat {_time(point.at)}, bila jam "
        "penanda tangan benar.",
        "Kalimat bantu di bukti.json dan bukti.pdf, yang hanya memudahkan membaca. Yang terbukti ialah isi (state): "
        "lihat dengan --daftar.",
    ]


# Reading the pack


class Pack(NamedTuple):
    """What a pack is made of, as far as it is checked."""

    proof: BinaryIO
    bytes: int
    note: Optional[str]
    """titik.txt; empty where the zip has none, None where there is no zip."""


@contextmanager
def opened(path: Path) -> Iterator[Pack]:
    """The pack, whether it is the zip or bukti.json by itself."""
    try:
        with path.open("rb") as file:
            start = file.read(4)
            file.seek(0)
            if start[:2] != b"PK":
                yield Pack(file, path.stat().st_size, None)
                return
            with zipfile.ZipFile(file) as packed:
                _each_once(packed, path)
                member = _member(packed, "bukti.json", path)
                note = _small(packed, "titik.txt", path)
                with packed.open(member) as proof:
                    yield Pack(proof, member.file_size, note)  # type: ignore[arg-type]
    except (zipfile.BadZipFile, zipfile.LargeZipFile, EOFError) as broken:
        raise Unreadable(f"Berkas zip {path.name} terpotong atau rusak. Salin sekali lagi dari sumbernya.") from broken
    except (RuntimeError, NotImplementedError, zipfile.zlib.error) as broken:  # type: ignore[attr-defined]
        if isinstance(broken, RecursionError):
            raise Unreadable("Isi bukti.json bersarang terlalu dalam; ini bukan paket bukti.") from broken
        raise Unreadable(
            f"Berkas zip {path.name} tidak dapat dibuka: terkunci, rusak, atau cara memadatkannya lain."
        ) from broken
    except OSError as broken:
        raise Unreadable(f"Berkas {path} tidak dapat dibaca: {broken.strerror or broken}.") from broken


FILES = ("bukti.json", "bukti.pdf", "titik.txt", "periksa.py", "BACA-DULU.txt")


def _each_once(packed: zipfile.ZipFile, path: Path) -> None:
    """No file but these by a name that some computer takes for one of them: it would unpack the one or the other."""
    names = packed.namelist()
    for file in FILES:
        alike = [name for name in names if _bare(name) == file.casefold()]
        if alike not in ([], [file]):
            raise Unreadable(
                f"Di dalam {path.name} ada lebih dari satu {file}, atau berkas lain yang namanya mirip: "
                f"{_plain(', '.join(alike))}; paket seperti ini tidak boleh dipercaya."
            )


def _bare(name: str) -> str:
    """A name without folder, capitals, other forms of its letters, and what Windows cuts off at its end."""
    return unicodedata.normalize("NFKC", name).casefold().replace("\\", "/").rpartition("/")[2].rstrip(". ")


def _member(packed: zipfile.ZipFile, name: str, path: Path) -> zipfile.ZipInfo:
    if name not in packed.namelist():
        raise Unreadable(f"Di dalam {path.name} tidak ada {name}; ini bukan paket bukti.")
    found = packed.getinfo(name)
    if found.file_size > RATIO * max(found.compress_size, 1) or found.compress_size > path.stat().st_size:
        raise Unreadable(f"{name} di dalam {path.name} mengembang tidak wajar (bom zip); tidak dibuka.")
    return found


def _small(packed: zipfile.ZipFile, name: str, path: Path) -> str:
    if name not in packed.namelist():
        return ""
    member = _member(packed, name, path)
    if member.file_size > NOTE_BYTES:
        raise Unreadable(f"{name} di dalam {path.name} terlalu besar untuk sebuah titik uji.")
    return packed.read(member).decode("utf-8", "replace")


class Read:
    """A pack as read: of the events only their digests are kept, so its length does not matter to the memory."""

    def __init__(self, pack: Pack) -> None:
        self.positions = array("Q")
        self.leaves = bytearray()
        self.withheld = self.sealed = 0
        self.changed: list[int] = []
        self.versions: dict[str, int] = {}
        self.missing: list[int] = []
        self.twisted: list[int] = []
        self._withheld_since = 0
        head: list[str] = []
        tail: list[str] = []
        with progress(pack.bytes) as step:
            for part, text in parts(pack.proof, step):
                if part == "event":
                    self._take(event_of(text, len(self) + 1))
                else:
                    (head if part == "head" else tail).append(text)
        before = "".join(head).removeprefix("\ufeff")
        self.rest = shaped(parsed(before + "".join(tail), "bukti.json"))
        parsed(before + "]}", "Daftar kejadian tidak di tempatnya: bagian bukti.json sebelum itu")

    def __len__(self) -> int:
        return len(self.positions)

    def _take(self, event: dict[str, Any]) -> None:
        position = event["position"]
        if self.positions and position <= self.positions[-1]:
            twice = "ada dua kali" if position == self.positions[-1] else "tidak pada urutannya, atau ada dua kali"
            raise Unreadable(f"Posisi {position} {twice}; paket seperti ini tidak sah.")
        self.positions.append(position)
        if "state" not in event:
            self.withheld += 1
            self._withheld_since += 1
            self.leaves += leaf(one_hash(event["digest"], f"sidik posisi {position}"))
            return
        self._count(event)
        own = leaf(hashlib.sha256(record(event)).digest())
        in_tree = one_hash(event["leaf"], f"daun posisi {position}") if "leaf" in event else own
        if own != in_tree:
            self.changed.append(position)
        self.leaves += in_tree

    def _count(self, event: dict[str, Any]) -> None:
        """Versions of a case have no gaps but where something is withheld in between."""
        case, version = event["case"], event["version"]
        before = self.versions.get(case, 0)
        if version <= before:
            self.twisted.append(version)
        if len(self.missing) < NAMED_AT_MOST and version - before - 1 > self._withheld_since:
            self.missing += range(before + 1, min(version, before + 1 + NAMED_AT_MOST))
        self.versions[case] = max(before, version)
        self._withheld_since = 0
        self.sealed += '"personal":"' in event["state"]


def parts(file: BinaryIO, step: Any) -> Iterator[tuple[str, str]]:
    """The lines of bukti.json: what stands before the events, the events, one a line, and what follows.

    Head and tail together are a pack with no event in it, to the letter: what others would not read, we do not either.
    """
    part, rest, ended = "head", REST_BYTES, ""
    while True:
        line = file.readline(EVENT_BYTES if part == "event" else rest)
        if not line:
            break
        step(len(line))
        text = _utf8(line)
        if part == "event":
            text = text.strip(BLANK)
            if text and ended == ("," if text[0] == "]" else "}"):
                raise Unreadable("bukti.json bukan JSON: di daftar kejadian ada koma yang kurang atau lebih.")
            if text.startswith("]"):
                part = "tail"
                yield part, text
            elif text:
                ended = "," if text.endswith(",") else "}"
                yield part, text[:-1] if ended == "," else text
            continue
        rest -= len(line)
        if rest <= 0:
            raise Unreadable("bukti.json terlalu besar untuk sebuah paket bukti.")
        yield part, text
        if part == "head" and re.fullmatch(r'"events"[ \t]*:[ \t]*\[', text.strip(BLANK)):
            part = "event"
    if part != "tail":
        raise Unreadable("Ini bukan bukti.json: daftar kejadiannya tidak ada, atau berkas terpotong.")


BLANK = " \t\r\n"
"""What may stand between things in JSON, and no other blanks."""


def _utf8(line: bytes) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError as broken:
        raise Unreadable("bukti.json rusak: ada huruf yang tidak dapat dibaca.") from broken


def parsed(text: str, name: str) -> Any:
    """JSON in which no name stands twice: of two values, one reader would show the first and another one the last."""
    try:
        return _decode(text)
    except (ValueError, RecursionError) as broken:
        raise Unreadable(f"{name} bukan JSON yang dapat dibaca, atau terpotong.") from broken


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name twice")
    return found


_decode = json.JSONDecoder(object_pairs_hook=_once).decode

TEXTS = ("case", "topic", "entry", "recorded_at", "actor", "role", "unit", "device", "edition", "state")
WHOLE = frozenset({"position", "version", *TEXTS})
WITHHELD = frozenset({"position", "digest", "withheld"})


def event_of(line: str, number: int) -> dict[str, Any]:
    """One event of the pack."""
    event = parsed(line, f"Kejadian ke-{number} di bukti.json")
    if not isinstance(event, dict):
        raise Unreadable(f"Kejadian ke-{number} di bukti.json bukan sebuah kejadian.")
    names = event.keys() - {"says", "leaf"} if "state" in event else event.keys()
    if names != WHOLE and names != WITHHELD:
        raise Unreadable(f"Kejadian ke-{number} di bukti.json kurang lengkap, atau memuat hal yang tidak dikenal.")
    numbers = [event["position"], event.get("version", 1)]
    if any(type(one) is not int or not 0 < one < 2**53 for one in numbers):
        raise Unreadable(f"Kejadian ke-{number} di bukti.json mempunyai posisi atau versi yang tidak mungkin.")
    kinds = [*map(type, event.values())]
    if kinds.count(str) != len(kinds) - ("version" in event) - 1:
        raise Unreadable(f"Kejadian ke-{number} di bukti.json memuat hal yang bukan teks di tempat teks.")
    return event


SHAPES = {
    "about": dict, "made_at": str, "made_for": str, "editions": list, "key": str, "checkpoint": str, "earlier": list,
    "events": list, "proof": list,
}  # fmt: skip


def shaped(rest: Any) -> dict[str, Any]:
    """Everything of a pack but its events, if it has the form we know."""
    if not isinstance(rest, dict) or "format" not in rest:
        raise Unreadable("Ini bukan bukti.json: tidak disebut formatnya.")
    if rest["format"] != FORMAT:
        raise Unreadable(f"Format {_plain(rest['format'])} tidak dikenal program ini, yang hanya mengenal {FORMAT}.")
    if unknown := rest.keys() - {"format", *SHAPES}:
        raise Unreadable(f"Di bukti.json ada {_plain(min(unknown))}, yang tidak dikenal program ini.")
    for name, shape in SHAPES.items():
        if not isinstance(rest.get(name), shape):
            raise Unreadable(f"Di bukti.json tidak ada {name}, atau bentuknya lain.")
    if rest["about"].get("kind") not in KINDS:
        raise Unreadable(f"Jenis paket {_plain(rest['about'].get('kind'))} tidak dikenal program ini.")
    for one in rest["earlier"]:
        if (
            not isinstance(one, dict)
            or not isinstance(one.get("checkpoint"), str)
            or not isinstance(one.get("proof"), list)
        ):
            raise Unreadable("Daftar titik lama di bukti.json bentuknya lain.")
    return rest


# The tree (RFC 6962) and the record of an event


def record(event: dict[str, Any]) -> bytes:
    """The stored bytes of an event: its fields as netstrings, so that nothing can pass from one field to the next."""
    fields = (
        "dampingi/record/1", str(event["position"]), event["case"], str(event["version"]), event["topic"],
        event["entry"], event["recorded_at"], event["actor"], event["role"], event["unit"], event["device"],
        event["edition"], event["state"],
    )  # fmt: skip
    text = "".join([f"{len(field)}:{field}," for field in fields])
    if text.isascii():
        return text.encode()
    try:
        return b"".join([b"%d:%b," % (len(part), part) for part in [field.encode() for field in fields]])
    except UnicodeEncodeError as broken:
        raise Unreadable(f"Kejadian posisi {event['position']} memuat huruf yang tidak mungkin.") from broken


def leaf(entry: bytes) -> bytes:
    return hashlib.sha256(b"\0" + entry).digest()


def node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()


def over(leaves: bytes) -> bytes:
    """The root over leaves that stand side by side; one that is left over goes up a level as it is."""
    level = [bytes(leaves[at : at + 32]) for at in range(0, len(leaves), 32)]
    while len(level) > 1:
        pairs = [node(left, right) for left, right in zip(level[::2], level[1::2])]
        level = pairs + level[2 * len(pairs) :]
    return level[0]


def root_of(size: int, read: Read, proof: Sequence[bytes], upto: Optional[int] = None) -> Optional[bytes]:
    """The root of a tree of `size` from the events of a pack and the hashes of what is not in it.

    None where the proof is too short or too long, as it is when it was made for another size.
    """
    count = len(read) if upto is None else upto
    if size == 0:
        return EMPTY if not count and not proof else None
    if count and read.positions[count - 1] > size:
        return None
    rest = iter(proof)

    def climb(low: int, high: int, first: int, last: int) -> bytes:
        if first == last:
            return next(rest)
        if high - low == last - first:
            return over(read.leaves[32 * first : 32 * last])
        middle = low + (1 << ((high - low - 1).bit_length() - 1))
        split = bisect_left(read.positions, middle + 1, first, last)
        left = climb(low, middle, first, split)
        return node(left, climb(middle, high, split, last))

    try:
        root = climb(0, size, 0, count)
    except StopIteration:
        return None
    return root if next(rest, None) is None else None


def whole_root(read: Read, size: int, of: int) -> Optional[bytes]:
    """The root of the first events, if all of them are in the pack."""
    if size == 0 or len(read) != of:
        return None
    return root_of(size, read, (), upto=size)


def continues(older: Point, newer: Point, proof: Sequence[bytes]) -> bool:
    """The newer tree begins with all of the older one (RFC 9162, 2.1.4.2)."""
    if older.size == newer.size:
        return older.root == newer.root and not proof
    if older.size == 0:
        return older.root == EMPTY and not proof
    steps = list(proof)
    if older.size & (older.size - 1) == 0:
        steps.insert(0, older.root)
    if not steps:
        return False
    fn, sn = older.size - 1, newer.size - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    first = second = steps[0]
    for step in steps[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            first, second = node(step, first), node(step, second)
            while fn and not fn & 1:
                fn, sn = fn >> 1, sn >> 1
        else:
            second = node(second, step)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and first == older.root and second == newer.root


# Checkpoints and keys


def noted(text: str, name: str) -> Point:
    """A checkpoint as it is signed (C2SP tlog-checkpoint in a signed note)."""
    body, found, signed = text.replace("\r\n", "\n").partition("\n\n")
    lines = body.split("\n")
    if not found or len(lines) < 4 or len(text) > NOTE_BYTES or not re.fullmatch(r"0|[1-9][0-9]{0,15}", lines[1]):
        raise Unreadable(f"{name} bukan titik uji, atau terpotong.")
    at = next((line[len("waktu ") :] for line in lines[3:] if line.startswith("waktu ")), "")
    if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", at):
        raise Unreadable(f"{name} tidak menyebut waktunya.")
    signatures = [_signature(line, name) for line in signed.split("\n") if line]
    root = one_hash(lines[2], f"akar di {name}")
    return Point(lines[0], int(lines[1]), root, at, (body + "\n").encode("utf-8", "replace"), signatures)


def _signature(line: str, name: str) -> tuple[str, bytes]:
    words = line.split(" ")
    if len(words) != 3 or words[0] != "\u2014":
        raise Unreadable(f"{name}: baris tanda tangannya tidak dapat dibaca.")
    return words[1], _base64(words[2], f"tanda tangan di {name}")


def check_signature(point: Point, key: Key, name: str, told: Told) -> bool:
    """It was signed by this key. That another key signed it is no proof of anything, and said apart."""
    if point.origin != key.name:
        raise Unreadable(
            f"{name} berasal dari buku lain: {_plain(point.origin)}, sedangkan kuncinya untuk {_plain(key.name)}."
        )
    ours = [text[4:] for signer, text in point.signatures if signer == key.name and text[:4] == key.id]
    if not ours:
        raise Unreadable(
            f"{name} tidak ditandatangani dengan kunci {key.id.hex()}, melainkan dengan kunci lain. Tanyakan apakah "
            "kunci pernah diganti dan mana berita acaranya; bila tidak, buku ditandatangani ulang oleh orang lain."
        )
    try:
        Ed25519PublicKey.from_public_bytes(key.public).verify(ours[0], point.body)
    except InvalidSignature:
        told.altered.append(
            f"{name}: tanda tangannya tidak cocok dengan isinya. Titik itu diubah sesudah ditandatangani."
        )
        return False
    return True


def read_key(text: str) -> Key:
    """A verifier key: name, the start of its digest, and the public key itself."""
    if not text.strip():
        raise Unreadable("Paket ini tidak memuat kunci. Pakai kunci yang Anda catat sendiri: --kunci.")
    words = text.strip().split("+", 2)
    if len(words) != 3 or not words[0] or not re.fullmatch(r"[0-9a-f]{8}", words[1]):
        raise Unreadable("Kunci tidak dapat dibaca. Bentuknya: nama+8 angka heksadesimal+teks base64.")
    public = _base64(words[2], "kunci")
    if len(public) != 33 or public[:1] != b"\1":
        raise Unreadable("Kunci itu bukan kunci Ed25519 untuk titik uji.")
    if hashlib.sha256(words[0].encode() + b"\n" + public).digest()[:4].hex() != words[1]:
        raise Unreadable("Kunci salah salin: bagian-bagiannya tidak cocok satu sama lain.")
    return Key(words[0], bytes.fromhex(words[1]), public[1:], text.strip())


def pinned_key(asked: str) -> Key:
    """The key as given on the command line, or the file it is in."""
    path = Path(asked)
    try:
        if "\n" not in asked and path.is_file():
            lines = path.read_text("utf-8", "replace").split("\n")
            return read_key(next((line for line in lines if line.strip()), ""))
    except OSError as broken:
        raise Unreadable(f"Berkas kunci {asked} tidak dapat dibaca.") from broken
    if "+" not in asked:
        raise Unreadable(f"Berkas kunci {asked} tidak ada.")
    return read_key(asked)


def kept_points(asked: Sequence[str], origin: str) -> list[tuple[str, Point]]:
    """The checkpoints that the inspector kept: files, packs, or folders of either."""
    found = []
    for path in map(Path, asked):
        if path.is_dir():
            found += _in_folder(path, origin)
            continue
        point = noted(_note_in(path), f"Berkas {path.name}")
        if point.origin != origin:
            raise Unreadable(f"Titik di {path.name} milik buku lain: {_plain(point.origin)}, bukan {_plain(origin)}.")
        found.append((path.name, point))
    return found


def _in_folder(folder: Path, origin: str) -> list[tuple[str, Point]]:
    found, others = [], 0
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        try:
            point = noted(_note_in(path), path.name)
        except Unreadable:
            others += 1
            continue
        if point.origin == origin:
            found.append((str(path.relative_to(folder)), point))
        else:
            others += 1
    if not found:
        raise Unreadable(f"Di folder {folder} tidak ada titik uji dari buku {_plain(origin)}.")
    if others:
        print(f"Dilewati  : {others} berkas di {folder} bukan titik uji dari buku ini")
    return found


def _note_in(path: Path) -> str:
    try:
        with path.open("rb") as file:
            if file.read(2) != b"PK":
                file.seek(0)
                return file.read(NOTE_BYTES + 1).decode("utf-8", "replace")
    except OSError as broken:
        raise Unreadable(f"Titik {path} tidak dapat dibaca: {broken.strerror or broken}.") from broken
    with opened(path) as pack:
        if not pack.note:
            raise Unreadable(f"Di dalam {path.name} tidak ada titik.txt.")
        return pack.note


def check_titik_file(note: Optional[str], checkpoint: str, told: Told) -> None:
    """The checkpoint that is kept from a pack is the one that is checked, to the letter."""
    if note == "":
        told.unchecked.append(
            "Di dalam zip ini tidak ada titik.txt, atau kosong. Yang diperiksa ialah titik di bukti.json."
        )
    elif note is not None and note != checkpoint:
        told.altered.append("titik.txt di dalam paket berbeda dari titik di bukti.json. Jangan simpan titik.txt itu.")


def hashes(texts: Any, name: str) -> list[bytes]:
    return [one_hash(text, name) for text in texts]


def one_hash(text: Any, name: str) -> bytes:
    found = _base64(text, name)
    if len(found) != 32:
        raise Unreadable(f"{name}: panjang sidiknya bukan 32 byte.")
    return found


def _base64(text: Any, name: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError, TypeError) as broken:
        raise Unreadable(f"{name}: bukan teks base64.") from broken


# What the inspector reads


def print_heading(path: Path, rest: dict[str, Any], point: Point, key: Key, pinned: bool) -> None:
    about = rest["about"]
    more = ", ".join(f"{_plain(k)} {_plain(v)}" for k, v in about.items() if k != "kind" and isinstance(v, (str, int)))
    print(f"Paket     : {KINDS[about['kind']]}{'; ' + more if more else ''}")
    print(f"Dibuat    : {_plain(rest['made_at'])}, untuk {_plain(rest.get('made_for'))}")
    print(f"SHA-256   : {_digest_of(path)}")
    print(f"Buku      : {_plain(point.origin)}, {_at(point)}")
    print(f"Akar      : {base64.b64encode(point.root).decode()}")
    print(f"Kunci     : {_plain(key.text)} ({'dari Anda' if pinned else 'dari paket ini'})")
    print(f"Pemeriksa : SHA-256 {_digest_of(Path(__file__))}")


def _digest_of(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        for piece in iter(lambda: file.read(1 << 20), b""):
            digest.update(piece)
    return digest.hexdigest()


def print_told(told: Told) -> None:
    titles = (
        ("TIDAK COCOK", told.altered),
        ("Belum dapat diperiksa", told.unchecked),
        ("Terbukti", told.proven),
        ("Tidak dapat dibuktikan", told.not_proven),
    )
    for title, lines in titles:
        if lines:
            print(f"\n{title}:")
            for line in lines:
                print(f"  - {line}")
    print(f"\n{_VERDICT[told.exit_code]}")


_VERDICT = {
    PROVEN: "Hasil: semua yang dapat diperiksa pada paket ini cocok.",
    ALTERED: "Hasil: ADA YANG TIDAK COCOK. Simpan paket ini apa adanya.",
    UNCHECKED: "Hasil: yang diperiksa cocok, tetapi belum semuanya dapat diperiksa.",
}


def print_events(path: Path) -> None:
    """The events by what was proven of them, without the sentences that were added."""
    print("\nKejadian (waktu UTC):")
    with opened(path) as pack:
        for number, (part, text) in enumerate(parts(pack.proof, lambda _: None)):
            if part != "event":
                continue
            event = event_of(text, number)
            if "state" not in event:
                print(f"  {event['position']}  ditahan: {_plain(event['withheld'], 200)}")
                continue
            told = "recorded_at", "role", "unit", "actor", "edition", "topic"
            print(
                f"  {event['position']}  versi {event['version']}  " + "  ".join(_plain(event[name]) for name in told)
            )
            print(f"      {_plain(event['state'], 100_000)}")


def _plain(text: object, most: int = 200) -> str:
    """Somebody else's text, without anything that could move the cursor or colour the screen."""
    shown = "".join(c if c.isprintable() else "?" for c in str(text))
    return shown if len(shown) <= most else shown[:most] + "..."


def _at(point: Point) -> str:
    return f"{_n(point.size)} kejadian pada {_time(point.at)}"


def _time(at: str) -> str:
    return at.replace("T", " ").replace("Z", " UTC")


def _n(number: int) -> str:
    return f"{number:,}".replace(",", ".")


def _few(numbers: Sequence[int]) -> str:
    shown = ", ".join(str(n) for n in numbers[:NAMED_AT_MOST])
    return shown + (" dan lainnya" if len(numbers) > NAMED_AT_MOST else "")


def _range(positions: Sequence[int]) -> str:
    return f"{positions[0]} sampai {positions[-1]}" if positions else "tidak ada"


@contextmanager
def progress(total: int) -> Iterator[Any]:
    """A bar for whoever waits longer than two seconds at a screen."""
    began, drawn, done = time.monotonic(), 0.0, 0

    def step(more: int) -> None:
        nonlocal done, drawn
        done += more
        now = time.monotonic()
        if sys.stderr.isatty() and now - began > 2 and now - drawn > 0.2:
            drawn = now
            filled = min(30, 30 * done // max(total, 1))
            sys.stderr.write(f"\rmemeriksa [{'#' * filled}{'.' * (30 - filled)}] {100 * done // max(total, 1)}%")
            sys.stderr.flush()

    try:
        yield step
    finally:
        if drawn:
            sys.stderr.write("\r" + " " * 60 + "\r")


# From the command line


class _Arguments(argparse.ArgumentParser):
    def error(self, message: str) -> Any:
        print(f"Perintah ini tidak dimengerti. Cara memakai: {self.format_usage().split(': ', 1)[-1].strip()}")
        sys.exit(UNCHECKED)


def arguments(given: Optional[Sequence[str]]) -> argparse.Namespace:
    asked = _Arguments(
        prog="periksa.py", description="Memeriksa paket bukti Dampingi tanpa sistem dan tanpa internet.", add_help=False
    )
    asked.add_argument("paket", metavar="PAKET", help="paket bukti (.zip) atau bukti.json")
    asked.add_argument("--kunci", help="kunci kabupaten yang Anda catat sendiri, atau berkasnya")
    asked.add_argument(
        "--titik", nargs="+", default=[], help="titik yang Anda simpan: berkas, paket lama, atau folder berisi titik"
    )
    asked.add_argument("--daftar", action="store_true", help="tampilkan isi setiap kejadian yang diperiksa")
    asked.add_argument("-h", "--help", "--bantuan", action="help", help="tampilkan ini")
    return asked.parse_args(given)


def main(given: Optional[Sequence[str]] = None) -> int:
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    asked = arguments(given)
    told = Told()
    try:
        path = Path(asked.paket)
        pinned = pinned_key(asked.kunci) if asked.kunci else None
        check(path, pinned, asked.titik, told)
        if asked.daftar and told.exit_code != ALTERED:
            print_events(path)
        print_told(told)
    except Unreadable as why:
        for line in told.altered:
            print(f"TIDAK COCOK: {line}")
        print(f"TIDAK DAPAT DIPERIKSA: {why}")
        return ALTERED if told.altered else UNCHECKED
    except (Exception, KeyboardInterrupt) as unforeseen:  # noqa: BLE001  # whoever made the pack may mean to crash us
        print(f"TIDAK DAPAT DIPERIKSA: pemeriksaan terhenti ({type(unforeseen).__name__}); belum ada yang terbukti.")
        return UNCHECKED
    return told.exit_code


if __name__ == "__main__":
    sys.exit(main())
