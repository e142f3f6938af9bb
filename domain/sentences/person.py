"""What happened to a child or a mother as a person: where they belong, and what becomes of what is known of them."""
