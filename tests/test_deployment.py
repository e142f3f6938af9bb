"""The containers run the same commands that a laptop runs and these tests try."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner
from psycopg.conninfo import conninfo_to_dict

from service.cli import main
from service.settings import Settings, load, root

TEXT = (root() / "docker-compose.yml").read_text()
COMPOSE = yaml.safe_load(TEXT)
DOCKERFILE = (root() / "Dockerfile").read_text()
ROLES = {"migrate": ["migrate"], "service": ["serve"], "follower": ["follow"]}


def words(instruction: str) -> list[str]:
    found = re.findall(rf"^{instruction} (\[.*\])$", DOCKERFILE, re.MULTILINE)
    return json.loads(found[-1])


def test_each_container_runs_one_command_of_the_program() -> None:
    assert {name: one["command"] for name, one in COMPOSE["services"].items() if name != "postgres"} == ROLES
    assert words("CMD") == ROLES["service"]


@pytest.mark.parametrize("command", [*ROLES.values(), ["health"]], ids=lambda words: words[0])
def test_the_program_knows_the_command(command: list[str]) -> None:
    said = CliRunner().invoke(main, [*command, "--help"])
    assert said.exit_code == 0, said.output


def test_the_container_and_the_script_start_the_same_program() -> None:
    assert words("ENTRYPOINT") == ["python", "-m", "service.cli"]
    assert '-m service.cli "$@"' in (root() / "dampingi").read_text()


def test_the_health_checks_ask_the_program_itself() -> None:
    for name in ("service", "follower"):
        test = COMPOSE["services"][name]["healthcheck"]["test"]
        assert test == ["CMD", *words("ENTRYPOINT"), "health", name]


def filled(text: str, env: dict[str, str]) -> str:
    """As compose does it: `${NAME:?why}`, `${NAME:-else}`, `${NAME:+instead}`."""

    def one(found: re.Match[str]) -> str:
        name, how, rest = found.groups()
        value = env.get(name, "")
        if how == "+":
            return rest if value else ""
        if how == "?":
            assert value, name
        return value or rest

    return re.sub(r"\$\{(\w+):([?+-])([^}]*)\}", one, text)


def environment(name: str, **env: str) -> dict[str, str]:
    """What the container is given by an .env that says only what it must, and this."""
    needed = {"POSTGRES_PASSWORD": "milik", "DAMPINGI_DB_PASSWORD": "layanan", **env}
    return {key: filled(text, needed) for key, text in COMPOSE["services"][name]["environment"].items()}


def test_every_setting_the_containers_are_given_is_one_the_program_reads() -> None:
    for name in ROLES:
        settings = {key.removeprefix("DAMPINGI_").lower() for key in COMPOSE["services"][name]["environment"]}
        assert settings - {"pgpassword"} <= set(Settings.__struct_fields__)
        assert isinstance(load(environment(name)), Settings)
    assert set(re.findall(r"\bDAMPINGI_\w+", DOCKERFILE)) == {"DAMPINGI_HOST"}


def test_no_secret_is_written_down() -> None:
    for service in COMPOSE["services"].values():
        for name, text in service["environment"].items():
            if "PASSWORD" in name:
                assert re.fullmatch(r"\$\{\w+:(\?[^}]+|-)\}", text), name
    assert COMPOSE["secrets"] == {
        "master_key": {"environment": "DAMPINGI_MASTER_KEY"},
        "ledger_key": {"environment": "DAMPINGI_LEDGER_KEY"},
    }


def test_migrate_reaches_the_database_as_owner_and_as_the_service_whatever_the_passwords() -> None:
    for password in ("Zq/5+aB==", "sandi: 100%@kantor?#&", "dua kata"):
        given = environment("migrate", POSTGRES_PASSWORD=password, DAMPINGI_DB_PASSWORD="layanan")
        assert conninfo_to_dict(given["DATABASE_OWNER_URL"]) == {
            "host": "postgres",
            "dbname": "dampingi",
            "user": "postgres",
            "password": password,
        }
        assert "password" not in conninfo_to_dict(given["DATABASE_URL"])
        assert given["PGPASSWORD"] == given["DAMPINGI_DB_PASSWORD"] == "layanan"


@pytest.mark.parametrize("command", ["bersihkan-jejak", "kunci-induk ganti"])
def test_what_needs_the_owner_and_the_service_is_run_where_both_are(command: str) -> None:
    assert {"DATABASE_URL", "DATABASE_OWNER_URL", "DAMPINGI_MASTER_KEY_BEFORE"} <= environment("migrate").keys()
    assert COMPOSE["services"]["migrate"]["secrets"] == ["master_key"]
    typed = f"docker compose run --rm migrate {command}"
    assert typed in (root() / "docs" / "hak-atas-data.md").read_text()
    assert f"#   {typed}\n" in TEXT
    assert CliRunner().invoke(main, [*command.split(), "--help"]).exit_code == 0


def test_the_database_does_not_use_old_files_of_its_log_again() -> None:
    assert COMPOSE["services"]["postgres"]["command"] == ["postgres", "-c", "wal_recycle=off"]


def test_everything_that_may_stand_in_env_is_explained_above() -> None:
    head, _, rest = TEXT.partition("\nname: dampingi\n")
    asked = set(re.findall(r"\$\{(\w+):", rest)) | {one["environment"] for one in COMPOSE["secrets"].values()}
    assert {name for name in asked if f"#   {name}=" not in head} == set()


def test_checkpoints_go_to_a_folder_only_where_one_is_named() -> None:
    assert load(environment("follower")).checkpoint_folder is None
    named = environment("follower", DAMPINGI_CHECKPOINT_FOLDER="/srv/inspektorat")
    assert load(named).checkpoint_folder == Path("/titik")
    [mounted] = COMPOSE["services"]["follower"]["volumes"]
    assert filled(mounted, {"DAMPINGI_CHECKPOINT_FOLDER": "/srv/inspektorat"}) == "/srv/inspektorat:/titik"
    assert filled(mounted, {}).partition(":")[0] in COMPOSE["volumes"]


def test_only_the_follower_holds_the_key_that_signs() -> None:
    holders = {name for name, one in COMPOSE["services"].items() if "ledger_key" in one.get("secrets", ())}
    assert holders == {"follower"}


def test_the_roles_of_the_database_are_made_by_migrate_alone() -> None:
    assert "configs" not in COMPOSE
    assert "configs" not in COMPOSE["services"]["postgres"]
    assert {"DATABASE_OWNER_URL", "DAMPINGI_DB_PASSWORD"} <= COMPOSE["services"]["migrate"]["environment"].keys()
    for name in ("service", "follower"):
        assert not {"DATABASE_OWNER_URL", "DAMPINGI_DB_PASSWORD"} & COMPOSE["services"][name]["environment"].keys()


def test_what_is_noted_and_not_yet_stored_outlives_the_container() -> None:
    folder = COMPOSE["services"]["service"]["environment"]["DAMPINGI_SPOOL_DIR"]
    assert COMPOSE["services"]["service"]["volumes"] == [f"spool:{folder}"]
    assert "spool" in COMPOSE["volumes"]
    assert f"--owner 10001 --mode 0700 {folder}" in DOCKERFILE


def test_the_service_in_the_container_is_not_root() -> None:
    assert re.findall(r"^USER (\d+)$", DOCKERFILE, re.MULTILINE)[-1] != "0"
