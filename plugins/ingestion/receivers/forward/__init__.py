"""The forward receiver: Fluentd's forward protocol, version 1, over TCP or TLS.

- `protocol`, `handshake`: the messages. `message_reader`: finding them in what a client sends.
- `connection`: one client. `server`: all clients, and the threads that store. `memory`: how much is held for all.
- `tag_patterns`: which policy takes a tag. `joining`: from the entries of messages to chunks.
- `configuration`: the settings. `command`: ``wendelin forward``.
"""
