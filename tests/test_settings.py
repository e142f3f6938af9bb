"""What the environment may say, and what it is told when it says something else."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from service.notes import Signer
from service.settings import SettingsError, load, master_key, root, signing_key
from service.tenants import tenants

HOME = {"HOME": "/home/rina"}


def test_with_nothing_said_the_demo_runs_in_the_home_folder() -> None:
    settings = load(HOME)
    assert settings.database_url is None
    assert settings.data_dir == Path("/home/rina/.local/share/dampingi")
    assert (settings.host, settings.port, settings.threads) == ("127.0.0.1", 8000, 8)


def test_numbers_and_folders_are_read_from_text() -> None:
    settings = load({**HOME, "DAMPINGI_PORT": "9000", "DAMPINGI_DATA_DIR": "/srv/d", "DAMPINGI_SECURE_COOKIES": "true"})
    assert (settings.port, settings.data_dir, settings.secure_cookies) == (9000, Path("/srv/d"), True)


def test_an_empty_variable_is_as_good_as_none() -> None:
    assert load({**HOME, "DATABASE_URL": "", "DAMPINGI_PORT": ""}).port == 8000


def test_a_misspelt_name_stops_the_start() -> None:
    with pytest.raises(SettingsError, match="DAMPINGI_PROT"):
        load({**HOME, "DAMPINGI_PROT": "9000"})


def test_a_wrong_value_is_named_by_its_setting() -> None:
    with pytest.raises(SettingsError, match="port"):
        load({**HOME, "DAMPINGI_PORT": "delapan ribu"})


def test_a_server_without_a_master_key_does_not_make_one_up() -> None:
    with pytest.raises(SettingsError, match="DAMPINGI_MASTER_KEY"):
        master_key(load({**HOME, "DATABASE_URL": "postgresql://db/dampingi"}))


def test_the_master_key_comes_from_the_environment_or_a_file(tmp_path: Path) -> None:
    text = base64.b64encode(bytes(range(32))).decode()
    assert master_key(load({**HOME, "DAMPINGI_MASTER_KEY": text})) == bytes(range(32))
    (tmp_path / "key").write_text(text + "\n")
    assert master_key(load({**HOME, "DAMPINGI_MASTER_KEY_FILE": str(tmp_path / "key")})) == bytes(range(32))


def test_a_short_master_key_is_refused(tmp_path: Path) -> None:
    short = base64.b64encode(b"too short").decode()
    with pytest.raises(SettingsError, match="32 byte dalam base64"):
        load({**HOME, "DAMPINGI_MASTER_KEY": short})
    (tmp_path / "key").write_text(short)
    with pytest.raises(SettingsError, match="32 byte dalam base64"):
        master_key(load({**HOME, "DAMPINGI_MASTER_KEY_FILE": str(tmp_path / "key")}))


def test_a_mistyped_verifier_key_stops_the_start() -> None:
    key = str(Signer("dinkes.go.id/kab_3603", bytes(32)).key)
    assert load({**HOME, "DAMPINGI_LEDGER_VERIFIER_KEY": key}).ledger_verifier_key == key
    with pytest.raises(SettingsError, match="DAMPINGI_LEDGER_VERIFIER_KEY bukan kunci pemeriksa"):
        load({**HOME, "DAMPINGI_LEDGER_VERIFIER_KEY": key.replace("3603", "3604")})


def test_who_has_to_sign_is_told_which_key_is_missing() -> None:
    with pytest.raises(SettingsError, match="Setel DAMPINGI_LEDGER_KEY"):
        signing_key(load({**HOME, "DATABASE_URL": "postgresql://db/dampingi"}))


def test_settings_do_not_print_their_secrets() -> None:
    key = base64.b64encode(bytes(32)).decode()
    said = repr(load({**HOME, "DATABASE_URL": "postgresql://rina:rahasia@db/d", "DAMPINGI_MASTER_KEY": key}))
    assert "rahasia" not in said
    assert "x00" not in said


def test_each_kabupaten_is_a_schema_with_the_clock_of_its_province() -> None:
    found = tenants(load({**HOME, "DAMPINGI_TENANTS": "3603, 9403"}), "host=db")
    assert [(tenant.schema, str(tenant.zone)) for tenant in found.values()] == [
        ("kab_3603", "UTC+07:00"),
        ("kab_9403", "UTC+09:00"),
    ]


@pytest.mark.parametrize("codes", ["36", "3603;3604", "kab", ","])
def test_a_wrong_region_code_stops_the_start(codes: str) -> None:
    with pytest.raises(SettingsError, match="DAMPINGI_TENANTS"):
        tenants(load({**HOME, "DAMPINGI_TENANTS": codes}), "host=db")


def test_the_rules_and_the_pages_are_found_from_a_checkout() -> None:
    assert (root() / "juknis").is_dir()
