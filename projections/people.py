"""Who the cases are: a disposable copy of the opened identities, to search by name and to recognise somebody again."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from functools import lru_cache
from typing import Any, Literal, LiteralString
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace
from psycopg import Connection
from psycopg.sql import SQL, Identifier

from domain import child, family, pregnancy
from domain.case import Case, Event, Personal
from domain.child import Child
from domain.pregnancy import Pregnancy
from projections.projection import Folded, Row, Table

State = Literal["active", "moved", "died", "closed"]
NikHash = Callable[[str], bytes]
"""The keyed hash of a NIK; the key is the service's."""

TABLE = Table(
    name="people",
    columns=(
        ("case_id", "uuid NOT NULL"),
        ("kind", "text NOT NULL"),
        ("state", "text NOT NULL"),
        ("desa", "text NOT NULL"),
        ("posyandu", "text NOT NULL"),
        ("name", "text NOT NULL"),
        ("normal", "text NOT NULL"),
        ("mother", "text NOT NULL"),
        ("mother_normal", "text NOT NULL"),
        ("born", "date"),
        ("sex", "text"),
        ("nik", "text"),
        ("nik_hash", "bytea"),
        ("mother_nik_hash", "bytea"),
        ("phone", "text"),
        ("address", "text NOT NULL"),
        ("rt", "text NOT NULL"),
        ("rw", "text NOT NULL"),
        ("mother_case", "uuid"),
    ),
    key=("case_id",),
    indexes=(
        "(desa, posyandu)",
        "(posyandu, born)",
        "(nik_hash)",
        "(mother_nik_hash, born)",
        "(nik)",
    ),
)


def line(case: UUID, state: Case, who: Personal, nik_hash: NikHash) -> Row:
    """The one line of a case, as a plain tuple in the order of the columns."""
    born, sex = born_and_sex(state)
    nik = whole_nik(who.nik)
    mother_nik = nik if isinstance(state, Pregnancy) else whole_nik(who.mother_nik)
    return (
        case,
        state.KIND,
        standing(state),
        state.desa,
        state.posyandu,
        who.name or "",
        normal(who.name),
        who.mother or "",
        normal(who.mother),
        born,
        sex,
        nik,
        nik_hash(nik) if nik else None,
        nik_hash(mother_nik) if mother_nik else None,
        who.phone,
        who.address or "",
        who.rt or "",
        who.rw or "",
        state.mother if isinstance(state, Child) else None,
    )


def born_and_sex(state: Case) -> tuple[date | None, str | None]:
    """Of the child or the mother; of a family or a unit nobody is meant."""
    if isinstance(state, Child):
        return state.born, state.sex
    return (state.mother_born, "P") if isinstance(state, Pregnancy) else (None, None)


def standing(state: Case) -> State:
    """Whether the case still makes work, and if not, why not."""
    if isinstance(state, Child):
        if state.died is not None:
            return "died"
        if state.moved is not None and state.closed is None:
            return "moved"
    if isinstance(state, Pregnancy) and state.died is not None:
        return "died"
    return "active" if state.active else "closed"


_BEGINS = (
    child.Reported,
    child.Registered,
    pregnancy.Reported,
    pregnancy.Registered,
    family.Registered,
    family.CoupleRegistered,
)
_WHOLE = (child.Identified, pregnancy.Identified, family.Identified)
_NAMES = (*_BEGINS, *_WHOLE)
_TELLS_WHO: frozenset[type[Event]] = frozenset({*_NAMES, child.Moved})


def tells_who(event: Event) -> bool:
    """The event's personal part says who somebody is or where they live; of others it is only a note."""
    return type(event) in _TELLS_WHO


def identity(told: Iterable[tuple[Event, Personal]]) -> Personal:
    """Who somebody is by everything told, in the order of the days: the later word holds, silence takes nothing back.

    An Identified is the whole identity and so does take back. A move tells only of the new address.
    """
    who = Personal()
    for event, personal in told:
        if isinstance(event, _WHOLE):
            who = personal
        elif isinstance(event, _BEGINS):
            who = _with(who, personal, _EVERYTHING)
        elif isinstance(event, child.Moved):
            who = _with(who, personal, _ADDRESS)
    return _storable(who)


def _storable(who: Personal) -> Personal:
    """PostgreSQL keeps no NUL in a text, and one in a name must not park the lists of a kabupaten."""
    texts = {field: getattr(who, field) for field in Personal.__struct_fields__}
    broken = {field: text.replace("\0", "") for field, text in texts.items() if text and "\0" in text}
    return replace(who, **broken) if broken else who


_ADDRESS = ("address", "rt", "rw", "phone")
_EVERYTHING = tuple(f for f in Personal.__struct_fields__ if f != "note")


def _with(who: Personal, told: Personal, fields: Sequence[str]) -> Personal:
    new = {field: getattr(told, field) for field in fields if getattr(told, field) is not None}
    return replace(who, **new) if new else who


# How names are made alike


