"""The tab "Clients" of an ingestion policy: configurations to copy."""

from __future__ import annotations

from typing import Any

from wendelin.core.management.documents.head import DocumentHead
from wendelin.core.web.requests.urls import url
from wendelin.plugins.ingestion.pages.client_settings import make_settings


def clients(policy: Any, request: Any) -> dict[str, Any]:
    """What to write into the configuration of a program that sends here, with this policy's own address."""
    site_url = request.host_url + url(request, request.site).rstrip("/") + "/"
    return {
        "title": policy.getTitle(),
        "head": DocumentHead(request, policy, "Clients"),
        "settings": make_settings(site_url, policy.getId(), policy.getId(), request.user.id),
    }
