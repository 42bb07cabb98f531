"""A module of samples in a real site."""

from __future__ import annotations

import pytest


@pytest.fixture
def samples(site, add_type, add_sheet):
    """``sample_module``, whose samples have a reference, a size, dates and the relations ``source`` and ``use``."""
    for base in ("source", "use"):
        if base not in site["portal_categories"]:
            site["portal_categories"].newContent(base, portal_type="Base Category")
    site["portal_categories"]["use"].add_tree(
        [{"id": "wind", "title": "Wind", "category": [{"id": "fast", "title": "Fast Wind"}]}, {"id": "sun"}]
    )
    add_sheet(
        "Sample",
        property=[
            {"id": "reference", "type": "string"},
            {"id": "int_index", "type": "integer"},
            {"id": "start_date", "type": "date"},
            {"id": "text_content", "type": "text"},
        ],
        category=[{"id": "source", "multivalued": True}, {"id": "use", "multivalued": True}],
    )
    add_type("Sample", module="sample_module", property_sheet_list=["Sample"], allowed_content_type_list=["Sample"])
    return site["sample_module"]


@pytest.fixture
def catalog(site):
    return site.portal_catalog


@pytest.fixture
def ids(catalog):
    """``ids(title="x")``: the sorted ids of what a search finds."""

    def search(**kw):
        return sorted(brain.id for brain in catalog(**kw))

    return search
