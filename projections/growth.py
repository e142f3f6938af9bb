"""How children grow: every measurement with z-scores, classes and KMS mark, and what a report asks of the child."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from functools import lru_cache
from typing import Any
from uuid import UUID

from msgspec import Struct
from psycopg import Connection
from psycopg.sql import SQL, Identifier

from domain import growth
from domain.case import Case
from domain.chart import Chart
from domain.child import Child
from domain.figures import months_between
from domain.kms import KmsMark
from projections.projection import Folded, Row, Table

TABLE = Table(
    name="growth",
    columns=(
        ("case_id", "uuid NOT NULL"),
        ("version", "integer NOT NULL"),
        ("day", "date NOT NULL"),
        ("age_days", "integer NOT NULL"),
        ("months", "smallint NOT NULL"),
        ("born", "date NOT NULL"),
        ("sex", "text NOT NULL"),
        ("desa", "text NOT NULL"),
        ("posyandu", "text NOT NULL"),
        ("active", "boolean NOT NULL"),
        ("role", "text NOT NULL"),
        ("context", "text NOT NULL"),
        ("verified", "boolean NOT NULL"),
        ("kg", "float8"),
        ("cm", "float8"),
        ("lying", "boolean"),
        ("cm_used", "float8"),
        ("lila", "float8"),
        ("head", "float8"),
        ("oedema", "smallint"),
        ("waz", "float8"),
        ("haz", "float8"),
        ("whz", "float8"),
        ("baz", "float8"),
        ("hcz", "float8"),
        ("acz", "float8"),
        ("flags", "text[] NOT NULL"),
        ("weight_age", "text"),
        ("height_age", "text"),
        ("weight_height", "text"),
        ("lila_class", "text"),
        ("kms", "text"),
        ("kms_counts", "boolean"),
        ("times", "smallint"),
        ("bgm", "boolean"),
        ("gain", "integer"),
        ("kbm", "integer"),
        ("plot_check", "boolean"),
    ),
    key=("case_id", "version"),
    indexes=("(desa, day)",),
    public=(
        "case_id",
        "version",
        "day",
        "age_days",
        "months",
        "sex",
        "desa",
        "posyandu",
        "active",
        "role",
        "context",
        "verified",
        "kg",
        "cm",
        "lying",
        "cm_used",
        "lila",
        "head",
        "oedema",
        "waz",
        "haz",
        "whz",
        "baz",
        "hcz",
        "acz",
        "flags",
        "weight_age",
        "height_age",
        "weight_height",
        "lila_class",
        "kms",
        "kms_counts",
        "times",
        "bgm",
        "gain",
        "kbm",
        "plot_check",
    ),
)


def lines(case: UUID, state: Case, chart: Chart) -> Iterator[Row]:
    """The measurements of one registered child, as plain tuples in the order of the columns."""
    if not isinstance(state, Child) or state.born is None:
        return
    marks = iter(chart.marks)
    child = (state.born, state.sex, state.desa, state.posyandu, state.active)
    for point in chart.points:
        w, z = point.weighing, point.z
        mark = next(marks) if w.kg is not None else None
        months = mark.months if mark is not None else months_between(state.born, w.on)
        yield (
            case, w.version, w.on, point.age, months, *child, w.role, w.context, w.verified, w.kg, w.cm, w.lying,
            z.cm_used, w.lila, w.head, w.oedema, z.waz, z.haz, z.whz, z.baz, z.hcz, z.acz, list(z.flags),
            *_classes(z), None if w.lila is None else growth.classify_lila(w.lila, months),
            *(_UNWEIGHED if mark is None else _marked(mark)),
        )  # fmt: skip


def _classes(z: growth.ZScores) -> Row:
    """What the numbers mean on the face of it. A flagged one means nothing until somebody has measured again."""
    waz = None if z.waz is None else growth.classify_waz(z.waz)
    haz = None if z.haz is None else growth.classify_haz(z.haz)
    whz = None if z.whz is None else growth.classify_whz(z.whz)
    if z.flags:
        waz = None if "waz" in z.flags else waz
        haz = None if "haz" in z.flags else haz
        whz = None if "whz" in z.flags else whz
    return ("bb-sangat-kurang", haz, "gizi-buruk") if z.counts_as_severe else (waz, haz, whz)


_UNWEIGHED: Row = (None,) * 7


def _marked(mark: KmsMark) -> Row:
    return (mark.status, mark.counts, mark.times, mark.bgm, mark.gain, mark.kbm, mark.needs_plot_check)


class Growth:
    """The projection of measurements."""

    NAME = "growth"
    TABLES = (TABLE,)

    def rows(self, folded: Folded) -> dict[str, list[Row]]:
        return {TABLE.name: list(lines(folded.case, folded.state, folded.chart))}


# What can be asked


class Measurement(Struct, frozen=True):
    """One measurement of a child."""

    version: int
    day: date
    age_days: int
    months: int
    role: str
    context: str
    verified: bool
    kg: float | None
    cm: float | None
    lying: bool | None
    cm_used: float | None
    lila: float | None
    head: float | None
    oedema: int | None
    waz: float | None
    haz: float | None
    whz: float | None
    baz: float | None
    hcz: float | None
    acz: float | None
    flags: tuple[str, ...]
    weight_age: str | None
    height_age: str | None
    weight_height: str | None
    lila_class: str | None
    kms: str | None
    kms_counts: bool | None
    times: int | None
    bgm: bool | None
    gain: int | None
    kbm: int | None
    plot_check: bool | None


class InRoster(Struct, frozen=True):
    """A child on the weighing sheet of a posyandu, with what it weighed and measured last."""

    case: UUID
    name: str
    mother: str
    born: date
    sex: str
    rt: str
    rw: str
    weighed: date | None
    kg: float | None
    kms: str | None
    times: int | None
    bgm: bool | None
    measured: date | None
    """The day of the newest length or height, which may be an older one."""
    cm: float | None
    lying: bool | None


def series(conn: Connection[Any], schema: str, case: UUID) -> tuple[Measurement, ...]:
    """The measurements of a child in the order of their days."""
    return tuple(_measurement(row) for row in conn.execute(_series(schema), [case]))


def _measurement(row: Sequence[Any]) -> Measurement:
    shown = dict(zip(Measurement.__struct_fields__, row, strict=True))
    return Measurement(**{**shown, "flags": tuple(shown["flags"])})


def roster(conn: Connection[Any], schema: str, posyandu: str, on: date) -> tuple[InRoster, ...]:
    """The children a posyandu weighs on a day: active, born by then, not yet five; in the order of a walk."""
    rows = conn.execute(_roster(schema), {"posyandu": posyandu, "on": on, "oldest": _five_years_before(on)})
    return tuple(InRoster(*row) for row in rows)


def _five_years_before(on: date) -> date:
    return on.replace(year=on.year - 5) if (on.month, on.day) != (2, 29) else date(on.year - 5, 3, 1)


@lru_cache(maxsize=64)
def _series(schema: str) -> bytes:
    return (
        SQL("SELECT {columns} FROM {growth} WHERE case_id = %s ORDER BY day, version")
        .format(columns=SQL(", ").join(map(Identifier, Measurement.__struct_fields__)), growth=_table(schema))
        .as_bytes()
    )


@lru_cache(maxsize=64)
def _roster(schema: str) -> bytes:
    return (
        SQL("""
        SELECT p.case_id, p.name, p.mother, p.born, p.sex, p.rt, p.rw,
               w.day, w.kg, w.kms, w.times, w.bgm,
               l.day, l.cm, l.lying
        FROM {people} AS p
        LEFT JOIN LATERAL (
            SELECT day, kg, kms, times, bgm
            FROM {growth}
            WHERE case_id = p.case_id AND kg IS NOT NULL AND day <= %(on)s
            ORDER BY day DESC, version DESC
            LIMIT 1
        ) AS w ON true
        LEFT JOIN LATERAL (
            SELECT day, cm, lying
            FROM {growth}
            WHERE case_id = p.case_id AND cm IS NOT NULL AND day <= %(on)s
            ORDER BY day DESC, version DESC
            LIMIT 1
        ) AS l ON true
        WHERE p.posyandu = %(posyandu)s
          AND p.kind = 'child'
          AND p.state = 'active'
          AND p.born <= %(on)s
          AND p.born > %(oldest)s
        ORDER BY lpad(p.rw, 3, '0'), lpad(p.rt, 3, '0'), p.name COLLATE "C", p.case_id
        """)
        .format(people=Identifier(schema, "people"), growth=_table(schema))
        .as_bytes()
    )


def _table(schema: str) -> Identifier:
    return Identifier(schema, "growth")
