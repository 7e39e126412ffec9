"""The beginning of a Bash program."""

PROGRAM = """\
while IFS= read -r line; do
    printf '%s\\n' "$line"
done
"""
