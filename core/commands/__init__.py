"""The subcommands of ``wendelin``, one module each: HELP, ``add_arguments(parser)``, ``run(arguments) -> int``."""
