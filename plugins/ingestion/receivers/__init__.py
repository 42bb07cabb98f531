"""Programs that receive: `forward` (Fluentd's protocol) and `mqtt`.

- `settings_file`: reading their settings. `batches`: storing what they were sent, with waiting and trying again;
  `receipts`: each batch once, also when the database was lost during its commit.
- `allocation`: memory that is given back.
"""
