"""The house keeps its own rules: who imports whom, what has no clock, what stays short, where packages come from."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.settings import root

CODE = ("domain", "projections", "service")
LONGEST_FILE = 600
LONGEST_VERIFIER = 1010
"""It is one file on purpose: an inspector copies it, notes its digest and reads it from top to bottom, alone."""


def files(*folders: str, pattern: str = "*.py") -> list[Path]:
    return sorted(path for folder in folders for path in (root() / folder).rglob(pattern))


def imported(path: Path) -> Iterator[str]:
    """The top-level packages a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.split(".")[0]


def strangers(folder: str, known: set[str]) -> dict[str, set[str]]:
    """What the files of a folder import besides the standard library and what they may know."""
    found = {path.name: set(imported(path)) - sys.stdlib_module_names - known for path in files(folder)}
    return {name: packages for name, packages in found.items() if packages}


def test_the_import_contracts_are_kept() -> None:
    lint = Path(sys.executable).with_name("lint-imports")
    said = subprocess.run([str(lint), "--no-cache"], cwd=root(), capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stdout + said.stderr


def test_the_domain_needs_nothing_but_msgspec() -> None:
    assert strangers("domain", {"domain", "msgspec"}) == {}


def test_projections_need_the_domain_the_database_and_a_log_only() -> None:
    assert strangers("projections", {"domain", "projections", "msgspec", "psycopg", "psycopg_pool", "structlog"}) == {}


def test_the_domain_never_asks_what_day_it_is() -> None:
    asked = {"today", "now", "utcnow", "time", "monotonic", "perf_counter", "localtime", "gmtime"}
    calls = [
        f"{path.name}:{node.lineno} {node.func.attr}()"
        for path in files("domain")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in asked
    ]
    assert calls == []


@pytest.mark.parametrize("folder", [*CODE, "tests", "bench"])
def test_no_file_is_too_long_to_be_read_in_one_sitting(folder: str) -> None:
    lengths = {str(path.relative_to(root())): len(path.read_text().splitlines()) for path in files(folder)}
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST_FILE} == {}


def test_the_verifier_is_one_file_that_needs_nothing_of_ours_and_can_still_be_read() -> None:
    assert [path.name for path in files("verify")] == ["periksa.py"]
    assert strangers("verify", {"cryptography"}) == {}
    assert len((root() / "verify" / "periksa.py").read_text().splitlines()) <= LONGEST_VERIFIER


def test_each_decision_begins_with_its_number() -> None:
    heads = {path.name: path.read_text().partition("\n")[0] for path in files("docs/decisions", pattern="*.md")}
    assert [name for name, head in heads.items() if not re.match(rf"# (00)?{int(name[:4]):02}\b", head)] == []


def test_no_file_is_named_after_nothing() -> None:
    nothing = re.compile(r"(utils?|helpers?|manager|misc|common|info|data)$")
    assert [path.name for path in files(*CODE) if nothing.search(path.stem)] == []


def test_no_query_leans_on_the_search_path() -> None:
    texts = files(*CODE) + files("service/migrations", pattern="*.sql")
    leaning = re.compile(r"\b(SET|set_config\()[^;\n]{0,20}search_path", re.IGNORECASE)
    assert [path.name for path in texts if leaning.search(path.read_text())] == []


def test_every_locked_package_comes_from_the_public_index() -> None:
    lock = tomllib.loads((root() / "uv.lock").read_text())
    sources = {tuple(package["source"].items()) for package in lock["package"]}
    assert sources == {(("registry", "https://pypi.org/simple"),), (("editable", "."),)}
    archives = [one["url"] for package in lock["package"] for one in [*package.get("wheels", []), *sdist(package)]]
    assert len(archives) > 100
    assert [url for url in archives if not url.startswith("https://files.pythonhosted.org/")] == []


def sdist(package: dict) -> list[dict]:
    return [package["sdist"]] if "sdist" in package else []
