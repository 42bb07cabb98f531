"""Maps the top-level folders to the namespace ``wendelin`` (pyproject.toml cannot express that mapping)."""

from pathlib import Path

from setuptools import setup

ROOT = Path(__file__).parent
FOLDERS = ("core", "plugins", "configurator")


def find_packages() -> dict[str, str]:
    """Every folder with an ``__init__.py``, as ``{"wendelin.core.web": "core/web"}``."""
    return {
        "wendelin." + ".".join(init.parent.relative_to(ROOT).parts): str(init.parent.relative_to(ROOT))
        for folder in FOLDERS
        for init in sorted((ROOT / folder).rglob("__init__.py"))
    }


def find_data(package_path: str, package_paths: set[str]) -> list[str]:
    """The files of a package that are not Python modules of a package: templates, styles, business template data."""
    base = ROOT / package_path
    found = []
    for path in sorted(base.rglob("*")):
        if not path.is_file() or "__pycache__" in path.parts:
            continue
        parent = next(p for p in path.parents if str(p.relative_to(ROOT)) in package_paths)
        is_module = path.suffix == ".py" and path.parent == parent
        if parent == base and not is_module:
            found.append(str(path.relative_to(base)))
    return found


PACKAGES = find_packages()
setup(
    packages=list(PACKAGES),
    package_dir=PACKAGES,
    package_data={name: find_data(path, set(PACKAGES.values())) for name, path in PACKAGES.items()},
    include_package_data=False,
)
