"""The master key is changed without touching an event, and what followed from it stays as it was."""

from __future__ import annotations

import base64
import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Event as Flag
from threading import Thread
from uuid import UUID, uuid4

import psycopg
import pytest
from click.testing import CliRunner
from psycopg.conninfo import make_conninfo
from psycopg.sql import SQL, Identifier

from domain.case import zone
from projections import log, people
from projections.follow import Follower, prepare
from service import rewriting, roles, rotation
from service.cli import main
from service.handle import record
from service.masterkey import IMPORTS, MasterKey, WrongMasterKey, of_webhook
from service.migrate import migrate
from service.sealing import Sealing
from service.store import Store
from tests.store.given import MASTER_KEY, asked, register
from tests.store.rotating import NEW_KEY
from tests.store.test_follow import book, followed

OLD, NEW = base64.b64encode(MASTER_KEY).decode(), base64.b64encode(NEW_KEY).decode()
CHANGING = MasterKey(NEW_KEY, MASTER_KEY)
NIK = "3603330112240001"
Conn = psycopg.Connection


def under(store: Store, key: bytes, before: bytes | None = None) -> Store:
    """The same kabupaten as a service with this key sees it that has just been started."""
    sealing = Sealing(key, store.schema, before=before)
    return Store(store.pool, store.schema, sealing, zone("3603"), lambda _day: "2025")


def told(store: Store, many: int) -> list[UUID]:
    cases = [uuid4() for _ in range(many)]
    record(store, asked(*[register(case, name=f"Anak {n}") for n, case in enumerate(cases)]))
    return cases


def log_of(conn: Conn, schema: str) -> str:
    """Every byte of every event and entry."""
    digest = hashlib.sha256()
    for table in ("events", "entries"):
        whole = SQL("SELECT t::text FROM {} AS t ORDER BY 1").format(Identifier(schema, table))
        digest.update("\n".join(row[0] for row in conn.execute(whole)).encode())
    return digest.hexdigest()


def names(store: Store, conn: Conn, cases: list[UUID]) -> set[str | None]:
    sealed = [(r.case, r.version, r.event.personal) for s in log.stories(conn, store.schema, cases).values() for r in s]
    return {who and who.name for who in store.sealing.open_many(conn, sealed).values()}


def test_the_new_key_opens_everything_the_old_one_nothing_and_no_event_is_touched(store: Store, conn: Conn) -> None:
    cases = told(store, 7)
    before = log_of(conn, store.schema)
    assert rotation.rotate(conn, store.schema, CHANGING) == 7
    assert log_of(conn, store.schema) == before
    assert names(under(store, NEW_KEY), conn, cases) == {f"Anak {n}" for n in range(7)}
    with pytest.raises(WrongMasterKey):
        names(under(store, MASTER_KEY), conn, cases)
    with pytest.raises(WrongMasterKey):
        under(store, MASTER_KEY).sealing.secret(conn, IMPORTS)


def test_what_is_sent_again_after_the_change_is_known_again(store: Store, conn: Conn) -> None:
    budi = register(uuid4())
    assert [a.outcome for a in record(store, asked(budi))] == ["recorded"]
    rotation.rotate(conn, store.schema, CHANGING)
    assert [a.outcome for a in record(under(store, NEW_KEY), asked(budi))] == ["already"]


def test_somebody_is_found_by_nik_after_the_change(store: Store, conn: Conn) -> None:
    (budi,) = told(store, 1)
    rotation.rotate(conn, store.schema, CHANGING)
    changed = under(store, NEW_KEY)
    lists = followed(changed, people.People(changed.sealing.nik_hash))
    prepare(conn, lists, book())
    Follower(lists, book()).catch_up(conn)
    stranger = Sealing(MASTER_KEY, "kab_9999")
    stranger._lasting = store.sealing._lasting
    assert people.of_nik(conn, store.schema, stranger.nik_hash(NIK)) == (budi,)


