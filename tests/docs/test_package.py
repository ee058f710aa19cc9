"""What is shipped: the wheel and the source archive, and the first README example against the wheel."""

from __future__ import annotations

import os
import pkgutil
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from importlib import import_module
from pathlib import Path, PurePosixPath

import pytest
from address import enter
from support.offline import skip_if_offline
from test_readme import SHOP, TEST_SHOP

import pytest_qbchat

ROOT = Path(__file__).parents[2]
PACKAGE = {path.relative_to(ROOT).as_posix() for path in (ROOT / "pytest_qbchat").rglob("*.*") if path.suffix != ".pyc"}


def uv(*args: object) -> None:
    command = [sys.executable, "-m", "uv", "--quiet", *map(str, args)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8", check=False)
    skip_if_offline(done.stderr)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="session")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    uv("build", "--out-dir", folder)
    return folder


def test_the_wheel_holds_the_package_and_nothing_else(dist: Path) -> None:
    [wheel] = dist.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if not name.endswith("/")}
        info = {PurePosixPath(name).name: name for name in names if ".dist-info/" in name}
        metadata = archive.read(info["METADATA"]).decode()
        entry_points = archive.read(info["entry_points.txt"]).decode()
    assert names - set(info.values()) == PACKAGE
    assert "pytest_qbchat/py.typed" in names
    assert info.keys() >= {"METADATA", "RECORD", "WHEEL", "LICENSE", "entry_points.txt"}
    assert "[pytest11]\nqbchat = pytest_qbchat:plugin\n" in entry_points
    requirements = [
        line for line in metadata.splitlines() if line.startswith("Requires-Dist: ") and "extra ==" not in line
    ]
    assert [line.split()[1].partition(">")[0] for line in requirements] == ["faker", "h11", "httpx", "pytest", "respx"]
    assert "\nRequires-Python: >=3.11\n" in metadata
    assert "\nLicense-Expression: MIT\n" in metadata
    assert "\nClassifier: Framework :: Pytest\n" in metadata


def test_links_and_pictures_of_the_readme_are_absolute_on_a_package_page(tmp_path: Path) -> None:
    for name in ("README.md", "pyproject.toml", "LICENSE"):
        shutil.copy(ROOT / name, tmp_path)
    shutil.copytree(ROOT / "pytest_qbchat", tmp_path / "pytest_qbchat", ignore=shutil.ignore_patterns("*.pyc"))
    enter(tmp_path, "https://old.example/qbchat")
    enter(tmp_path, "https://git.example/qbchat/")
    uv("build", "--wheel", "--out-dir", tmp_path / "dist", tmp_path)
    [wheel] = (tmp_path / "dist").glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        [name] = [name for name in archive.namelist() if name.endswith("/METADATA")]
        metadata = archive.read(name).decode()
    assert "\nProject-URL: Repository, https://git.example/qbchat\n" in metadata
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    relative = re.findall(r"(!?)\[[^]]*]\((?!https?:)([^)#]+)(#[^)]*)?\)", text)
    assert len(relative) > 5
    for picture, path, anchor in relative:
        assert (ROOT / path).is_file()
        assert f"(https://git.example/qbchat/{'raw' if picture else 'blob'}/main/{path}{anchor})" in metadata
    assert not re.search(r"]\((?!https?:)", metadata)
    assert "old.example" not in metadata


def test_each_module_has_its_place_on_the_architecture_page_or_in_the_docstring_of_its_package() -> None:
    page = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    for package, text in (("pytest_qbchat", page), ("pytest_qbchat.service", None)):
        module = import_module(package)
        names = {each.name for each in pkgutil.iter_modules(module.__path__) if not each.name.startswith("_")}
        described = text or module.__doc__ or ""
        assert [name for name in sorted(names) if not re.search(rf"\b{name}(\.py|/)?[` ]", described)] == []


def test_the_version_is_that_of_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert pytest_qbchat.__version__ == project["version"]


def test_the_version_is_read_when_it_is_asked_for() -> None:
    """The metadata of a package are read from the disk, which is no work for a run that asks for no version."""
    code = "import sys, pytest_qbchat; assert 'importlib.metadata' not in sys.modules; print(pytest_qbchat.__version__)"
    command = [sys.executable, "-S", "-c", code]  # without the hooks of site-packages, which may import anything
    paths = os.pathsep.join([str(ROOT), *sys.path])
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, "PYTHONPATH": paths}, capture_output=True, encoding="utf-8", check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.strip() == pytest_qbchat.__version__


def test_the_source_archive_holds_all_that_the_tests_need(dist: Path) -> None:
    [source] = dist.glob("*.tar.gz")
    with tarfile.open(source) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert names >= PACKAGE
    assert names >= {"README.md", "CHANGELOG.md", "LICENSE", "pyproject.toml", "tests/docs/test_package.py", ".ci/run"}
    assert names >= {
        "CONTRIBUTING.md",
        "SECURITY.md",
        "noxfile.py",
        ".github/workflows/ci.yml",
        ".pre-commit-config.yaml",
        "scripts/trust.py",
    }
    assert names >= {"conftest_examples/first_message/shop.py", "benchmarks/README.md", "docs/guide.md"}
    assert [name for name in names if name.endswith((".pyc", "uv.lock"))] == []


@pytest.mark.slow
@pytest.mark.long
def test_the_first_example_of_the_readme_runs_against_the_wheel(dist: Path, tmp_path: Path) -> None:
    [wheel] = dist.glob("*.whl")
    environment = tmp_path / "environment"
    python = environment / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    uv("venv", "--python", sys.executable, environment)
    uv("pip", "install", "--python", python, wheel)
    (tmp_path / "shop.py").write_text(SHOP, encoding="utf-8")
    (tmp_path / "test_shop.py").write_text(TEST_SHOP, encoding="utf-8")
    command = [python, "-m", "pytest", "-W", "error", "-rP", "test_shop.py"]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, encoding="utf-8", check=False)
    assert result.returncode == 0, result.stdout
    assert "1 passed" in result.stdout
    assert "sent to chat, delivered to no known occupant; markable; image 47863" in result.stdout
