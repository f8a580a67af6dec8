"""Configuration of the documentation site; built without the internet by

    uv run --group docs sphinx-build -W -c docs . docs/site


The pages of the rooms are the sources: they stay where they are, and links between them become links of the site. What
is data in the code (commands, tables, rules, scenarios) is written to `reference/generated/` by `pages.py`.
"""

import sys
from importlib.metadata import version as metadata_version
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from docutils import nodes
from docutils.utils.math.latex2mathml import tex2mathml
from pages import write_all

project = "juste-retour"
author = "the juste-retour developers"
project_copyright = author
version = release = metadata_version("juste-retour")
root_doc = "docs/index"
# Sphinx is run at the project's root, so that each page is read where it stands
include_patterns = [
    "docs/**",
    "README.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "CODE_OF_CONDUCT.md",
    "THIRD_PARTY_LICENSES.md",
    "agents/**.md",
    "abm/**.md",
    "runs/**.md",
    "visualization/**.md",
]
exclude_patterns = ["docs/site", "docs/paper", "runs/studies/europe/odd_template.md", ".github"]
extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
]
source_suffix = {".md": "markdown", ".rst": "restructuredtext"}
myst_enable_extensions = ["colon_fence", "dollarmath", "deflist"]
myst_heading_anchors = 4
nitpicky = False
autodoc_typehints = "description"
autodoc_member_order = "bysource"
autosummary_generate = False
smartquotes = False  # examples can be pasted
html_theme = "pydata_sphinx_theme"
html_title = "juste-retour"
html_static_path = ["_static"]
html_extra_path = ["llms.txt"]
html_show_sourcelink = False
html_theme_options = {
    "navbar_end": ["theme-switcher"],
    "secondary_sidebar_items": ["page-toc"],
    "show_prev_next": True,
    "footer_start": ["copyright"],
    "footer_end": [],
}
html_math_renderer = "mathml"

write_all(Path(__file__).parent / "reference" / "generated")


def _math(writer, node, as_block=False):
    writer.body.append(tex2mathml(node.astext(), as_block=as_block))
    raise nodes.SkipNode


def setup(app):
    """Write formulas as MathML, which browsers draw by themselves; the usual renderer loads a script from the internet."""
    app.add_html_math_renderer("mathml", (_math, None), (lambda writer, node: _math(writer, node, True), None))
