"""Builds the documentation as a site: `uv run nox -s docs`."""

project = "pytest-qbchat"
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
html_theme = "furo"
myst_heading_anchors = 3
autodoc_typehints = "description"
autodoc_member_order = "bysource"
# Links to folders of the repository have no page. The tests check that every link has a target.
suppress_warnings = ["myst.xref_missing"]
