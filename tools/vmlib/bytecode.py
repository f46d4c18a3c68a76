# SPDX-License-Identifier: GPL-2.0-or-later
"""Compiles the modules named as arguments and all that they import, for the Python that runs this.

Whether a compiled module is still that of its source is not checked: the test VM's root file
system does not change, and does not keep the times of its files.
"""

import importlib
import py_compile
import sys

for name in sys.argv[1:]:
    importlib.import_module(name)
for module in list(sys.modules.values()):
    path = getattr(module, "__file__", None) or ""
    if path.endswith(".py"):
        py_compile.compile(path, doraise=True,
                           invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)
