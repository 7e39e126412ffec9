"""Set-up and running of a whole installation on one machine."""
