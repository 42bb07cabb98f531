"""Types of `BTrees`, which brings none: what this project uses."""