def normal(name: str | None) -> str:
    """A name as it sounds: without titles, in one spelling. "Ny. Hj. Djoeariah" and "Juariyah" are the same."""
    if not name:
        return ""
    plain = unicodedata.normalize("NFKD", name.lower()).encode("ascii", "ignore").decode()
    words = _LETTERS.findall(plain.split(",")[0])
    kept = [word for word in words if word not in _TITLES] or words
    kept = [_SHORT.get(word, word) for word in kept]
    if len(kept) > 1:
        kept[0] = _INITIALS.get(kept[0], kept[0])
    return " ".join(_sound(word) for word in kept)


_LETTERS = re.compile(r"[a-z]+")
_TITLES = frozenset({
    "ny", "nyonya", "tn", "tuan", "an", "anak", "ananda", "by", "bayi", "ibu", "bu", "bpk", "bapak", "pak", "sdr",
    "sdri", "h", "hj", "haji", "hajah", "hajjah", "dr", "drg", "dra", "drs", "ir", "ust", "ustad", "ustadz",
    "ustadzah", "kh", "rd", "raden", "r", "bin", "binti",
})  # fmt: skip
_INITIALS = {"m": "muhamad", "a": "ahmad"}
_SHORT = {
    "muh": "muhamad", "moh": "muhamad", "mohamad": "muhamad", "mohammad": "muhamad",
    "mochamad": "muhamad", "mochammad": "muhamad", "muhammad": "muhamad", "mhd": "muhamad", "md": "muhamad",
    "muchamad": "muhamad", "much": "muhamad", "moch": "muhamad", "abd": "abdul", "st": "siti", "sti": "siti",
    "nr": "nur",
}  # fmt: skip

# In this order: old spelling first, then letters that sound alike, then doubled ones.
_SPELLINGS = (
    ("dj", "j"), ("tj", "c"), ("sj", "sy"), ("nj", "ny"), ("oe", "u"), ("oo", "u"), ("ch", "h"), ("kh", "h"),
    ("sy", "s"), ("sh", "s"), ("ts", "s"), ("dz", "z"), ("x", "ks"), ("q", "k"), ("v", "p"), ("f", "p"), ("z", "s"),
    ("j", "y"), ("y", "i"), ("w", "u"),
)  # fmt: skip
_SILENT = re.compile(r"(?<=[bcdgkpst])h|(?<=[aeiou])h$")
_DOUBLED = re.compile(r"(.)\1+")


@lru_cache(maxsize=16384)
def _sound(word: str) -> str:
    for old, new in _SPELLINGS:
        word = word.replace(old, new)
    return _DOUBLED.sub(r"\1", _SILENT.sub("", word))


# NIK


def whole_nik(nik: str | None) -> str | None:
    """Sixteen digits, without the marks people write between them; a masked or broken one identifies nobody.

    Nor does one digit sixteen times: that is what is typed where a form insists on a number.
    """
    if nik is None:
        return None
    digits = nik.strip().strip("'").replace(" ", "").replace(".", "").replace("-", "")
    whole = len(digits) == 16 and digits.isdecimal() and digits.isascii() and len(set(digits)) > 1
    return digits if whole else None


def shown_nik(nik: str | None, full: bool) -> str | None:
    """The last two digits; more of them, beside region and birth date, would tell the whole NIK (protocol 10)."""
    if nik is None or full:
        return nik
    return "*" * (len(nik) - 2) + nik[-2:]


class People:
    """The projection of identities. `nik_hash` keeps the key of the hash out of here."""

    NAME = "people"
    TABLES = (TABLE,)

    def __init__(self, nik_hash: NikHash) -> None:
        self._nik_hash = nik_hash

    def rows(self, folded: Folded) -> dict[str, list[Row]]:
        if folded.kind == "desa":
            return {TABLE.name: []}
        return {TABLE.name: [line(folded.case, folded.state, folded.who, self._nik_hash)]}


# What can be asked


class Found(Struct, frozen=True):
    """Somebody, as a list of people shows them."""

    case: UUID
    kind: Literal["child", "pregnancy"]
    state: State
    desa: str
    posyandu: str
    name: str
    mother: str
    born: date | None
    sex: str | None
    nik: str | None
    phone: str | None
    address: str
    rt: str
    rw: str


_SHOWN: LiteralString = "case_id, kind, state, desa, posyandu, name, mother, born, sex, nik, phone, address, rt, rw"


def search(
    conn: Connection[Any],
    schema: str,
    text: str,
    desa: Sequence[str] | None,
    posyandu: Sequence[str] | None = None,
    *,
    full_nik: bool = False,
    limit: int = 20,
) -> tuple[Found, ...]:
    """People in these places (None is everywhere) whose name, or whose mother's, has these words, however spelt.

    Who may see the whole NIK may also search by it; a search by part of a NIK would give it away digit by digit.
    """
    digits = whole_nik(text)
    asked = {
        "desa": None if desa is None else sorted(desa),
        "posyandu": None if posyandu is None else sorted(posyandu),
        "names": [f"%{word}%" for word in normal(text).split()],
        "nik": digits if full_nik else None,
        "limit": limit,
    }
    if not asked["names"] and asked["nik"] is None:
        return ()
    rows = conn.execute(_search(schema, desa is not None, posyandu is not None, asked["nik"] is not None), asked)
    return tuple(_found(row, full_nik) for row in rows)


