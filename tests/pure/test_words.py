"""Everything that can happen and everything that can be refused has its plain Indonesian sentence."""

from __future__ import annotations

import ast
import re
import typing
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import UUID

import msgspec
import pytest

from domain import case, child, desa, labels, oversight, pregnancy, referral, stories, words
from domain.case import Envelope, Event, Personal, Recorded, Role
from domain.fields import FIELDS
from domain.refusals import DOORS, REFUSALS
from domain.sentences import SENTENCES, WHAT

SITI = UUID("01890000-0000-7000-8000-000000000001")
LETTER = UUID("01890000-0000-7000-8000-0000000000aa")
DOMAIN = Path(words.__file__).parent
ROLES: tuple[Role, ...] = typing.get_args(Role)


def heard(event: Event, version: int = 1, role: Role = "kader") -> Recorded:
    by = Envelope(
        recorded_at=datetime(2025, 3, 4, 9, tzinfo=UTC), actor="a1", role=role, unit="3603332001.01", entry=LETTER,
        edition="2025",
    )  # fmt: skip
    return Recorded(SITI, version, event, by)


def told(event: Event, reader: Role = "bidan", writer: Role = "kader", personal: Personal | None = None) -> str | None:
    return words.event_sentence(heard(event, role=writer), personal, reader)


# Numbers and days


@pytest.mark.parametrize(
    ("value", "text"), [(7.1, "7,1 kg"), (7.0, "7,0 kg"), (3.25, "3,25 kg"), (10.999, "11,00 kg"), (0.7, "0,7 kg")]
)
def test_weights_have_a_decimal_comma_and_the_digits_of_the_scale(value: float, text: str) -> None:
    assert words.kg(value) == text


def test_whole_numbers_stay_whole() -> None:
    assert words.number(7100.0) == "7100"
    assert words.number(-0.0001) == "0"
    assert words.z(-2.05) == "-2,05"


def test_days_are_written_out() -> None:
    assert words.day(date(2025, 3, 4)) == "4 Maret 2025"
    assert words.weekday(date(2025, 3, 4)) == "Selasa, 4 Maret 2025"
    assert words.month(date(2026, 12, 31)) == "Desember 2026"


@pytest.mark.parametrize(
    ("on", "text"),
    [
        (date(2025, 1, 31), "0 hari"),
        (date(2025, 2, 27), "27 hari"),
        (date(2025, 2, 28), "1 bulan"),
        (date(2025, 3, 30), "1 bulan"),
        (date(2026, 12, 31), "23 bulan"),
        (date(2027, 1, 31), "2 tahun"),
        (date(2027, 5, 1), "2 tahun 3 bulan"),
        (date(2025, 1, 30), "belum lahir"),
    ],
)
def test_the_age_of_a_child_born_on_31_january_2025(on: date, text: str) -> None:
    assert words.age(date(2025, 1, 31), on) == text


# What happened


def test_every_event_has_a_sentence_and_a_name() -> None:
    assert set(SENTENCES) == set(stories.EVENTS)
    assert set(WHAT) == set(stories.EVENTS)


def test_a_weighing_is_told_as_a_volunteer_would() -> None:
    weighed = child.Measured(on=date(2025, 3, 4), kg=7.1, cm=66.0, lying=True)
    assert told(weighed, "kader") == "Ditimbang: 7,1 kg, panjang 66,0 cm (telentang), oleh kader."


def test_only_what_was_measured_is_told() -> None:
    taped = child.Measured(on=date(2025, 3, 4), lila=11.2, oedema=1, context="kunjungan")
    assert told(taped) == "Diukur saat kunjungan rumah: LILA 11,2 cm, bengkak +1, oleh kader."


def _samples(event: type[Event]) -> list[Event]:
    """The event with as little filled in as it allows, and with everything filled in."""
    fields = msgspec.structs.fields(event)
    needed = {f.name: _value(f) for f in fields if f.default is msgspec.NODEFAULT}
    whole = {f.name: _value(f) for f in fields}
    return [event(**{**kwargs, **_given(event)}) for kwargs in (needed, whole)]


def _given(event: type[Event]) -> dict[str, object]:
    """What cannot be made up from the type: the event a correction holds, and something that was measured."""
    if event is case.Corrected:
        return {"reads": {"is": "child.measured", "on": "2025-03-04", "kg": 7.1}}
    if event is child.Measured:
        return {"kg": 7.1}
    return {"value": 11.2} if event is pregnancy.LabResultRecorded else {}


def _value(field: msgspec.structs.FieldInfo) -> object:
    return _of_type(field.type, field.name)


