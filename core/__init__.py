"""The platform: object database, object model, business templates, web application (docs/architecture.md)."""

if __name__ != "wendelin.core":
    raise ImportError(
        f"this folder is the package 'wendelin.core', not {__name__!r}: install the project "
        "(bash wendelin-standalone, or pip install -e .) and import it under that name"
    )
