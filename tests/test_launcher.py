"""The script ./dampingi: makes its environment once, again after an update, and says plainly what is missing."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from service.settings import root

SCRIPT = root() / "dampingi"

UV = """#!/bin/sh
# Stands in for uv: writes down what it was asked, and makes an environment that only tells how it was called.
echo "$*" >>"$UV_CALLS"
sleep 0.3
mkdir -p "$UV_PROJECT_ENVIRONMENT/bin"
printf '#!/bin/sh\\n[ "$1" = -c ] && exec "%s" "$@"\\necho ran "$*"\\n' "$PYTHON" >"$UV_PROJECT_ENVIRONMENT/bin/python"
chmod +x "$UV_PROJECT_ENVIRONMENT/bin/python"
"""


class Machine:
    """A checkout in a folder with a space in its name, an empty home, and a uv that is quick."""

    def __init__(self, folder: Path) -> None:
        self.checkout = folder / "a checkout"
        self.checkout.mkdir()
        shutil.copy(SCRIPT, self.checkout / "dampingi")
        (self.checkout / "uv.lock").write_text("first")
        self.calls = folder / "calls"
        self.bin = folder / "bin"
        self.bin.mkdir()
        self.put("uv", UV)
        self.home = folder / "home"
        self.home.mkdir()

    def put(self, name: str, text: str) -> None:
        (self.bin / name).write_text(text)
        (self.bin / name).chmod(0o755)

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [str(self.checkout / "dampingi"), *arguments],
            env={
                "PATH": f"{self.bin}:/usr/bin:/bin",
                "HOME": str(self.home),
                "PYTHON": sys.executable,
                "UV_CALLS": str(self.calls),
                **environment,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str, **environment: str) -> tuple[int, str, str]:
        process = self.start(*arguments, **environment)
        out, err = process.communicate(timeout=30)
        return process.returncode, out.strip(), err

    def syncs(self) -> list[str]:
        return self.calls.read_text().splitlines() if self.calls.exists() else []


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_the_first_start_makes_the_environment_and_the_second_only_runs(machine: Machine) -> None:
    assert machine.run("serve", "--port", "8001")[:2] == (0, "ran -m service.cli serve --port 8001")
    assert machine.run("follow")[:2] == (0, "ran -m service.cli follow")
    assert len(machine.syncs()) == 1


def test_the_locked_versions_are_installed_and_nothing_else_is_downloaded(machine: Machine) -> None:
    machine.run("demo")
    assert "--frozen" in machine.syncs()[0]
    assert "--group dev" not in machine.syncs()[0]


def test_after_an_update_the_environment_is_brought_up_to_date(machine: Machine) -> None:
    machine.run("serve")
    (machine.checkout / "uv.lock").write_text("second")
    machine.run("serve")
    assert len(machine.syncs()) == 2


def test_only_the_test_suite_needs_the_tools_for_testing(machine: Machine) -> None:
    assert machine.run("test", "-k", "child")[:2] == (0, "ran -m pytest -n 2 --dist worksteal -k child")
    assert "--group dev" in machine.syncs()[0]


def test_two_first_starts_at_once_make_one_environment(machine: Machine) -> None:
    started = [machine.start("serve") for _ in range(3)]
    assert [process.communicate(timeout=30)[0].strip() for process in started] == ["ran -m service.cli serve"] * 3
    assert len(machine.syncs()) == 1


def test_a_start_that_was_cut_off_is_made_good_by_the_next(machine: Machine) -> None:
    machine.put("uv", '#!/bin/sh\necho "$*" >>"$UV_CALLS"\nexit 1\n')
    machine.put("python-without-venv", f'#!/bin/sh\n[ "$1" = -m ] && exit 1\nexec {sys.executable} "$@"\n')
    code, _, err = machine.run("serve", PYTHON=str(machine.bin / "python-without-venv"))
    assert code == 1
    assert "python3-venv" in err
    machine.put("uv", UV)
    assert machine.run("serve")[0] == 0


def test_a_python_that_is_too_old_is_told_in_both_languages(machine: Machine) -> None:
    for name in ("python3", "python3.11", "python3.12", "python3.13", "python3.14"):
        machine.put(name, "#!/bin/sh\nexit 1\n")
    code, out, err = machine.run("demo", PYTHON="python3")
    assert (code, out) == (1, "")
    assert "memerlukan Python 3.11" in err
    assert "needs Python 3.11" in err
    assert machine.syncs() == []


def test_it_may_be_called_through_a_link_from_anywhere(machine: Machine) -> None:
    (machine.bin / "d").symlink_to(machine.checkout / "dampingi")
    said = subprocess.run(
        [str(machine.bin / "d"), "stop"],
        cwd="/",
        env={
            **os.environ,
            "PATH": f"{machine.bin}:/usr/bin:/bin",
            "UV_CALLS": str(machine.calls),
            "HOME": str(machine.home),
            "PYTHON": sys.executable,
        },
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout.strip() == "ran -m service.cli stop"
    assert (machine.checkout / ".venv" / "bin" / "python").exists()


def test_the_script_is_plain_posix_shell() -> None:
    subprocess.run(["sh", "-n", str(SCRIPT)], check=True)
    shellcheck = shutil.which("shellcheck")
    if shellcheck is None:
        pytest.skip("shellcheck is not installed")
    subprocess.run([shellcheck, str(SCRIPT), str(root() / ".ci" / "run")], check=True)
