"""SQL answers, one a verdict: over a table `given` with the column `x`."""

_ENDLESS = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT {} FROM c;"
PROGRAMS = {
    "AC": "SELECT coalesce(sum(x), 0) FROM given;",
    "WA": "SELECT -1;",
    "TLE": _ENDLESS.format("count(*)"),
    "MLE": """
        WITH RECURSIVE c(x, y) AS (
            SELECT 1, zeroblob(1000000) UNION SELECT x + 1, zeroblob(1000000) FROM c
        )
        SELECT count(*) FROM c;
    """,
    "OLE": _ENDLESS.format("'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx'"),
    "RE": "SELECT sum(y) FROM given;",
    "CE": """
        SELECT sum(x)
        FROM given
        WERE x > 0;
    """,
}
CE_PLACE = "solution.sql:4:"