def _of_type(kind: object, name: str) -> object:
    plain = {date: date(2025, 3, 4), int: 1, float: 7.1, bool: True, UUID: LETTER, str: name, Personal: None}
    if kind in plain:
        return plain[kind]  # type: ignore[index]
    origin, args = typing.get_origin(kind), typing.get_args(kind)
    if origin is typing.Literal:
        return args[0]
    if origin is tuple:
        return (_of_type(args[0], name),)
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return kind(**{f.name: _value(f) for f in msgspec.structs.fields(kind)})
    if origin is dict:
        return {}
    return _of_type(args[0], name)


@pytest.mark.parametrize("event", [e for kind in stories.EVENTS for e in _samples(kind)], ids=stories.topic)
def test_a_sentence_is_whole_for_every_reader_it_is_meant_for(event: Event) -> None:
    for reader in ROLES:
        sentence = told(event, reader)
        if sentence is None:
            assert reader not in case.NAKES
            continue
        assert sentence[0].isupper()
        assert sentence.endswith(".")
        assert not re.search(r"None|  | ,| \.|: \.|\bTrue|\x00|_", sentence), sentence


def test_every_code_of_every_event_is_in_words() -> None:
    codes = {code for event in stories.EVENTS for f in msgspec.structs.fields(event) for code in _codes(f.type)}
    known = set(labels.LABELS) | set(labels.CONTEXTS) | set(labels.SEX)
    assert codes - known == set()


def _codes(kind: object) -> set[str]:
    if typing.get_origin(kind) is typing.Literal:
        return {a for a in typing.get_args(kind) if isinstance(a, str)}
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return {code for f in msgspec.structs.fields(kind) for code in _codes(f.type)}
    return {code for part in typing.get_args(kind) for code in _codes(part)}


def test_every_role_has_a_name_and_a_desk() -> None:
    assert set(labels.ROLES) == set(labels.DESKS) == set(ROLES)


def test_every_field_of_a_form_has_a_name() -> None:
    fields = {f.name for command in stories.COMMANDS for f in msgspec.structs.fields(command)}
    parts = (Personal, pregnancy.Newborn, desa.ActionItem, desa.BudgetLine, oversight.AuditLine)
    fields |= {f.name for part in parts for f in msgspec.structs.fields(part)}
    assert fields - set(FIELDS) == set()


def test_a_correction_says_what_is_right_and_not_who_measured() -> None:
    mended = case.Corrected(
        on=date(2025, 3, 5), version=2, reason="salah-ketik",
        reads={"is": "child.measured", "on": "2025-03-04", "kg": 7.1},
    )  # fmt: skip
    assert told(mended, writer="bidan") == (
        "Catatan nomor 2 diperbaiki oleh bidan (salah ketik). Yang benar, 4 Maret 2025: Ditimbang: 7,1 kg."
    )


# Who may know


@pytest.mark.parametrize("test", sorted(pregnancy.RESTRICTED_TESTS))
def test_restricted_results_have_no_sentence_outside_the_health_service(test: str) -> None:
    result = pregnancy.LabResultRecorded(on=date(2025, 3, 4), test=test, result="reaktif")  # type: ignore[arg-type]
    for reader in ROLES:
        sentence = told(result, reader, writer="bidan")
        assert (sentence is not None) == (reader in case.NAKES), reader


def test_a_correction_into_a_restricted_result_is_not_told_to_a_kader() -> None:
    reads = {"is": "pregnancy.lab-result", "on": "2025-03-04", "test": "hiv", "result": "reaktif"}
    mended = case.Corrected(on=date(2025, 3, 5), version=2, reason="salah-ketik", reads=reads)
    assert told(mended, "kader") is None
    assert "HIV: reaktif" in (told(mended, "bidan") or "")


def test_what_mends_a_restricted_result_is_hidden_with_it() -> None:
    on = date(2025, 3, 4)
    story = [
        heard(pregnancy.Registered(on=on, desa="3603332001", posyandu="3603332001.01", hpht=date(2025, 1, 1)), 1),
        heard(pregnancy.LabResultRecorded(on=on, test="sifilis", result="reaktif"), 2, "bidan"),
        heard(pregnancy.LabResultRecorded(on=on, test="hb", value=11.2), 3, "bidan"),
        heard(case.Retracted(on=on, version=2, reason="salah-orang"), 4, "bidan"),
        heard(case.Retracted(on=on, version=3, reason="salah-orang"), 5, "bidan"),
    ]
    assert words.hidden(story, "kader") == {2, 4}
    assert words.hidden(story, "desa") == {2, 4}
    assert words.hidden(story, "bidan") == frozenset()


def test_the_desa_reads_that_a_child_was_examined_but_not_what_was_found() -> None:
    weighed = child.Measured(on=date(2025, 3, 4), kg=7.1)
    for reader in ("desa", "kecamatan", "kabupaten", "inspektorat"):
        assert told(weighed, reader) == "Penimbangan dan pengukuran oleh kader."  # type: ignore[arg-type]