def person(conn: Connection[Any], schema: str, case: UUID, *, full_nik: bool = False) -> Found | None:
    """Who a case is."""
    row = conn.execute(_person(schema), [case]).fetchone()
    return None if row is None else _found(row, full_nik)


def unnamed(found: Found) -> Found:
    """Nobody any more knows who this was."""
    return replace(found, name="", mother="", nik=None, phone=None, address="", rt="", rw="")


def of_nik(conn: Connection[Any], schema: str, nik_hash: bytes, mothers: bool = False) -> tuple[UUID, ...]:
    """The cases of this NIK, or of the children of a mother with it; the active ones first."""
    column = Identifier("mother_nik_hash" if mothers else "nik_hash")
    query = SQL("SELECT case_id FROM {} WHERE {} = %s ORDER BY state <> 'active', case_id")
    rows = conn.execute(query.format(Identifier(schema, "people"), column), [nik_hash])
    return tuple(row[0] for row in rows)


class Wanted(Struct, frozen=True):
    """A child to be recognised, as the row of another system's file knows it."""

    nik_hash: bytes | None
    mother_nik_hash: bytes | None
    name: str
    born: date
    posyandu: str


def recognise(conn: Connection[Any], schema: str, wanted: Sequence[Wanted]) -> tuple[tuple[UUID, ...], ...]:
    """For each of many children the cases it may be, by the strongest ground that finds any: NIK, mother's NIK, name.

    The birthday has to agree beside a NIK too: nobody looks at the row, and families share a NIK. Twins share mother
    and birthday, so on the mother's NIK the name must not contradict; "Bayi Ny. Siti" does not.
    """
    rows = conn.execute(
        _recognise(schema),
        {
            "nik": [w.nik_hash for w in wanted],
            "mother": [w.mother_nik_hash for w in wanted],
            "name": [normal(w.name) for w in wanted],
            "born": [w.born for w in wanted],
            "posyandu": [w.posyandu for w in wanted],
        },
    ).fetchall()
    found: list[dict[int, list[UUID]]] = [{} for _ in wanted]
    for number, ground, case in rows:
        found[number - 1].setdefault(ground, []).append(case)
    return tuple(tuple(grounds[min(grounds)]) if grounds else () for grounds in found)


def _found(row: Sequence[Any], full_nik: bool) -> Found:
    found = Found(*row)
    return replace(found, nik=shown_nik(found.nik, full_nik))


@lru_cache(maxsize=256)
def _search(schema: str, desa: bool, posyandu: bool, nik: bool) -> bytes:
    where: list[LiteralString] = []
    if desa:
        where.append("desa = ANY(%(desa)s::text[])")
    if posyandu:
        where.append("posyandu = ANY(%(posyandu)s::text[])")
    where.append("nik = %(nik)s" if nik else "normal || ' ' || mother_normal LIKE ALL(%(names)s::text[])")
    return (
        SQL("""
        SELECT {shown}
        FROM {people}
        WHERE {where}
        ORDER BY state <> 'active', name COLLATE "C", case_id
        LIMIT %(limit)s
        """)
        .format(shown=SQL(_SHOWN), people=Identifier(schema, "people"), where=SQL(" AND ".join(where)))
        .as_bytes()
    )


@lru_cache(maxsize=64)
def _person(schema: str) -> bytes:
    people = Identifier(schema, "people")
    return SQL("SELECT {shown} FROM {people} WHERE case_id = %s").format(shown=SQL(_SHOWN), people=people).as_bytes()


@lru_cache(maxsize=64)
def _recognise(schema: str) -> bytes:
    return (
        SQL("""
        SELECT w.number, p.ground, p.case_id
        FROM unnest(%(nik)s::bytea[], %(mother)s::bytea[], %(name)s::text[], %(born)s::date[], %(posyandu)s::text[])
            WITH ORDINALITY AS w (nik, mother, name, born, posyandu, number),
        LATERAL (
            SELECT 1 AS ground, case_id
            FROM {people}
            WHERE kind = 'child' AND nik_hash = w.nik AND born = w.born
            UNION ALL
            SELECT 2, case_id
            FROM {people}
            WHERE kind = 'child'
              AND mother_nik_hash = w.mother
              AND born = w.born
              AND (normal = w.name OR normal = '' OR w.name = '' OR normal = mother_normal)
            UNION ALL
            SELECT 3, case_id
            FROM {people}
            WHERE kind = 'child' AND posyandu = w.posyandu AND born = w.born AND normal = w.name AND normal <> ''
        ) AS p
        ORDER BY 1, 2, 3
        """)
        .format(people=Identifier(schema, "people"))
        .as_bytes()
    )
