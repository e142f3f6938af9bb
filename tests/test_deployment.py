"""The containers run the same commands that a laptop runs and these tests try."""

from __future__ import annotations

import json
import re

import pytest
import yaml
from click.testing import CliRunner

from service.cli import main
from service.settings import Settings, load, root

COMPOSE = yaml.safe_load((root() / "docker-compose.yml").read_text())
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


def test_every_setting_the_containers_are_given_is_one_the_program_reads() -> None:
    for name in ROLES:
        given = {key: "1" for key in COMPOSE["services"][name]["environment"] if key not in ("PGPASSWORD",)}
        given |= {"DAMPINGI_TENANTS": "3603", "HOME": "/"}
        assert isinstance(load(given), Settings)
    assert set(re.findall(r"\bDAMPINGI_\w+", DOCKERFILE)) == {"DAMPINGI_HOST"}


def test_no_secret_is_written_down() -> None:
    for service in COMPOSE["services"].values():
        for name, text in service["environment"].items():
            if "PASSWORD" in name:
                assert re.fullmatch(r"\$\{\w+:\?[^}]+\}", text), name
    assert COMPOSE["secrets"] == {
        "master_key": {"environment": "DAMPINGI_MASTER_KEY"},
        "ledger_key": {"environment": "DAMPINGI_LEDGER_KEY"},
    }


def test_only_the_follower_holds_the_key_that_signs() -> None:
    holders = {name for name, one in COMPOSE["services"].items() if "ledger_key" in one.get("secrets", ())}
    assert holders == {"follower"}


def test_the_service_in_the_container_is_not_root() -> None:
    assert re.findall(r"^USER (\d+)$", DOCKERFILE, re.MULTILINE)[-1] != "0"
