"""How answers are sent: `downloads` and `byte_ranges`, `response_headers`, `server_sent_events`; `redirecting`."""
