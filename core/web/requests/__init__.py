"""What every request has: a database `connections`, `urls`, a status for each error (`statuses`), and counters
(`metrics`).
"""
