"""Who asks: `authentication`, `password_attempts`, `csrf`, and the signed cookies.

These are `sessions`, `known_devices` and their key, `cookie_secret`.
"""
