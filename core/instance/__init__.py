"""One instance: the folder ``var`` with its data, sockets and logs, and the facts that are kept there.

- `var_folder`: `Instance`, by which everybody reads and writes what stands in ``var``.
- `var_option`: the option ``--var`` of the commands, and the instance that it names.
"""
