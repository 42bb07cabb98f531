"""The catalog: finds documents by their properties, categories, states and words, in the same transaction.

Ground first; a module imports only from those above it:

- ``columns``: what is indexed
- ``ranked``, ``indexes``, ``fulltext``, ``rows``, ``security_table``, ``store``: the data
- ``indexing``, ``queue``, ``subscribers``: from documents to data
- ``query``, ``grammar``: what is asked
- ``conditions``, ``ranges``, ``logic``, ``values``, ``related``, ``compiler``: conditions on rows and indexes
- ``walks``, ``planner``: how documents are found
- ``results``, ``options``, ``tool``: ``portal_catalog``
"""

from typing import Any

from wendelin.core.model.catalog.search.query_objects import (
    AndQuery,
    ComplexQuery,
    NegatedQuery,
    OrQuery,
    Query,
    SimpleQuery,
)

__all__ = ["AndQuery", "ComplexQuery", "NegatedQuery", "OrQuery", "Query", "SimpleQuery"]


def includeme(config: Any) -> None:
    """Let documents' events reach the catalog."""
    from wendelin.core.model.catalog.subscribers import SUBSCRIBERS

    for event_class, handler in SUBSCRIBERS:
        config.add_subscriber(event_class, handler)
