"""The catalog: finds documents by their properties, categories, states and words, in the same transaction.

- `tool`: ``portal_catalog``, which is searched, and keeps what it knows in step with the documents.
- `mending`: what a new release mends in the catalog of an older site.
- `indexing`: from a document to the values of its row. `subscribers`, `index_queue`: when that happens.
- `search`: from the arguments of a search to its answer.
- `storage`: rows and indexes; it knows uids and values, no documents.

``storage`` imports nothing of the others, ``search`` only ``storage``, and the modules here both.
"""

from wendelin.core.model.catalog.mending import mend_indexes
from wendelin.core.model.catalog.search.query_objects import (
    AndQuery,
    ComplexQuery,
    NegatedQuery,
    OrQuery,
    Query,
    SimpleQuery,
)
from wendelin.core.model.catalog.subscribers import SUBSCRIBERS
from wendelin.core.registry import PluginConfig

__all__ = ["AndQuery", "ComplexQuery", "NegatedQuery", "OrQuery", "Query", "SimpleQuery"]


def includeme(config: PluginConfig) -> None:
    """Let documents' events reach the catalog, and scripts make queries."""
    for name in (__name__, "Products.ZSQLCatalog.SQLCatalog"):
        config.allow_module(name, __all__, module=__name__)
    for event_class, handler in SUBSCRIBERS:
        config.add_subscriber(event_class, handler)
    config.add_evolution_step(1, mend_indexes, "every document under its values, texts in any form")
