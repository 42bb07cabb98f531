"""What every request has: a database `connections`, `urls`, a status for each error (`statuses`), counters
(`metrics`), a form that is not too large (`form_bounds`), and the page of a long table that it asks for
(`table_pages`).
"""
