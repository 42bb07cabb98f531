"""Registers the pages on which one sees what came in; named, so that processes without a web server do not load them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wendelin.core.registry import PluginConfig

HERE = "wendelin.plugins.ingestion"
TEMPLATES = f"{HERE}:templates"


def register(config: PluginConfig) -> None:
    """Views, static files and the panel of the main page."""
    content = f"{HERE}.content_pages"
    config.add_view(f"{content}:data_streams", "data_streams", "Data Set", renderer=f"{TEMPLATES}/data_streams.pt")
    config.add_view(f"{content}:buckets", "buckets", "Data Bucket Stream", renderer=f"{TEMPLATES}/buckets.pt")
