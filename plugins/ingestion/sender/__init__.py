"""``wendelin send``: sends files to a policy as Fluentd with fluent-plugin-bin does, without Fluentd.

- `command`: the command. `tailing`: reads files as they grow. `transport`: sends each chunk until it is acknowledged.
- `positions`: the file that says how far each file was sent. `fingerprints`: by what a file is known again.
- `progress`: the progress bar.
"""
