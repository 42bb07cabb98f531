"""The launcher: the processes of one instance, kept by supervisord, and the folder ``var`` that they share.

- `standalone`: starting an instance, watching it, stopping it. `first_start`: the site. `check`: proving that it works.
- `supervised_process`, `processes`: which programs run. `supervision`: supervisord. `guard`: nobody outlives the
  supervisor.
- `database_server`: is it there, and one for a command while the instance is stopped. `database_process`: the program
  itself. ``setup.sh``: the environment.
"""
