"""Pages where answers are written, judged and marked."""
