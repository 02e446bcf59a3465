"""What keeps a stack from being looked after, found by name, with what to type."""
