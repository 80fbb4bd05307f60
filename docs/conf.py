"""How the documentation is built: ``sphinx-build -W docs docs/_build``."""

from __future__ import annotations

import importlib.metadata

project = "napari-anomalous-diffusion"
author = "The napari-anomalous-diffusion authors"
copyright = "the napari-anomalous-diffusion authors, BSD-3-Clause"
release = importlib.metadata.version("napari-anomalous-diffusion")

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build"]

html_theme = "furo"
html_title = "napari-anomalous-diffusion"
html_favicon = html_logo = "../src/napari_anomalous_diffusion/icon.svg"
html_static_path: list[str] = []
html_theme_options = {
    "source_repository": (
        "https://github.com/napari-anomalous-diffusion/napari-anomalous-diffusion/"
    ),
    "source_branch": "main",
    "source_directory": "docs/",
}

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints = "none"  # numpydoc's own sections tell the types, with shapes and units
autodoc_default_options = {"members": True, "exclude-members": "__init__"}
napoleon_google_docstring = False
napoleon_use_rtype = False
napoleon_use_ivar = True
default_role = "code"
