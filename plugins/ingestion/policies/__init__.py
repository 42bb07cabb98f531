"""Ingestion policies: `policy`, its `limits`, its `policy_log`, its `trial`, and `counters` for ``/metrics``."""
