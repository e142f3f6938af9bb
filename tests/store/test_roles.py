"""What the database itself keeps each role from doing, tried as that role."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from datetime import date

import psycopg
import pytest
from msgspec import Struct
from psycopg.sql import SQL, Identifier

from projections import follow
from service import following, reads, roles
from service.access import Unit
from service.migrate import migrate
from service.sealing import Sealing
from service.tenants import Tenant

APPEND_ONLY = sorted(name for name, may in roles.MAY.items() if "UPDATE" not in may and "DELETE" not in may)
DENIED = psycopg.errors.InsufficientPrivilege


class House(Struct, frozen=True):
    """A migrated kabupaten with its three roles."""

    schema: str
    roles: roles.Roles


@pytest.fixture(scope="module")
def house(dsn: str) -> Iterator[House]:
    word = secrets.token_hex(4)
    owner, service, schema = f"pemilik_{word}", f"layanan_{word}", f"kab_{word}"
    with psycopg.connect(dsn, autocommit=True) as conn:
        database = Identifier(conn.info.dbname)
        conn.execute(SQL("CREATE ROLE {} CREATEROLE").format(Identifier(owner)))
        conn.execute(SQL("GRANT CREATE ON DATABASE {} TO {}").format(database, Identifier(owner)))
        conn.execute(SQL("SET ROLE {}").format(Identifier(owner)))
        made = roles.prepare(conn, service)
        migrate(conn, schema, made.service)
        roles.grant(conn, schema, made.service, made.reader)
        conn.execute("RESET ROLE")
        conn.execute(SQL("SET ROLE {}").format(Identifier(service)))
        tenant = following.followed(Tenant("9999", "", dsn), Sealing(b"k" * 32, schema))
        tenant = follow.Followed(schema, tenant.projections, tenant.open, lambda c: following.juknis().book(TODAY, {}))
        follow.prepare(conn, tenant, tenant.book(conn))
        conn.execute("RESET ROLE")
        yield House(schema, made)
        conn.execute(SQL("DROP SCHEMA {} CASCADE").format(Identifier(schema)))
        for name in (made.reader, service, owner):
            conn.execute(SQL("DROP OWNED BY {}").format(Identifier(name)))
            conn.execute(SQL("DROP ROLE {}").format(Identifier(name)))


TODAY = date(2026, 3, 4)


@pytest.fixture
def as_service(conn: psycopg.Connection, house: House) -> psycopg.Connection:
    conn.execute(SQL("SET ROLE {}").format(Identifier(house.roles.service)))
    return conn


@pytest.fixture
def as_reader(conn: psycopg.Connection, house: House) -> psycopg.Connection:
    conn.execute(SQL("SET ROLE {}").format(Identifier(house.roles.reader)))
    return conn


def tables(conn: psycopg.Connection, schema: str, of: str = "NOT relispartition") -> set[str]:
    query = f"SELECT relname FROM pg_class WHERE relnamespace = %s::regnamespace AND relkind IN ('r', 'p') AND {of}"
    return {name for (name,) in conn.execute(query, [Identifier(schema).as_string()])}  # type: ignore[arg-type]


def parts(conn: psycopg.Connection, schema: str) -> set[str]:
    return tables(conn, schema, "relispartition")


def lists() -> set[str]:
    tenant = following.followed(Tenant("9999", "", ""), Sealing(b"k" * 32, "kab_9999"))
    return {table.name for one in tenant.projections for table in one.TABLES}


def test_migrating_makes_the_role_of_the_service_and_the_one_that_only_reads(house: House) -> None:
    assert house.roles.made == (house.roles.service, f"{house.roles.service}_baca")
    assert not house.roles.alone
    assert roles.said(house.roles) == [f"peran {name} dibuat" for name in house.roles.made]


def test_the_service_signs_in_and_the_reader_does_not_unless_it_has_a_password(
    conn: psycopg.Connection, house: House
) -> None:
    may = dict(
        conn.execute(
            "SELECT rolname, rolcanlogin FROM pg_roles WHERE rolname = ANY(%s)", [list(house.roles.made)]
        ).fetchall()
    )
    assert may == {house.roles.service: True, house.roles.reader: False}


def test_migrating_again_makes_nothing_anew(conn: psycopg.Connection, house: House) -> None:
    conn.execute(SQL("SET ROLE {}").format(Identifier(house.roles.owner)))
    again = roles.prepare(conn, house.roles.service)
    assert again.made == ()
    roles.grant(conn, house.schema, again.service, again.reader)


def test_it_is_said_of_every_lasting_table_what_the_service_may_do(conn: psycopg.Connection, house: House) -> None:
    """A table that is not in roles.MAY would keep every right: say there whether it is append-only."""
    assert tables(conn, house.schema) - lists() == roles.MAY.keys()


@pytest.mark.parametrize("table", APPEND_ONLY)
@pytest.mark.parametrize(
    "wish",
    [
        "DELETE FROM {t}",
        "TRUNCATE {t}",
        "DROP TABLE {t}",
        "ALTER TABLE {t} ADD COLUMN x int",
        "ALTER TABLE {t} DISABLE TRIGGER ALL",
        "CREATE RULE r AS ON INSERT TO {t} DO INSTEAD NOTHING",
        "CREATE TRIGGER t BEFORE INSERT ON {t} EXECUTE FUNCTION suppress_redundant_updates_trigger()",
        "ALTER TABLE {t} OWNER TO CURRENT_USER",
    ],
)
def test_the_service_cannot_change_what_is_only_added_to(
    as_service: psycopg.Connection, house: House, table: str, wish: str
) -> None:
    with pytest.raises(DENIED):
        as_service.execute(SQL(wish).format(t=Identifier(house.schema, table)))


@pytest.mark.parametrize("table", APPEND_ONLY)
def test_the_service_cannot_write_over_a_column_of_it(as_service: psycopg.Connection, house: House, table: str) -> None:
    columns = as_service.execute(
        "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0",
        [Identifier(house.schema, table).as_string()],
    ).fetchall()
    for (column,) in columns:
        with pytest.raises(DENIED):
            as_service.execute(
                SQL("UPDATE {} SET {c} = {c}").format(Identifier(house.schema, table), c=Identifier(column))
            )


def test_the_service_reaches_the_parts_of_a_table_through_the_whole_only(
    as_service: psycopg.Connection, house: House
) -> None:
    of_reads = parts(as_service, house.schema)
    assert "reads_rest" in of_reads
    assert len(of_reads) >= 4
    for part in of_reads:
        for wish in (
            "SELECT FROM {}",
            "INSERT INTO {} DEFAULT VALUES",
            "DELETE FROM {}",
            "TRUNCATE {}",
            "DROP TABLE {}",
        ):
            with pytest.raises(DENIED):
                as_service.execute(SQL(wish).format(Identifier(house.schema, part)))
        with pytest.raises(DENIED):
            as_service.execute(
                SQL("ALTER TABLE {} DETACH PARTITION {}").format(
                    Identifier(house.schema, "reads"), Identifier(house.schema, part)
                )
            )


def test_parts_made_later_are_closed_to_the_service_too(conn: psycopg.Connection, house: House) -> None:
    conn.execute(SQL("SET ROLE {}").format(Identifier(house.roles.owner)))
    before = parts(conn, house.schema)
    reads.make_ahead(conn, house.schema, 9)
    roles.grant(conn, house.schema, house.roles.service, house.roles.reader)
    late = max(parts(conn, house.schema) - before - {"reads_rest"})
    conn.execute("RESET ROLE")
    conn.execute(SQL("SET ROLE {}").format(Identifier(house.roles.service)))
    with pytest.raises(DENIED):
        conn.execute(SQL("DELETE FROM {}").format(Identifier(house.schema, late)))


def test_only_the_owner_makes_parts(as_service: psycopg.Connection, house: House) -> None:
    with pytest.raises(DENIED):
        reads.make_ahead(as_service, house.schema, 24)


def test_the_service_takes_no_table_away_and_makes_no_other_schema(
    as_service: psycopg.Connection, house: House
) -> None:
    with pytest.raises(DENIED):
        as_service.execute(SQL("DROP SCHEMA {} CASCADE").format(Identifier(house.schema)))
    with pytest.raises(DENIED):
        as_service.execute("CREATE SCHEMA somewhere_else")
    with pytest.raises(DENIED):
        as_service.execute("SET session_replication_role = replica")


def test_the_service_writes_a_unit_which_may_be_renamed(as_service: psycopg.Connection, house: House) -> None:
    units = Identifier(house.schema, "units")
    one = Unit("3603", "kabupaten", "Kabupaten Tangerang")
    as_service.execute(
        SQL("INSERT INTO {} (code, kind, name) VALUES (%s, %s, %s)").format(units), [one.code, one.kind, one.name]
    )
    as_service.execute(SQL("UPDATE {} SET name = 'Tangerang'").format(units))


def test_the_reader_reads_the_log_and_who_looked(as_reader: psycopg.Connection, house: House) -> None:
    for table in roles.READABLE:
        as_reader.execute(SQL("SELECT * FROM {}").format(Identifier(house.schema, table)))


def test_the_reader_sees_of_the_lists_only_what_names_nobody(as_reader: psycopg.Connection, house: House) -> None:
    seen = {
        (table, column)
        for table, column in as_reader.execute(
            "SELECT relname, attname FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid"
            " WHERE relnamespace = %s::regnamespace AND relkind = 'r' AND attnum > 0"
            " AND has_column_privilege(pg_class.oid, attnum, 'SELECT')",
            [Identifier(house.schema).as_string()],
        )
        if table in lists()
    }
    tables_seen = {table for table, _ in seen}
    assert tables_seen == {"growth", "pmt", "referral", "referral_step"}
    personal = {"name", "normal", "mother", "born", "nik", "phone", "address", "rt", "rw", "line", "searched"}
    assert {(t, c) for t, c in seen if c in personal} == set()


def test_the_reader_reads_nothing_else_and_writes_nothing(as_reader: psycopg.Connection, house: House) -> None:
    for table in tables(as_reader, house.schema) - set(roles.READABLE):
        with pytest.raises(DENIED):
            as_reader.execute(SQL("SELECT * FROM {}").format(Identifier(house.schema, table)))
    for table in tables(as_reader, house.schema):
        for wish in ("INSERT INTO {} DEFAULT VALUES", "DELETE FROM {}", "TRUNCATE {}"):
            with pytest.raises(DENIED):
                as_reader.execute(SQL(wish).format(Identifier(house.schema, table)))
    with pytest.raises(DENIED):
        as_reader.execute(SQL("CREATE TABLE {} (x int)").format(Identifier(house.schema, "own")))


def test_nobody_else_may_do_anything_there(conn: psycopg.Connection, house: House) -> None:
    schema = Identifier(house.schema).as_string()
    assert conn.execute("SELECT has_schema_privilege('public', %s::regnamespace, 'USAGE')", [schema]).fetchone() == (
        False,
    )
    asked = (
        "SELECT relname FROM pg_class WHERE relnamespace = %s::regnamespace AND relkind IN ('r', 'p')"
        " AND has_table_privilege('public', oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')"
    )
    assert conn.execute(asked, [schema]).fetchall() == []
    functions = (
        "SELECT proname FROM pg_proc WHERE pronamespace = %s::regnamespace"
        " AND has_function_privilege('public', oid, 'EXECUTE')"
    )
    assert conn.execute(functions, [schema]).fetchall() == []


# An owner who may not make roles, and one who serves


@pytest.fixture
def poor(conn: psycopg.Connection) -> Iterator[str]:
    name = f"pemilik_{secrets.token_hex(4)}"
    conn.execute(SQL("CREATE ROLE {}").format(Identifier(name)))
    yield name
    conn.execute("RESET ROLE")
    conn.execute(SQL("DROP ROLE {}").format(Identifier(name)))


def test_an_owner_who_may_not_make_roles_is_told_what_to_have_run_and_nothing_is_changed(
    conn: psycopg.Connection, poor: str
) -> None:
    conn.execute(SQL("SET ROLE {}").format(Identifier(poor)))
    with pytest.raises(roles.CannotMakeRoles) as told:
        roles.prepare(conn, "layanan_x", "rahasia")
    assert 'CREATE ROLE "layanan_x" LOGIN PASSWORD \'...\'; CREATE ROLE "layanan_x_baca" NOLOGIN;' in str(told.value)
    assert "rahasia" not in str(told.value)
    assert "\n" not in str(told.value)
    assert conn.execute("SELECT 1 FROM pg_roles WHERE rolname LIKE 'layanan\\_x%'").fetchone() is None


def test_one_who_owns_and_serves_is_told_that_the_log_is_not_safe_from_the_service(
    conn: psycopg.Connection, poor: str
) -> None:
    conn.execute(SQL("SET ROLE {}").format(Identifier(poor)))
    alone = roles.prepare(conn, None)
    assert (alone.owner, alone.service, alone.alone, alone.reader) == (poor, poor, True, "")
    said = " ".join(roles.said(alone))
    assert "layanan dapat mengubah catatannya sendiri" in said
    assert f'CREATE ROLE "{poor}_baca" NOLOGIN;' in said
    assert "DATABASE_OWNER_URL" in said


def test_a_password_makes_the_reader_sign_in(conn: psycopg.Connection) -> None:
    name = f"layanan_{secrets.token_hex(4)}"
    made = roles.prepare(conn, name, "sandi-layanan", "sandi-pembaca")
    rows = conn.execute(
        "SELECT rolcanlogin, left(rolpassword, 13) FROM pg_authid WHERE rolname = ANY(%s)", [list(made.made)]
    ).fetchall()
    assert rows == [(True, "SCRAM-SHA-256"), (True, "SCRAM-SHA-256")]
    for one in made.made:
        conn.execute(SQL("DROP ROLE {}").format(Identifier(one)))


def test_a_service_parted_from_its_owner_later_loses_what_it_could_do(conn: psycopg.Connection) -> None:
    word = secrets.token_hex(4)
    schema, service = f"kab_{word}", f"layanan_{word}"
    migrate(conn, schema)
    made = roles.prepare(conn, service)
    migrate(conn, schema, service)
    roles.grant(conn, schema, made.service, made.reader)
    conn.execute(SQL("SET ROLE {}").format(Identifier(service)))
    conn.execute(SQL("SELECT * FROM {}").format(Identifier(schema, "events")))
    with pytest.raises(DENIED):
        conn.execute(SQL("DELETE FROM {}").format(Identifier(schema, "events")))
    conn.execute("RESET ROLE")
    conn.execute(SQL("DROP SCHEMA {} CASCADE").format(Identifier(schema)))
    for one in made.made:
        conn.execute(SQL("DROP OWNED BY {}").format(Identifier(one)))
        conn.execute(SQL("DROP ROLE {}").format(Identifier(one)))
