"""MQTT: what is published on a broker goes to ingestion policies, or becomes MQTT Message documents."""
