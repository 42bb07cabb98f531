"""One instance: the folder ``var`` with its data, sockets and logs, and the facts that are kept there.

- `var_folder`: `Instance`, by which everybody reads and writes what stands in ``var``.
- `sockets`: where its unix sockets stand, private whatever the length of the path.
- `var_option`: the option ``--var`` of the commands, and the instance that it names.
"""
