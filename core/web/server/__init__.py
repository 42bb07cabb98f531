"""The web server process: waitress, with a bound on the time and the memory that any client can take.

- `client_limits`: the bounds, as settings of ``development.ini``. `parsing`: how large a body may be, by its head.
- `channels`: one connection: who is asked for credentials before a large body is read, and who is too slow.
- `admission`: whether somebody may send a large body. `threads`: long answers do not hold the threads of pages.
- `serving`: the server itself, which ``development.ini`` names.
"""
