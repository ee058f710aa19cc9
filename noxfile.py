"""The checks of a commit, in environments of their own: `uv run nox`.

The Pythons are those from 3.11 on that are installed. Nothing is downloaded but packages.
The tests take the short profile; `coverage` takes the long one, which runs everything that the suite has.
"""

from __future__ import annotations

import os
import subprocess
from itertools import chain
from pathlib import Path

import nox
from uv import find_uv_bin

nox.needs_version = ">=2025.5.1"
nox.options.default_venv_backend = "uv"
nox.options.download_python = "never"
nox.options.reuse_existing_virtualenvs = True
os.environ["UV_PYTHON_DOWNLOADS"] = "never"

UV = find_uv_bin()
VERSIONS = [f"3.{minor}" for minor in range(11, 16)]
SHORT = {"QBCHAT_TESTS": "short"}
LONG = {"QBCHAT_TESTS": "long"}
BROWSER = {"QBCHAT_BROWSER": "required"}
# Of the sessions that need the default groups on the oldest Python: filled once, and its byte code is compiled once.
SHARED = str(Path(".nox", "project").absolute())


def _interpreters() -> dict[str, str]:
    """The path of each supported Python on the PATH, or beside it in the folders of pyenv."""
    kept = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")).glob("versions/3.*/bin")
    path = os.pathsep.join([os.environ["PATH"], *map(str, kept)])
    found = {}
    for version in VERSIONS:
        command = [UV, "python", "find", "--no-project", "--system", version]
        done = subprocess.run(
            command, env={**os.environ, "PATH": path}, capture_output=True, encoding="utf-8", check=False
        )
        if done.returncode == 0:
            found[version] = done.stdout.strip()
    return found


INTERPRETERS = _interpreters()
PYTHONS = list(INTERPRETERS)
OLDEST = PYTHONS[0]
# `coverage` runs the tests on the oldest Python.
nox.options.sessions = [
    *(f"tests-{python}" for python in PYTHONS[1:]),
    *("coverage", "lowest", "examples", "detection", "judges", "browser", "lint", "types", "docs"),
]
# nox looks for "python3.12" on the PATH, where a version manager may have a launcher that refuses.
os.environ["PATH"] = os.pathsep.join(
    dict.fromkeys(
        chain((str(Path(path).parent) for path in INTERPRETERS.values()), os.environ["PATH"].split(os.pathsep))
    )
)


def _run(session: nox.Session, *command: str, env: dict[str, str] | None = None, options: tuple[str, ...] = ()) -> None:
    """Run a command in the environment of a session, or the shared one, with the project and its groups installed."""
    location, python = (session.virtualenv.location, str(session.python)) if session.python else (SHARED, OLDEST)
    place = {"UV_PROJECT_ENVIRONMENT": location, "VIRTUAL_ENV": location, "UV_PYTHON": python}
    session.run(UV, "run", *options, *command, env={**place, **(env or {})}, external=True)


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """The tests."""
    _run(session, "pytest", *session.posargs, env=SHORT)


@nox.session(venv_backend="none")
def coverage(session: nox.Session) -> None:
    """The long profile, with every line and branch covered and warnings as errors."""
    _run(session, "coverage", "erase")
    # CPython 3.11 lets the trace functions of two threads that start at once collide, and says so in such a warning.
    collision = "ignore:Exception ignored in thread started by:pytest.PytestUnraisableExceptionWarning"
    warnings = ("-W", "error", "-W", collision)
    _run(session, "coverage", "run", "-m", "pytest", "-q", *warnings, *session.posargs, env=LONG)
    _run(session, "coverage", "combine", "-q")
    _run(session, "coverage", "report")


@nox.session(python=OLDEST)
def lowest(session: nox.Session) -> None:
    """The tests with the lowest versions that the project allows, without the plugins of respx and Faker."""
    lowest = ("--isolated", "--resolution", "lowest-direct", "--no-default-groups", "--group", "test")
    without = ("-p", "no:respx", "-p", "no:faker")
    _run(session, "pytest", "-q", "-W", "error", *without, *session.posargs, env=SHORT, options=lowest)


@nox.session(venv_backend="none")
def examples(session: nox.Session) -> None:
    """The examples, as the README runs them."""
    _run(session, "pytest", "conftest_examples")


@nox.session(python=OLDEST)
def detection(session: nox.Session) -> None:
    """How many mistakes a test finds, against the floors, and that no correct variant alarms."""
    _run(
        session, "python", "-m", "benchmarks.detection", "--check", options=("--no-default-groups", "--group", "bench")
    )


@nox.session(python=OLDEST)
def judges(session: nox.Session) -> None:
    """The document of the API, judged by schemathesis and by a generated client."""
    judged = "tests/api_document/test_judges.py"
    _run(session, "pytest", "-q", judged, *session.posargs, options=("--no-default-groups", "--group", "judges"))


@nox.session(python=OLDEST)
def browser(session: nox.Session) -> None:
    """The page in Chromium, which must be installed, and the pictures of the documentation."""
    options = ("--no-default-groups", "--group", "browser")
    _run(session, "pytest", "-q", "-W", "error", "tests/browser", *session.posargs, env=BROWSER, options=options)


@nox.session(venv_backend="none")
def lint(session: nox.Session) -> None:
    """What ruff has to say, and zizmor of the workflows."""
    _run(session, "ruff", "check")
    _run(session, "ruff", "format", "--check")
    _run(session, "zizmor", "--offline", "--quiet", ".github")


@nox.session(venv_backend="none")
def types(session: nox.Session) -> None:
    """What mypy and pyright have to say."""
    _run(session, "mypy")
    _run(session, "pyright")


@nox.session(python=OLDEST)
def docs(session: nox.Session) -> None:
    """The documentation as a site, without warnings."""
    built = str(Path(session.create_tmp()) / "site")
    _run(
        session,
        "sphinx-build",
        "-W",
        "-q",
        "-b",
        "html",
        "docs",
        built,
        options=("--no-default-groups", "--group", "docs"),
    )
