"""How answers are sent: `downloads`, `byte_ranges` and `media_types` of stored bytes, `redirecting`,
`response_headers`, `server_sent_events`.
"""
