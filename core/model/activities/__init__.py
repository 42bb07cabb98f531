"""Calls that are made later, by worker processes, in transactions of their own.

- `queue`: ``portal_activities`` and ``document.activate()``. `message`: one call, as it is kept.
- `running`: choosing and running what is due. `worker`: the process that does it, and
  its `leases`. `alarms`: calls made again and again.
- `big_data_compaction`: the alarm that joins small pieces of big data.
"""
