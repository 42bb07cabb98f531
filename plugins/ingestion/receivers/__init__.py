"""Programs that receive: `forward` (Fluentd's protocol) and `mqtt`, with their settings files."""
