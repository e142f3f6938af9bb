"""What is true of the programme. No files, clock, log or database in here."""
