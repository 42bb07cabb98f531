"""What every request has: a database `connections`, `urls`, a status for each error (`statuses`), counters
(`metrics`), and the page of a long table that it asks for (`table_pages`).
"""
