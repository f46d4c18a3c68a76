# SPDX-License-Identifier: GPL-2.0-or-later
"""How Sphinx makes HTML of the pages here ("make doc")."""

import os

project = "OpenENA"
author = "the OpenENA authors"
copyright = author  # pylint: disable=redefined-builtin
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "VERSION"), encoding="utf-8") as source:
    version = release = source.read().strip()

# That of Linux's own documentation, and a part of Sphinx.
html_theme = "alabaster"
html_theme_options = {
    "description": "A QEMU device and a Linux driver for the Elastic Network Adapter",
    "fixed_sidebar": True,
    "page_width": "70em",
    "sidebar_width": "17em",
    "show_powered_by": False,
}
html_copy_source = False
html_show_sphinx = False
highlight_language = "none"
smartquotes = False
