"""The launcher: the processes of one instance, kept by supervisord, and the folder ``var`` that they share."""
