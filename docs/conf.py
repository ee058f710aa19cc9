"""Builds the documentation as a site: `uv run nox -s docs`."""

project = "pytest-qbchat"
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
html_theme = "furo"
templates_path = ["templates"]  # the side bar with the sections of a page
pygments_dark_style = "github-dark"  # that of furo underlines modules like links
html_show_copyright = False
html_static_path = ["static"]
html_css_files = ["site.css"]
myst_heading_anchors = 3
autodoc_typehints = "description"
autodoc_member_order = "bysource"
