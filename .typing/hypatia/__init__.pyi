"""Types of `hypatia`, which brings none: what this project uses, and of that what it calls or overrides."""
