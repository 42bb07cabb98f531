"""Ingestion: what comes in from sensors and log forwarders, under an ingestion policy, into data streams."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from wendelin.plugins.ingestion.pages import registration as pages
from wendelin.plugins.ingestion.receivers import registration as clients

if TYPE_CHECKING:
    from wendelin.core.registry import PluginConfig

HERE = Path(__file__).parent
EVERY_METHOD = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")


def includeme(config: PluginConfig) -> None:
    """The business template ``erp5_wendelin`` and the addresses of its documents."""
    config.add_business_template(HERE / "template")
    views = "wendelin.plugins.ingestion.views"
    # It asks for the permission and the token by itself, so that what it refuses stands in the policy's log.
    config.add_view(
        f"{views}:ingest",
        "ingest",
        "Ingestion Policy",
        permission="",
        require_csrf=False,
        request_method=EVERY_METHOD,
    )
    config.add_entrance("ingestion", "wendelin.plugins.ingestion.intake.entrance:Entrance")
    for name in ("", "getData"):
        config.add_view(
            "wendelin.plugins.ingestion.intake.uploads:put",
            name,
            "Data Stream",
            permission="Modify portal content",
            request_method="PUT",
        )
    config.add_view(f"{views}:get_data", "getData", "Data Stream")
    trial = "wendelin.plugins.ingestion.policies.trial"
    templates = "wendelin.plugins.ingestion:templates"
    config.add_view(
        f"{trial}:trial_page",
        "try_it",
        "Ingestion Policy",
        permission="Modify portal content",
        request_method=("GET", "POST"),
        renderer=f"{templates}/trial.pt",
    )
    config.add_view(
        f"{trial}:log_page",
        "log",
        "Ingestion Policy",
        permission="Modify portal content",
        renderer=f"{templates}/log.pt",
    )
    clients.register(config)
    pages.register(config)
