"""Pages of question sets: made and read by interviewers, taken by candidates."""
