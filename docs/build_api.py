"""Makes the API reference from the docstrings: ``python docs/build_api.py [FOLDER]``, by default into `build/api`.

Fails when a module cannot be imported, or promises in ``__all__`` what it does not have.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pdoc
import pdoc.render

ROOT = Path(__file__).parents[1]
PACKAGES = ("wendelin.core", "wendelin.plugins", "wendelin.configurator")


def find_modules() -> Iterator[str]:
    """Every module of the platform by its full name. Raises `ImportError` for one that cannot be imported."""
    for name in PACKAGES:
        package = importlib.import_module(name)
        yield name
        for found in pkgutil.walk_packages(package.__path__, f"{name}.", onerror=raise_error):
            if not found.name.endswith("__main__"):
                yield found.name


def raise_error(name: str) -> None:
    """What `pkgutil.walk_packages` calls for a package that it cannot import: it would pass over it otherwise."""
    raise ImportError(f"{name} cannot be imported") from sys.exc_info()[1]


def resolve_lazy_names(module: ModuleType) -> None:
    """Put what a module loads at first use (``__getattr__``) into it, so that pdoc finds it there."""
    for name in getattr(module, "__all__", ()):
        vars(module).setdefault(name, getattr(module, name))


def build(folder: Path) -> int:
    """Write the reference into a folder; the number of modules."""
    names = list(find_modules())
    for name in names:
        resolve_lazy_names(importlib.import_module(name))
    pdoc.render.configure(docformat="restructuredtext", show_source=False, footer_text="Wendelin")
    with warnings.catch_warnings():
        warnings.filterwarnings("error", module="pdoc")
        # Annotations that only a type checker can resolve are shown as they are written.
        warnings.filterwarnings("ignore", "(Error parsing|Failed to run TYPE_CHECKING code)")
        pdoc.pdoc(*PACKAGES, output_directory=folder)
    return len(names)


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "build" / "api"
    print(f"{build(target)} modules: {target / 'index.html'}")