def test_a_receiver_checks_signatures_with_the_secret_it_was_told(store: Store, conn: Conn) -> None:
    hook = uuid4()
    add = SQL("INSERT INTO {} (id, unit, label, url, position) VALUES (%s, '9901RS01', 'SIMRS', 'https://x', 0)")
    conn.execute(add.format(Identifier(store.schema, "webhooks")), [hook])
    secrets = [store.sealing.secret(conn, one) for one in (of_webhook(hook), IMPORTS)]
    rotation.rotate(conn, store.schema, CHANGING)
    assert [under(store, NEW_KEY).sealing.secret(conn, one) for one in (of_webhook(hook), IMPORTS)] == secrets
    rotation.rotate(conn, store.schema, MasterKey(bytes(32), NEW_KEY))
    assert [under(store, bytes(32)).sealing.secret(conn, one) for one in (of_webhook(hook), IMPORTS)] == secrets


def test_services_write_on_while_the_key_is_changed(store: Store, conn: Conn) -> None:
    told(store, 40)
    running, stop = under(store, NEW_KEY, before=MASTER_KEY), Flag()
    written: list[UUID] = []
    outcomes: set[str] = set()

    def write() -> None:
        while not stop.is_set():
            case = uuid4()
            outcomes.update(a.outcome for a in record(running, asked(register(case, name="Siti"))))
            written.append(case)

    thread = Thread(target=write)
    thread.start()
    while not written:
        pass
    for _ in range(3):
        rotation.rotate(conn, store.schema, CHANGING)
    stop.set()
    thread.join()
    assert outcomes == {"recorded"}
    assert names(under(store, NEW_KEY), conn, written) == {"Siti"}
    assert rotation.standing(conn, store.schema, MasterKey(NEW_KEY)).former == 0


def test_a_change_that_was_killed_half_way_goes_on_where_it_stopped(store: Store, conn: Conn, dsn: str) -> None:
    cases = told(store, 60)
    changing = subprocess.Popen(
        [sys.executable, "-m", "tests.store.rotating", dsn, store.schema], stdout=subprocess.PIPE, text=True
    )
    assert changing.stdout is not None
    assert changing.stdout.readline().strip() == "5"
    assert changing.stdout.readline().strip() == "5"
    changing.kill()
    changing.wait()
    half = rotation.standing(conn, store.schema, CHANGING)
    assert 0 < half.former < 60
    assert names(under(store, NEW_KEY, before=MASTER_KEY), conn, cases) == {f"Anak {n}" for n in range(60)}
    assert rotation.rotate(conn, store.schema, CHANGING) == half.former
    assert rotation.standing(conn, store.schema, MasterKey(NEW_KEY)) == rotation.Standing(keys=60)


def test_a_key_destroyed_meanwhile_stays_destroyed(store: Store, conn: Conn) -> None:
    budi, *_ = told(store, 3)

    (batch,) = rotation._keys(conn, store.schema)
    store.sealing.destroy(conn, budi)
    anew = [(person, wrapped, CHANGING.wrapped(b"x" * 32, person.bytes)) for person, wrapped in batch]
    rows = list(map(list, zip(*anew, strict=True)))
    conn.execute(rotation._sql(store.schema, rotation._WRAP_ANEW), rows, binary=True)
    assert store.sealing.keys(conn, [budi]).erased(budi)


def test_wrong_keys_change_nothing(store: Store, conn: Conn) -> None:
    told(store, 3)
    with pytest.raises(WrongMasterKey):
        rotation.rotate(conn, store.schema, MasterKey(NEW_KEY, bytes(32)))
    assert rotation.standing(conn, store.schema, MasterKey(MASTER_KEY, MASTER_KEY)).foreign == 0
    assert conn.execute(SQL("SELECT count(*) FROM {}").format(Identifier(store.schema, "kept_secret"))).fetchone() == (
        0,
    )


# The commands


