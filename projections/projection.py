"""What a projection is: the tables it owns, and the rows one folded case comes to. It never knows an event by name.

A projection's file ends with one object of its own that has NAME, TABLES and `rows`; the follower and the rebuild take
it from there. Rows are whole: those of a case are deleted and written again whenever its story has moved on.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache, cached_property
from operator import itemgetter
from typing import Any, LiteralString, Protocol
from uuid import UUID

import msgspec
from msgspec import Struct
from psycopg import Connection
from psycopg.sql import SQL, Composed, Identifier

from domain.case import Case, Kind, Personal, Recorded
from domain.chart import Chart
from domain.protocol import Book, Obligation, obligations
from domain.stories import kind as kind_of

Row = tuple[Any, ...]


class Folded:
    """One case as every projection sees it. What costs time is worked out when first asked for, and once."""

    def __init__(
        self,
        case: UUID,
        story: Sequence[Recorded],
        state: Case,
        who: Personal,
        book: Book,
    ) -> None:
        self.case = case
        self.story = story
        """As it was recorded, in the order of versions: also what was corrected or retracted later."""
        self.state = state
        self.who = who
        """Who it is by everything told; empty where nothing was told or the key was destroyed."""
        self.book = book

    @property
    def kind(self) -> Kind:
        return kind_of(self.story)

    @cached_property
    def chart(self) -> Chart:
        return self.book.chart(self.state)

    @cached_property
    def owed(self) -> tuple[Obligation, ...]:
        """Every obligation, also those that open in the future."""
        return obligations(self.state, self.chart, self.book)


class Table(Struct, frozen=True):
    """A disposable table. Its first column is `case_id`, and its key begins with it: rows go and come by case."""

    name: LiteralString
    columns: tuple[tuple[LiteralString, LiteralString], ...]
    """Name, and type with what follows it: ("opens", "timestamptz NOT NULL")."""
    key: tuple[LiteralString, ...]
    indexes: tuple[LiteralString, ...] = ()
    """What stands after ON TABLE in a CREATE INDEX: "(desk, desa, due) INCLUDE (name)" or "USING gin (words)"."""
    telling: tuple[LiteralString, ...] = ()
    """Columns in which two rows of one key differ if they differ at all; empty where that takes all of them."""
    public: tuple[LiteralString, ...] = ()
    """Columns that the database's reader may see: nothing by which somebody is known. Without these it sees nothing."""

    def __post_init__(self) -> None:
        if self.columns[0][0] != "case_id" or self.key[0] != "case_id":
            raise ValueError(f"{self.name}: the first column, and the first of the key, must be case_id")

    @property
    def key_of(self) -> Callable[[Row], tuple[Any, ...]]:
        """The key of a row."""
        return _part_of(self, self.key)

    @property
    def types(self) -> list[str]:
        """The bare type of every column, for a binary COPY."""
        return [_BARE.split(declared)[0] for _, declared in self.columns]

    @property
    def told_by(self) -> tuple[LiteralString, ...]:
        """The columns by which rows of one key are compared."""
        return self.telling or tuple(name for name, _ in self.columns)

    @property
    def told_of(self) -> Callable[[Row], tuple[Any, ...]]:
        """What a row has in those columns."""
        return _part_of(self, self.told_by)


@cache
def _part_of(table: Table, columns: tuple[str, ...]) -> Callable[[Row], tuple[Any, ...]]:
    """These columns of a row, as a tuple."""
    places = [[name for name, _ in table.columns].index(column) for column in columns]
    if len(places) == 1:
        (only,) = places
        return lambda row: (row[only],)
    return itemgetter(*places)


_BARE = re.compile(r" (?:NOT NULL|NULL|COLLATE|DEFAULT|CHECK|GENERATED)\b")


class Projection(Protocol):
    """What can be looked up in one place: its tables, and its rows for one case."""

    @property
    def NAME(self) -> str: ...  # said aloud at the head of each projection's file

    @property
    def TABLES(self) -> tuple[Table, ...]: ...

    def rows(self, folded: Folded) -> Mapping[str, Sequence[Row]]:
        """The rows of one case by table name, in the order of its columns. Pure: no clock, no database."""
        ...


def create(schema: str, table: Table, suffix: LiteralString = "") -> Composed:
    """The bare table; a rebuild fills it before it gets its key and indexes."""
    columns = SQL(",\n    ").join(SQL("{} {}").format(Identifier(c), SQL(t)) for c, t in table.columns)
    return SQL("CREATE TABLE {} (\n    {}\n)").format(Identifier(schema, table.name + suffix), columns)


def finish(schema: str, table: Table, suffix: LiteralString = "") -> list[Composed]:
    """Key and indexes, one statement each."""
    whole = Identifier(schema, table.name + suffix)
    key = SQL("ALTER TABLE {} ADD CONSTRAINT {} PRIMARY KEY ({})").format(
        whole, Identifier(f"{table.name}_key{suffix}"), SQL(", ").join(map(Identifier, table.key))
    )
    return [
        key,
        *(
            SQL("CREATE INDEX {} ON {} {}").format(Identifier(f"{table.name}_{n}{suffix}"), whole, SQL(index))
            for n, index in enumerate(table.indexes, start=1)
        ),
    ]


def settle(schema: str, table: Table, suffix: LiteralString = "") -> Composed:
    """Statistics on what rows are found by; on all the texts of a line they would take longer than its indexes.

    And the map of what every reader may see, without which an index has to ask the table about each of its rows.
    """
    named = set(re.findall(r"\w+", " ".join(table.indexes))) | set(table.key)
    columns = SQL(", ").join(Identifier(name) for name, _ in table.columns if name in named)
    return SQL("VACUUM (ANALYZE) {} ({})").format(Identifier(schema, table.name + suffix), columns)


READER = "_baca"
"""What is added to the name of the service's role to name the one that may only read."""


def show(conn: Connection[Any], schema: str, table: Table) -> None:
    """Let the reader see the public columns, where there is a reader. The service owns the lists, so it says so."""
    if not table.public:
        return
    asked = "SELECT rolname FROM pg_roles WHERE rolname = current_user || %s"
    for (reader,) in conn.execute(asked, [READER]).fetchall():
        columns = SQL(", ").join(map(Identifier, table.public))
        grant = SQL("GRANT SELECT ({}) ON {} TO {}")
        conn.execute(grant.format(columns, Identifier(schema, table.name), Identifier(reader)))


def index_names(table: Table) -> list[str]:
    """Of the key and the indexes, for renaming them with their table."""
    return [f"{table.name}_key", *(f"{table.name}_{n}" for n in range(1, len(table.indexes) + 1))]


def shape(projection: Projection) -> str:
    """Changes when the tables of a projection change, so that yesterday's tables are noticed."""
    return hashlib.sha256(msgspec.json.encode(projection.TABLES)).hexdigest()[:16]
