"""From the arguments of a search to its answer.

- `query_objects`, `grammar`, `values`, `options`: what callers write. `compiler`: from that to conditions.
- `conditions`, `ranges`, `related`, `fulltext_condition`, `combinations`: what can be asked of the indexes.
- `planner`, `walks`: how an answer is found. `results`: the lazy sequence that a caller gets.
"""
