"""The beginning of an SQL answer; its tables come from each test's input."""

PROGRAM = """\
SELECT 1;
"""
