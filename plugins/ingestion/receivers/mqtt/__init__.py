"""The MQTT client: stores what is published on a broker.

- `client`: the connection to the broker. `delivery`: messages to their policies, each once.
- `broker_sessions`: what the site remembers of a broker, so that a message that comes again is known.
- `messages`: MQTT Message documents, and the data operation that makes them.
- `topic_filters`: which filters contain others. `waiting`: what came and is not stored.
- `configuration`: the settings. `command`: ``wendelin mqtt``. ``template/`` is the business template ``erp5_mqtt``.
"""
