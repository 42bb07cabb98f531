"""Ingestion: what comes in from sensors and log forwarders, under an ingestion policy, into data streams."""
