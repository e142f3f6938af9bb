"""The operator writes down an inspector's letter of assignment, and can end it."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from service.cli import main
from service.places import Place
from tests.kabupaten import CODE, KEDAUNG, MASTER

DAYS = ("--dari", "2026-03-02", "--sampai", "2026-03-31")


@pytest.fixture(autouse=True)
def _as_on_a_server(dsn: str, place: Place, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DATABASE_URL", dsn)
    monkeypatch.setenv("DAMPINGI_TENANTS", CODE)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setenv("DAMPINGI_MASTER_KEY", base64.b64encode(MASTER).decode())


def asked(*words: str) -> Result:
    return CliRunner().invoke(main, ["penugasan", *words])


def test_a_letter_is_given_listed_and_ended_once() -> None:
    given = asked("beri", "yusuf", "--nomor", "700/12/2026", "--unit", KEDAUNG, *DAYS)
    assert given.exit_code == 0, given.output
    number = given.output.partition(":")[0]
    assert f"{number}  700/12/2026  yusuf (Yusuf Hidayat)  {KEDAUNG}  dari 2026-03-02" in asked("daftar").output
    assert asked("akhiri", number).output == "diakhiri\n"
    assert asked("akhiri", number).exit_code == 1
    [line] = [line for line in asked("daftar").output.splitlines() if number in line]
    assert "diakhiri" in line


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("rina", "--nomor", "1", "--unit", KEDAUNG, *DAYS), "bukan akun inspektorat"),
        (("siapa", "--nomor", "1", "--unit", KEDAUNG, *DAYS), "bukan akun inspektorat"),
        (("yusuf", "--nomor", "1", "--unit", "0000", *DAYS), "Tidak ada unit 0000"),
        (("yusuf", "--nomor", " ", "--unit", KEDAUNG, *DAYS), "belum diisi"),
        (("yusuf", "--nomor", "1", "--unit", KEDAUNG, "--dari", "2026-03-31", "--sampai", "2026-03-02"), "sebelum"),
    ],
)
def test_a_letter_that_makes_no_sense_is_not_written_down(words: tuple[str, ...], says: str) -> None:
    said = asked("beri", *words)
    assert said.exit_code == 1
    assert says in said.output
