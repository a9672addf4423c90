"""Letting modules go."""

import sys


def unload(name):
    """Let a module go, so that its code does not stay in memory."""
    if sys.modules.pop(name, None):
        package, _, leaf = name.rpartition(".")
        parent = sys.modules.get(package)
        if parent and hasattr(parent, leaf):
            delattr(parent, leaf)
