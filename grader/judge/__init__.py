"""Judging in plain Python: a package and an answer in, a judgement out. Knows no Django."""
