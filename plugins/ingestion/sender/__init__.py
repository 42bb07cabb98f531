"""``wendelin send``: sends files to a policy as Fluentd with fluent-plugin-bin does, without Fluentd."""
