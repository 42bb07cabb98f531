"""What ``/metrics`` says of ingestion is what was committed, by the fast lane and by the ordinary way."""

from __future__ import annotations

from typing import Any

import pytest
from webtest import TestApp

from tests.plugins.ingestion.conftest import pack
from wendelin.core.model.objects.site import get_site
from wendelin.core.security import SYSTEM, as_user
from wendelin.core.web.requests.metrics import total

ADDRESS = "/erp5/portal_ingestion_policies/counted/ingest?reference=counted"
NAMES = ("chunks", "bytes", "repeats")


@pytest.fixture
def policy(web_database: Any) -> None:
    with as_user(SYSTEM), web_database.transaction() as connection:
        get_site(connection).portal_ingestion_policies.IngestionPolicyTool_addIngestionPolicy("counted", "Counted")


def counts() -> dict[str, float]:
    found = {name: total(f"ingestion_{name}_total", policy="counted") for name in NAMES}
    found["refused"] = total("ingestion_refusals_total", policy="counted", kind="refused")
    found["answered"] = total("http_requests_total", route="Ingestion Policy/ingest", method="POST", status="204")
    return found


@pytest.mark.parametrize("short", [True, False])
def test_chunks_are_counted(policy: None, make_client: Any, short: bool) -> None:
    """``short``: past Pyramid (raw body); else as a form that the entrance leaves to the application."""
    client: TestApp = make_client("zope")
    first, second = pack(b"one"), pack(b"two", b"three")

    def send(data: bytes, **kw: Any) -> None:
        if short:
            client.post(ADDRESS, data, content_type="application/octet-stream", **kw)
        else:
            client.post(ADDRESS, upload_files=[("data_chunk", "chunk", data)], **kw)

    send(first)  # so that the password is known, and the documents are there
    before = counts()
    for data in (second, second, first):
        send(data)
    send(b"\xc1 is no msgpack", status=400)
    found = {name: value - before[name] for name, value in counts().items()}
    assert found == {"chunks": 1, "bytes": len(second), "repeats": 2, "refused": 1, "answered": 3}
    text = client.get("/metrics").text
    assert "# HELP wendelin_ingestion_bytes_total Bytes of the chunks that were stored" in text
    assert 'wendelin_ingestion_chunks_total{policy="counted"}' in text
