"""Where policies stand in a site, and the addresses at which programs send to them."""

from __future__ import annotations

from urllib.parse import quote

TOOL = "portal_ingestion_policies"  # id of the tool that holds all policies of a site
FORWARD_PORT = 24224  # where the forward receiver listens unless it is told otherwise: Fluentd's own port


def policy_path(site_path: str, policy_id: str) -> str:
    """``/erp5/portal_ingestion_policies/<policy>``, percent-encoded, for the site at ``site_path`` (``/erp5``)."""
    return f"{site_path.rstrip('/')}/{TOOL}/{quote(policy_id, safe='')}"


def ingest_path(site_path: str, policy_id: str, reference: str) -> str:
    """The path and query that take a chunk of the tag ``reference``: ``<policy>/ingest?reference=<tag>``."""
    return f"{policy_path(site_path, policy_id)}/ingest?reference={quote(reference, safe='')}"
