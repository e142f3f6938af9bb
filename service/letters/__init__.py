"""Letters on paper: what a referral says in words, and the pages typst makes of it."""
