"""Ingestion policies: what may be sent under which tags, and what became of it.

- `policy`: the documents, and how a policy takes in a chunk. `limits`: who may send, how much, how often.
  `chunk_order`: whether older chunks are refused.
- `declared_scripts`: which scripts a policy may call.
- `policy_log`: refusals and repeats, kept with the policy. `counters`: the same as numbers for ``/metrics``.
- `trial`: what would happen to a chunk. `addresses`: where to send. `client_settings`: configurations of senders, whose
  texts are in `client_texts`, and the command ``wendelin forward-config``.
"""
