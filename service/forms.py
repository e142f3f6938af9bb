"""Forms as small declarations: what a command asks for is read from its type, a form only says what to show and how.

What is typed comes back as it was typed together with a sentence, so nothing has to be typed twice.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Literal, get_args

from msgspec import Struct
from msgspec import inspect as types
from msgspec.structs import replace
from uuid_utils.compat import uuid7

from domain.case import Command, Event
from domain.fields import FIELDS
from domain.labels import label
from domain.preventive import Vaccine
from domain.stories import COMMANDS
from service.formbook import FORMS, Form

Input = Literal[
    "number", "whole", "day", "choice", "many", "flag", "text", "long", "hidden", "newborns", "list", "rows"
]


_TYPES: Mapping[str, type[Command]] = {c.__struct_config__.tag: c for c in COMMANDS}  # type: ignore[misc]


def fact(tag: str) -> type[Event]:
    """The event that the command of a form asks for."""
    event: type[Event] = _TYPES[tag].FACT  # type: ignore[attr-defined]
    return event


FORM_OF: Mapping[type[Event], Form] = {fact(tag): FORMS[tag] for tag in _TYPES if tag in FORMS}
"""The form that an event was once typed into."""

_PLACEHOLDERS = {
    "kg": "7,1", "cm": "66,5", "lila": "13,5", "head": "43", "birth_kg": "3,1", "birth_cm": "49", "height": "152",
    "weight_before": "48,5", "systolic": "110", "diastolic": "70", "diagnosis": "E44.1", "value": "11,2",
}  # fmt: skip

_FLAGS: Mapping[str, tuple[str, str]] = {
    "lying": ("Telentang", "Berdiri"),
    "appetite": ("Baik", "Tidak mau makan"),
    "eligible": ("Layak", "Tidak"),
}
"""What yes and no are called where they are not yes and no."""

_ASKS = {
    "on": "Tanggal",
    "version": "Hasil ukur yang dipakai",
    "support": "Permintaan yang mana",
    "lying": "Cara mengukur panjang atau tinggi",
    "head": "Lingkar kepala (cm)",
    "oedema": "Bengkak di kedua kaki",
    "clothing": "Pakaian saat ditimbang",
    "scale": "Nomor timbangan",
    "illness": "Ada penyakit",
    "appetite": "Nafsu makan",
    "complication": "Ada komplikasi",
    "red_flag": "Ada tanda merah (perlu dokter anak)",
    "urgent": "Darurat, berangkat hari ini",
    "usg": "Dengan USG",
    "eligible": "Layak mendapat PMT",
    "consent": "Keluarga setuju",
    "mother": "Nama ibu",
    "father": "Nama ayah atau suami",
    "name": "Nama lengkap",
    "to": "Dirujuk ke",
    "children": "Bayi yang lahir hidup",
    "eaten": "Yang dimakan",
    "planned": "Rencana berangkat",
    "consciousness": "Kesadaran",
    "temperature": "Suhu (°C)",
    "pulse": "Nadi semenit",
    "breaths": "Napas semenit",
    "escort": "Diantar oleh",
    "vehicle": "Berangkat dengan",
    "via": "Dikirim lewat",
    "number": "Nomor rujukan di SATUSEHAT atau PCare (bila ada)",
    "tasks": "Yang dikerjakan di rumah",
}  # fmt: skip

_NUMBERED = {
    "oedema": {"0": "Tidak", "1": "+1 (punggung kaki)", "2": "+2 (sampai lutut)", "3": "+3 (seluruh badan)"},
    "eaten": {"0": "Tidak dimakan", "25": "Seperempat", "50": "Setengah", "75": "Tiga perempat", "100": "Habis"},
    "sex": {"L": "Laki-laki", "P": "Perempuan"},
}

_CHOSEN_FROM_UNITS = frozenset({"posyandu", "to"})


class Field(Struct, frozen=True):
    """One input as the page draws it."""

    name: str
    label: str
    input: Input
    required: bool = False
    options: tuple[tuple[str, str], ...] = ()
    placeholder: str = ""
    typed: str | tuple[str, ...] = ""
    error: str = ""
    rows: tuple[tuple[Field, ...], ...] = ()
    """The rows of a list of several things, each with inputs of its own."""


class Unusable(Exception):
    """What was typed into a field cannot be read; the message is for the person who typed it."""


def fields(
    form: Form,
    typed: Mapping[str, Sequence[str]],
    options: Mapping[str, tuple[tuple[str, str], ...]],
    errors: Mapping[str, str],
) -> tuple[Field, ...]:
    """The inputs of a form with what was typed; `options` are the choices that depend on the post and the case."""
    known = _known(form)
    shown = [_field(name, known[name], options.get(name), typed, errors) for name in form.fields]
    shown = [replace(field, label=form.words.get(field.name, field.label)) for field in shown]
    shown += [_personal(name, typed, errors) for name in form.personal]
    shown += [Field(name, "", "hidden", typed=_one(typed, name)) for name in form.hidden]
    return tuple(shown)


def _known(form: Form) -> dict[str, types.Field]:
    info = types.type_info(_TYPES[form.tag])
    assert isinstance(info, types.StructType)
    return {f.name: f for f in info.fields}


def _field(
    name: str,
    asked: types.Field,
    options: tuple[tuple[str, str], ...] | None,
    typed: Mapping[str, Sequence[str]],
    errors: Mapping[str, str],
) -> Field:
    kind, choices = _input(name, asked.type)
    if kind == "rows":
        return _rows_field(name, asked.type, typed, errors)
    words = _ASKS.get(name) or FIELDS.get(name, name)
    return Field(
        name=name,
        label=words[:1].upper() + words[1:],
        input="choice" if options is not None else kind,
        required=asked.required,
        options=options if options is not None else choices,
        placeholder=_PLACEHOLDERS.get(name, ""),
        typed=tuple(typed.get(name, ())) if kind in ("many", "newborns") else _one(typed, name),
        error=errors.get(name, ""),
    )


def _rows_field(name: str, asked: types.Type, typed: Mapping[str, Sequence[str]], errors: Mapping[str, str]) -> Field:
    """A few rows more than are filled in; what stands in one is named `lines-1-what`."""
    parts = {part.name: part for part in _parts(asked)}
    rows = []
    for number in _numbers(name, typed):
        inputs = []
        for part in parts.values():
            own = f"{name}-{number}-{part.name}"
            drawn = replace(
                _field(part.name, part, None, {part.name: typed.get(own, ())}, {}), name=own, required=False
            )
            if part.name == "id":
                drawn = replace(drawn, input="hidden", typed=drawn.typed or str(uuid7()))
            inputs.append(drawn)
        rows.append(tuple(inputs))
    words = FIELDS.get(name, name)
    label = words[:1].upper() + words[1:]
    return Field(name=name, label=label, input="rows", error=errors.get(name, ""), rows=tuple(rows))


def _parts(asked: types.Type) -> tuple[types.Field, ...]:
    assert isinstance(asked, types.VarTupleType)
    assert isinstance(asked.item_type, types.StructType)
    return asked.item_type.fields


def _numbers(name: str, typed: Mapping[str, Sequence[str]]) -> range:
    """The numbers of the rows: so many as are typed, and at least ROWS."""
    told = (key.split("-")[1] for key in typed if key.startswith(f"{name}-"))
    return range(1, min(max((ROWS, *(int(n) for n in told if n.isdecimal()))), MOST_ROWS) + 1)


ROWS = 5
"""Rows of a list on an empty form."""

MOST_ROWS = 50


def _personal(name: str, typed: Mapping[str, Sequence[str]], errors: Mapping[str, str]) -> Field:
    words = _ASKS.get(name) or FIELDS.get(name, name)
    return Field(
        name=name,
        label=words[:1].upper() + words[1:],
        input="long" if name in ("note", "address") else "text",
        required=name == "name",
        typed=_one(typed, name),
        error=errors.get(name, ""),
    )


def _input(name: str, asked: types.Type) -> tuple[Input, tuple[tuple[str, str], ...]]:
    """How a type is asked for on a page."""
    if isinstance(asked, types.UnionType):
        rest = tuple(t for t in asked.types if not isinstance(t, types.NoneType))
        if len(rest) == 1:
            return _input(name, rest[0])
        literals = [value for t in rest if isinstance(t, types.LiteralType) for value in t.values]
        return "choice", _words(name, literals)
    match asked:
        case types.LiteralType():
            return "choice", _words(name, asked.values)
        case types.VarTupleType(item_type=types.LiteralType() as one):
            return "many", _words(name, one.values)
        case types.VarTupleType(item_type=types.StructType()):
            return ("newborns" if name == "children" else "rows"), ()
        case types.VarTupleType():
            return "list", ()
        case types.FloatType():
            return "number", ()
        case types.IntType():
            return "whole", ()
        case types.DateType():
            return "day", ()
        case types.BoolType():
            yes, no = _FLAGS.get(name, ("Ya", "Tidak"))
            return "flag", (("ya", yes), ("tidak", no))
    return "text", ()


def _words(name: str, codes: Sequence[Any]) -> tuple[tuple[str, str], ...]:
    numbered = _NUMBERED.get(name, {})
    named = [(str(code), numbered.get(str(code)) or label(str(code))) for code in _in_order(codes)]
    return tuple((code, words[:1].upper() + words[1:]) for code, words in named)


def _in_order(codes: Sequence[Any]) -> Sequence[Any]:
    """msgspec sorts the values of a Literal; numbers stay so, vaccines go by age, and an "other" belongs at the end."""
    return sorted(codes, key=lambda c: (str(c) in ("lain", "lainnya", "tidak-diketahui"), _VACCINES.get(str(c), 0), c))


_VACCINES = {vaccine: nth for nth, vaccine in enumerate(get_args(Vaccine))}


# What was typed, as a command

NEWBORNS = 3
"""Rows for newborns on the birth form: triplets are born."""


def read(form: Form, typed: Mapping[str, Sequence[str]]) -> tuple[dict[str, Any], dict[str, str]]:
    """The command that was typed, and a sentence for each field that cannot be read."""
    command: dict[str, Any] = {"do": form.tag}
    errors: dict[str, str] = {}
    known = _known(form)
    for name in (*form.fields, *form.hidden):
        try:
            value = _value(name, known[name].type, typed)
        except Unusable as problem:
            errors[name] = str(problem)
            continue
        if value is not None:
            command[name] = value
        elif known[name].required and name not in _CHOSEN_FROM_UNITS:
            errors[name] = "Belum diisi."
    personal = {name: _one(typed, name) for name in form.personal if _one(typed, name)}
    if personal or ("name" in form.personal and form.tag.endswith("identify")):
        command["personal"] = personal
    if "name" in form.personal and "name" not in personal:
        errors["name"] = "Nama belum diisi."
    return command, errors


def _value(name: str, asked: types.Type, typed: Mapping[str, Sequence[str]]) -> Any:
    kind, _ = _input(name, asked)
    if kind == "many":
        return [one for one in typed.get(name, ()) if one] or None
    if kind == "newborns":
        return _newborns(typed) or None
    if kind == "rows":
        return _rows(name, asked, typed) or None
    text = _one(typed, name)
    if not text:
        return None
    match kind:
        case "list":
            return _list(asked, text)
        case "number":
            return number(text)
        case "whole":
            return whole(text)
        case "day":
            return day(text).isoformat()
        case "flag":
            return text == "ya"
    return int(text) if name in ("oedema", "eaten") and text.isdecimal() else text


def _list(asked: types.Type, text: str) -> list[Any]:
    """ "3, 7, 12": numbers of rows or of cases, with commas or spaces between them."""
    assert isinstance(asked, types.VarTupleType)
    words = re.split(r"[\s,;]+", text.strip(" ,;"))
    return [whole(word) for word in words] if isinstance(asked.item_type, types.IntType) else words


def _rows(name: str, asked: types.Type, typed: Mapping[str, Sequence[str]]) -> list[dict[str, Any]]:
    """Every row in which anything was typed."""
    found = []
    for number in _numbers(name, typed):
        own = {part.name: typed.get(f"{name}-{number}-{part.name}", ()) for part in _parts(asked)}
        if any(_one(own, part) for part in own if part not in ("id", "desk")):
            found.append(_row(number, _parts(asked), own))
    return found


def _row(number: int, parts: tuple[types.Field, ...], own: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for part in parts:
        value = _value(part.name, part.type, own)
        if value is not None:
            row[part.name] = value
        elif part.required:
            raise Unusable(f"Baris ke-{number}: {FIELDS.get(part.name, part.name)} belum diisi.")
    return row


def _newborns(typed: Mapping[str, Sequence[str]]) -> list[dict[str, Any]]:
    found = []
    for row in range(1, NEWBORNS + 1):
        sex, name = _one(typed, f"bayi{row}_sex"), _one(typed, f"bayi{row}_name")
        kg, cm = _one(typed, f"bayi{row}_kg"), _one(typed, f"bayi{row}_cm")
        if not sex and (name or kg or cm):
            raise Unusable(f"Jenis kelamin bayi ke-{row} belum dipilih.")
        if sex:
            newborn: dict[str, Any] = {"sex": sex}
            newborn |= {"kg": number(kg)} if kg else {}
            newborn |= {"cm": number(cm)} if cm else {}
            newborn |= {"name": name} if name else {}
            found.append(newborn)
    return found


def _one(typed: Mapping[str, Sequence[str]], name: str) -> str:
    values = typed.get(name) or ("",)
    return values[-1].strip()


_NUMBER = re.compile(r"[0-9]{1,6}(?:[.,][0-9]{1,2})?")
_THOUSANDS = re.compile(r"[0-9]{1,3}[.,][0-9]{3}")


def number(text: str) -> float:
    """9,5 and 9.5 are the same. 9.500 may be nine and a half or nine thousand five hundred, so it is asked again."""
    text = text.strip().replace("\u00a0", "").replace(" ", "")
    if _THOUSANDS.fullmatch(text):
        raise Unusable(f'"{text}" bisa berarti dua hal. Tulis dengan satu angka di belakang koma, misalnya 9,5.')
    if not _NUMBER.fullmatch(text):
        raise Unusable(f'"{text[:20]}" bukan angka yang jelas. Tulis misalnya 9,5.')
    return float(text.replace(",", "."))


def whole(text: str) -> int:
    """A count: no comma, no point."""
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise Unusable(f'"{text[:20]}" bukan angka bulat. Tulis misalnya 3.')
    return int(text)


_DAY = re.compile(r"(\d{1,2})[-/. ](\d{1,2})[-/. ](\d{4})")


def day(text: str) -> date:
    """The browser's 2025-03-04, or as people write it, day first."""
    try:
        written = _DAY.fullmatch(text)
        if written:
            return date(int(written[3]), int(written[2]), int(written[1]))
        return date.fromisoformat(text)
    except ValueError:
        raise Unusable(f'"{text[:20]}" bukan tanggal. Tulis misalnya 04-03-2025.') from None


