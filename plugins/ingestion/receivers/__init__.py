"""Programs that receive: `forward` (Fluentd's protocol) and `mqtt`.

- `settings_file`: reading their settings. `batches`: storing what they were sent, with waiting and trying again.
  `allocation`: memory that is given back.
"""
