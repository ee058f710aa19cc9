"""`.ci/run` with a stub of uv: which sessions it runs, and with which exit status it ends."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LISTED = ["tests-3.12", "coverage", "lowest", "examples", "lint", "docs"]
UV = f"""#!/bin/sh
echo "$@" >> asked
case "$*" in
    *"$FAILING"*) echo "a failure of $FAILING"; exit 3 ;;
    "run nox --list")
        echo "- tests-3.11 -> not run"
        printf '* %s -> what it is\\n' {" ".join(LISTED)} ;;
esac
"""

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the script needs bash")


def ci_run(folder: Path, *arguments: str, failing: str = "nothing") -> tuple[int, str, list[str]]:
    """The exit status and the output of the script, and what it asked uv for, in any order."""
    programs = folder / ".uv" / "bin"
    for path in (folder / ".ci", programs):
        path.mkdir(parents=True)
    script = shutil.copy(ROOT / ".ci" / "run", folder / ".ci" / "run")
    for name, text in {"uv": UV, **dict.fromkeys(("python3", "pip", "chromium"), "#!/bin/sh\n")}.items():
        (programs / name).write_text(text, encoding="utf-8")
        (programs / name).chmod(0o755)
    environment = {**os.environ, "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}", "FAILING": failing}
    command = ["bash", script, *arguments]
    done = subprocess.run(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8", check=False
    )
    return done.returncode, done.stdout, sorted((folder / "asked").read_text(encoding="utf-8").splitlines())


def test_each_listed_session_is_run_once_after_the_command_of_the_readme(tmp_path: Path) -> None:
    suites, rest = "run nox -s tests-3.12 coverage lowest", "run nox -s examples lint docs"
    assert ci_run(tmp_path) == (0, "", ["run nox --list", rest, suites, "run pytest"])


@pytest.mark.parametrize("failing", ["run pytest", "run nox --list", *LISTED])
def test_a_session_that_fails_fails_the_script_and_is_shown(tmp_path: Path, failing: str) -> None:
    status, output, _ = ci_run(tmp_path, failing=failing)
    assert status == 3
    assert output == ("" if failing == "run nox --list" else f"a failure of {failing}\n")


def test_sessions_that_are_named_are_run_alone(tmp_path: Path) -> None:
    assert ci_run(tmp_path, "-s", "lint", "types") == (0, "", ["run nox -s lint types", "run pytest"])


def test_a_named_session_that_fails_fails_the_script(tmp_path: Path) -> None:
    status, output, _ = ci_run(tmp_path, "-s", "lint", failing="lint")
    assert (status, output) == (3, "a failure of lint\n")
