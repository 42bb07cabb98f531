"""The configurator: installs a chosen set of business templates into a site, with progress."""

if __name__ != "wendelin.configurator":
    raise ImportError(
        f"this folder is the package 'wendelin.configurator', not {__name__!r}: install the project "
        "(bash wendelin-standalone, or pip install -e .) and import it under that name"
    )
