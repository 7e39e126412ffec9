"""JavaScript answers, one a verdict."""

PROGRAMS = {
    "AC": """
        const [n, ...rest] = require("fs").readFileSync(0, "utf8").split(/\\s+/).filter(Boolean).map(Number);
        console.log(rest.reduce((sum, x) => sum + x, 0));
    """,
    "WA": "console.log(-1)",
    "TLE": "while (true);",
    "MLE": "for (const x = [];;) x.push(new Array(1 << 17).fill(0.5));",
    "OLE": "for (;;) require('fs').writeSync(1, 'x'.repeat(9999));",
    "RE": "throw new Error('why')",
    "CE": """
        const fs = require("fs");

        console.log(fs;
    """,
}
FUNCTIONS = {
    "AC": "const solve = (x) => 2 * x;",
    "WA": "function solve(x) { return x; }",
    "TLE": "function solve(x) { while (true); }",
    "MLE": "function solve(x) { for (const y = [];;) y.push(new Array(1 << 17).fill(0.5)); }",
    "OLE": "function solve(x) { for (;;) require('fs').writeSync(1, 'x'.repeat(9999)); }",
    "RE": "function solve(x) { return x.y.z; }",
    "CE": """
        "use strict";

        function solve(x) { return x +* 2; }
    """,
}
CE_PLACE = "solution.cjs:4"
