"""What can be looked up: each file is its tables, its projector and its questions."""
