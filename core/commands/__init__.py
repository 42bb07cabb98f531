"""The subcommands of ``wendelin``, one module each: HELP, ``add_arguments(parser)``, ``run(arguments) -> int``.

- `standalone`, `serve`, `worker`: run an instance, or a part of it. `show`: how to reach it. `configure`: set it up.
- `user`, `template`, `shell`: look after the site. `backup`, `restore`, `pack`: look after the database.
"""
