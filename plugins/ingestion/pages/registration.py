"""Registers the pages on which one sees what came in; by name, so that only a web server loads them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wendelin.core.registry import PluginConfig

HERE = "wendelin.plugins.ingestion"
TEMPLATES = f"{HERE}:templates"


def register(config: PluginConfig) -> None:
    """Views, static files and the panel of the main page."""
    config.add_static("ingestion", Path(__file__).parents[1] / "static")
    stream = f"{HERE}.pages.stream_page"
    config.add_view(f"{stream}:preview", "preview", "Data Stream", renderer=f"{TEMPLATES}/preview.pt")
    for name in ("facts", "waveform"):
        config.add_view(f"{stream}:{name}", name, "Data Stream", renderer="json")
    for name in ("live", "listen"):
        config.add_view(f"{stream}:{name}", name, "Data Stream")
    content = f"{HERE}.pages.content_pages"
    config.add_view(f"{content}:data_streams", "data_streams", "Data Set", renderer=f"{TEMPLATES}/data_streams.pt")
    config.add_view(f"{content}:buckets", "buckets", "Data Bucket Stream", renderer=f"{TEMPLATES}/buckets.pt")
    config.add_main_page_panel("silent_streams", f"{HERE}.documents.silence:panel")