@pytest.fixture
def kabupaten(conn: Conn, dsn: str, monkeypatch: pytest.MonkeyPatch, pool: object) -> Iterator[Store]:
    schema = "kab_9911"
    migrate(conn, schema)
    for name in [name for name in os.environ if name.startswith("DAMPINGI_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("DATABASE_URL", dsn)
    monkeypatch.setenv("DAMPINGI_TENANTS", "9911")
    yield Store(pool, schema, Sealing(MASTER_KEY, schema), zone("9911"), lambda _day: "2025")  # type: ignore[arg-type]
    conn.execute(SQL("DROP SCHEMA {} CASCADE").format(Identifier(schema)))


def say(*words: str, now: str, before: str = "") -> tuple[int, str]:
    keys = {"DAMPINGI_MASTER_KEY": now, "DAMPINGI_MASTER_KEY_BEFORE": before}
    said = CliRunner().invoke(main, ["kunci-induk", *words], env=keys)
    return said.exit_code, said.output


def test_an_operator_changes_the_key_and_checks_it(kabupaten: Store) -> None:
    cases = told(kabupaten, 3)
    assert say("periksa", now=OLD)[0] == 0
    code, text = say("periksa", now=NEW, before=OLD)
    assert (code, "3 kunci masih di bawah kunci lama" in text) == (1, True)
    assert say("ganti", now=NEW, before=OLD)[0] == 0
    assert say("periksa", now=NEW) == (0, "Kabupaten 9911: 3 dari 3 kunci terbuka\n")
    code, text = say("periksa", now=OLD)
    assert (code, "3 kunci tidak terbuka" in text) == (1, True)
    with kabupaten.pool.connection() as conn:
        assert names(under(kabupaten, NEW_KEY), conn, cases) == {"Anak 0", "Anak 1", "Anak 2"}


def test_a_kabupaten_begun_after_the_change_keeps_its_secrets_when_the_former_key_is_taken_away(
    kabupaten: Store, conn: Conn
) -> None:
    assert say("ganti", now=NEW, before=OLD)[0] == 0
    conn.execute("DROP SCHEMA kab_9911 CASCADE")
    begun = CliRunner().invoke(main, ["migrate"], env={"DAMPINGI_MASTER_KEY": NEW, "DAMPINGI_MASTER_KEY_BEFORE": OLD})
    assert begun.exit_code == 0, begun.output
    changing, budi = under(kabupaten, NEW_KEY, before=MASTER_KEY), register(uuid4())
    assert [a.outcome for a in record(changing, asked(budi))] == ["recorded"]
    imports = changing.sealing.secret(conn, IMPORTS)
    alone = under(kabupaten, NEW_KEY)
    assert [a.outcome for a in record(alone, asked(budi))] == ["already"]
    assert alone.sealing.nik_hash(NIK) == changing.sealing.nik_hash(NIK)
    assert alone.sealing.secret(conn, IMPORTS) == imports
    assert say("periksa", now=NEW)[0] == 0


def test_keys_that_open_nothing_keep_nothing(kabupaten: Store, conn: Conn) -> None:
    told(kabupaten, 1)
    with pytest.raises(WrongMasterKey):
        under(kabupaten, NEW_KEY, before=bytes(32)).sealing.learn(conn)
    assert conn.execute("SELECT count(*) FROM kab_9911.kept_secret").fetchone() == (0,)


def test_the_former_wrappings_are_gone_from_the_file(kabupaten: Store, conn: Conn) -> None:
    told(kabupaten, 2)
    was = [bytes(row[0]) for row in conn.execute("SELECT wrapped FROM kab_9911.person_key").fetchall()]
    assert say("ganti", now=NEW, before=OLD)[0] == 0
    conn.execute("CHECKPOINT")
    row = conn.execute("SELECT pg_read_binary_file(pg_relation_filepath('kab_9911.person_key'::regclass))").fetchone()
    assert row is not None
    assert not [one for one in was if one in bytes(row[0])]


def test_nothing_is_changed_under_a_role_whose_rewriting_would_be_passed_over(
    kabupaten: Store, conn: Conn, app_role: str, dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    told(kabupaten, 2)
    serves(conn, kabupaten, app_role)
    monkeypatch.setenv("DATABASE_URL", make_conninfo(dsn, user=app_role))
    code, text = say("ganti", now=NEW, before=OLD)
    assert (code, "DATABASE_OWNER_URL" in text, len(text.splitlines())) == (1, True, 1)
    assert say("periksa", now=OLD)[0] == 0
    monkeypatch.setenv("DATABASE_OWNER_URL", dsn)
    assert say("ganti", now=NEW, before=OLD)[0] == 0
    assert say("periksa", now=NEW)[0] == 0


def test_traces_are_not_called_clean_where_the_files_were_passed_over(
    kabupaten: Store, conn: Conn, app_role: str, dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    budi, _ = told(kabupaten, 2)
    kabupaten.sealing.destroy(conn, budi)
    serves(conn, kabupaten, app_role)
    monkeypatch.setenv("DATABASE_URL", make_conninfo(dsn, user=app_role))
    keys = {"DAMPINGI_MASTER_KEY": OLD}
    said = CliRunner().invoke(main, ["bersihkan-jejak"], env=keys)
    assert said.exit_code == 1
    assert "DATABASE_OWNER_URL" in said.output
    assert conn.execute("SELECT count(*) FROM kab_9911.cleaned").fetchone() == (0,)
    monkeypatch.setenv("DATABASE_OWNER_URL", dsn)
    said = CliRunner().invoke(main, ["bersihkan-jejak"], env=keys)
    assert "bersih sampai penghapusan" in said.output


def serves(conn: Conn, kabupaten: Store, role: str) -> None:
    """As `migrate` leaves it on a server: the tables are another role's."""
    roles.grant(conn, kabupaten.schema, role)


@pytest.mark.parametrize(
    ("now", "before", "says"),
    [
        (NEW, "", "Sebutkan kunci lama"),
        (OLD, OLD, "sama dengan yang lama"),
        (NEW, base64.b64encode(bytes(32)).decode(), "Kunci induk tidak cocok"),
        (NEW, "c2hvcnQ=", "32 byte dalam base64"),
    ],
)
def test_wrong_keys_are_told_in_one_line(kabupaten: Store, now: str, before: str, says: str) -> None:
    told(kabupaten, 1)
    code, text = say("ganti", now=now, before=before)
    assert code == 1
    assert says in text
    assert len(text.strip().splitlines()) == 1


def test_the_former_key_may_stand_in_a_file(kabupaten: Store, tmp_path: Path) -> None:
    told(kabupaten, 1)
    (tmp_path / "lama").write_text(OLD)
    keys = {"DAMPINGI_MASTER_KEY": NEW, "DAMPINGI_MASTER_KEY_BEFORE_FILE": str(tmp_path / "lama")}
    assert CliRunner().invoke(main, ["kunci-induk", "ganti"], env=keys).exit_code == 0
    assert say("periksa", now=NEW)[0] == 0


def test_a_service_with_another_key_does_not_start(kabupaten: Store) -> None:
    told(kabupaten, 1)
    for command in ("serve", "follow"):
        said = CliRunner().invoke(main, [command], env={"DAMPINGI_MASTER_KEY": NEW})
        assert said.exit_code == 1
        assert "Kunci induk tidak cocok" in said.output
        assert len(said.output.strip().splitlines()) == 1


def test_former_wrappings_that_an_open_transaction_still_sees_are_waited_for(
    kabupaten: Store, conn: Conn, dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    told(kabupaten, 2)
    was = [bytes(row[0]) for row in conn.execute("SELECT wrapped FROM kab_9911.person_key").fetchall()]
    monkeypatch.setattr(rewriting, "PATIENCE_SECONDS", 0.3)
    with psycopg.connect(dsn, options="-c default_transaction_isolation=repeatable\\ read") as looking:
        looking.execute("SELECT 1")
        code, output = say("ganti", now=NEW, before=OLD)
        assert code == 1
        assert "transaksi lama yang terbuka" in output
        looking.rollback()
    assert say("ganti", now=NEW, before=OLD)[0] == 0
    conn.execute("CHECKPOINT")
    row = conn.execute("SELECT pg_read_binary_file(pg_relation_filepath('kab_9911.person_key'::regclass))").fetchone()
    assert row is not None
    assert not [one for one in was if one in bytes(row[0])]