def test_a_note_between_health_workers_is_not_read_by_a_kader() -> None:
    back = referral.CounterReferred(on=date(2025, 3, 4), referral=LETTER, diagnosis="B20")
    note = Personal(note="HIV dalam terapi")
    assert told(back, "bidan", "rs", note) == "Rujuk balik oleh petugas rumah sakit. Catatan: HIV dalam terapi."
    assert told(back, "kader", "rs", note) == "Rujuk balik oleh petugas rumah sakit."


def test_a_kader_reads_the_note_of_a_home_visit_and_the_desa_does_not() -> None:
    visit = stories.care.HomeVisited(on=date(2025, 3, 4), found="tidak-di-rumah")
    note = Personal(note="pintu terkunci.")
    assert told(visit, "kader", personal=note) == "Kunjungan rumah oleh kader: tidak di rumah. Catatan: pintu terkunci."
    assert told(visit, "desa", personal=note) == "Kunjungan rumah oleh kader."


# What is refused


def _refusals() -> list[tuple[str, frozenset[str]]]:
    """Every `Refused("code", fact=...)` written in domain/."""
    found = []
    for file in sorted(DOMAIN.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Refused":
                assert isinstance(node.args[0], ast.Constant), f"{file.name}: a refusal's code is written out"
                found.append((str(node.args[0].value), frozenset(k.arg or "" for k in node.keywords)))
    return found


def test_every_refusal_has_a_sentence_and_no_sentence_is_left_over() -> None:
    assert {code for code, _ in _refusals()} == set(REFUSALS)


def test_a_refusal_brings_every_fact_its_sentence_names() -> None:
    meant = {"in_kg": "kg", "in_cm": "cm"}
    for code, facts in _refusals():
        named = {meant.get(name, name) for name in re.findall(r"\{(\w+)\}", REFUSALS[code])}
        assert named <= facts, code


def test_refusals_say_what_was_probably_meant() -> None:
    assert words.refusal("grams-for-kilograms", {"kg": 7100.0}) == (
        "Berat 7100 kg tidak mungkin. Yang diketik mungkin gram; tulis 7,1."
    )
    assert words.refusal("metres-for-centimetres", {"cm": 0.66}).endswith("mungkin meter; tulis 66.")
    assert words.refusal("millimetres-for-centimetres", {"cm": 661.0}).endswith("mungkin milimeter; tulis 66,1.")


def test_refusals_write_days_out() -> None:
    facts = {"on": date(2025, 3, 4), "born": date(2025, 3, 5)}
    assert words.refusal("before-birth", facts) == (
        "Tanggal 4 Maret 2025 sebelum lahir (5 Maret 2025). Periksa tanggal kejadian dan tanggal lahir."
    )


def test_a_refusal_nobody_has_words_for_still_answers() -> None:
    assert words.refusal("brand-new", {}) == "Tidak dapat diterima (brand-new). Hubungi puskesmas."


@pytest.mark.parametrize("code", sorted(REFUSALS) + sorted(DOORS))
def test_every_refusal_is_a_sentence(code: str) -> None:
    sentence = words.refusal(code, {})
    assert sentence[0].isupper()
    assert sentence.endswith(".")
    assert "{" not in sentence


# What cannot be read


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b'{"do": "child.measure", "on": "2025-03-04", "kgs": 7}',
         'Isian "kgs" tidak dikenal. Perbarui aplikasi, lalu kirim lagi.'),
        (b'{"do": "child.measure", "kg": 7}', 'Isian "tanggal kejadian" belum diisi.'),
        (b'{"do": "child.measure", "on": "2025-03-04", "kg": "tujuh"}', 'Isian "berat (kg)" salah: tulis angka.'),
        (b'{"do": "child.measure", "on": "4/3/2025"}',
         'Isian "tanggal kejadian" salah: tulis tanggal seperti 2025-03-04.'),
        (b'{"do": "child.measure", "on": "2025-03-04", "context": "warung"}',
         'Isian "tempat mengukur" salah: pilihan itu tidak ada.'),
        (b'{"do": "child.wiegen", "on": "2025-03-04"}',
         "Jenis catatan ini tidak dikenal. Perbarui aplikasi, lalu kirim lagi."),
        (b'{"do": "referral.accept", "on": "2025-03-04", "referral": "x"}',
         'Isian "nomor rujukan" salah: nomornya rusak.'),
        (b'{"do": "care.visit-home", "on": "2025-03-04", "found": "bertemu", "action": ["tidur"]}',
         'Isian "tindakan" salah: pilihan itu tidak ada.'),
        (b'{"do": "child.measure"', "Kiriman tidak terbaca. Catat ulang dari formulirnya."),
        (b"timbang", "Kiriman tidak terbaca. Catat ulang dari formulirnya."),
    ],
)  # fmt: skip
def test_a_request_that_cannot_be_read_names_the_field(body: bytes, sentence: str) -> None:
    with pytest.raises(msgspec.DecodeError) as error:
        stories.command(body)
    assert words.unreadable(str(error.value)) == sentence
