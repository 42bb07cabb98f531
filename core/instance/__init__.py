"""One instance: the folder ``var`` with its data, sockets and logs, and the facts that are kept there."""
