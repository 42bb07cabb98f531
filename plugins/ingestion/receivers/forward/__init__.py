"""A receiver for Fluentd's forward protocol: stock ``out_forward`` and Fluent Bit send to the site without a plugin."""
