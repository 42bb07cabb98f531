"""Mutations of bodies posted to a policy, plain and with gzip: no 5xx, no fragment stored.

The full run: WENDELIN_FUZZ_EXAMPLES=20000.
"""

from __future__ import annotations

import gzip
import os
import random

import msgpack
from webtest import TestApp

from tests.plugins.ingestion.ingest_fixtures import *  # noqa: F403
from tests.plugins.ingestion.ingest_fixtures import basic, post, stored
from tests.plugins.ingestion.mutations import make_body, mutate, read_payload
from wendelin.core.database import Database

EXAMPLES = int(os.environ.get("WENDELIN_FUZZ_EXAMPLES", "200"))


def test_bodies(app: TestApp, database: Database) -> None:
    expected, statuses = b"", set()
    for source in map(random.Random, range(EXAMPLES)):
        # the first event makes each body another one
        body = msgpack.packb([source.randrange(2**32), {"message": b"%f" % source.random()}]) + make_body(source)
        headers = basic("zope")
        is_packed = source.random() < 0.3
        if is_packed:
            body = mutate(source, gzip.compress(mutate(source, body)))
            headers["Content-Encoding"] = "gzip"
        else:
            body = mutate(source, body)
        answer = post(app, body, headers=headers, expect_errors=True)
        statuses.add(answer.status_int)
        if answer.status_int == 204:
            payload = read_payload(gzip.decompress(body) if is_packed else body, "pydata")
            assert payload is not None
            expected += payload
    assert {204, 400} <= statuses <= {204, 400, 413}
    assert b"".join(stored(database).values()) == expected
