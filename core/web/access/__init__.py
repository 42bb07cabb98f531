"""Who asks: `authentication`, `password_attempts`, `csrf`, and the signed cookies (`sessions`, `cookie_secret`)."""