def typed_again(event: Event, form: Form) -> dict[str, list[str]]:
    """An event as it would be typed into its form, to be corrected there."""
    again: dict[str, list[str]] = {}
    for name in (*form.fields, *form.hidden):
        value = getattr(event, name, None)
        if value is None:
            continue
        if isinstance(value, bool):
            again[name] = ["ya" if value else "tidak"]
        elif isinstance(value, tuple) and value and isinstance(value[0], Struct):
            again |= _rows_again(name, value)
        elif isinstance(value, tuple) and value and isinstance(value[0], int):
            again[name] = [", ".join(str(one) for one in value)]
        elif isinstance(value, tuple):
            again[name] = [str(one) for one in value]
        elif isinstance(value, float):
            again[name] = [f"{value:g}".replace(".", ",")]
        else:
            again[name] = [str(value)]
    return again


def _rows_again(name: str, rows: tuple[Any, ...]) -> dict[str, list[str]]:
    """The rows of a list as they would be typed."""
    again: dict[str, list[str]] = {}
    for number, row in enumerate(rows, start=1):
        for part in row.__struct_fields__:
            value = getattr(row, part)
            told = ", ".join(str(one) for one in value) if isinstance(value, tuple) else value
            again[f"{name}-{number}-{part}"] = ["" if told is None else str(told)]
    return again
