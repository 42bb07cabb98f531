"""How answers are sent: `downloads` and byte `ranges`, `response_headers`, `server_sent_events`."""
