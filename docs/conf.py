"""Builds the documentation as a site: `uv run nox -s docs`."""

from importlib.util import find_spec
from pathlib import Path
from typing import Any

project = "pytest-qbchat"
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
html_theme = "furo"
templates_path = ["templates"]  # the side bar with the sections of a page
pygments_dark_style = "github-dark"  # that of furo underlines modules like links
html_show_copyright = False
# Redoc, as a package has it.
_REDOC = Path(find_spec("drf_spectacular_sidecar").origin).parent / "static/drf_spectacular_sidecar/redoc/bundles"
html_static_path = ["static"]
html_css_files = ["site.css"]
myst_heading_anchors = 3
autodoc_typehints = "description"
autodoc_member_order = "bysource"


def _write_document(app: Any, error: Exception | None) -> None:
    document = (Path(__file__).parents[1] / "pytest_qbchat/openapi.json").read_text(encoding="utf-8")
    shown = f"Redoc.init({document}, {{hideDownloadButton: true}}, document.getElementById('openapi'))"
    program = (_REDOC / "redoc.standalone.js").read_text(encoding="utf-8")
    program = program.replace("https://cdn.redoc.ly/redoc/logo-mini.svg", "data:,")  # the site needs no network
    static = Path(app.outdir) / "_static"
    (static / "redoc.standalone.js").write_text(program, encoding="utf-8")
    (static / "openapi.js").write_text(shown, encoding="utf-8")


def setup(app: Any) -> None:
    """Put the document of the API beside the page that shows it."""
    app.connect("build-finished", _write_document)
