"""The plugins that come with Wendelin; each depends on core and on the plugins its manifest names.

- `ingestion`: data that comes in. `analysis`: arrays larger than memory, as documents.
"""

if __name__ != "wendelin.plugins":
    raise ImportError(
        f"this folder is the package 'wendelin.plugins', not {__name__!r}: install the project "
        "(bash wendelin-standalone, or pip install -e .) and import it under that name"
    )
