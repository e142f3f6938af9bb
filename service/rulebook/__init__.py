"""What can be done with the juknis as a text: tell its stories, explain and check its rows, compare two editions."""
