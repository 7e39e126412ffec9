"""TypeScript answers, one a verdict."""

PROGRAMS = {
    "AC": """
        import * as fs from "fs";
        const [n, ...rest]: number[] = fs.readFileSync(0, "utf8").split(/\\s+/).filter(Boolean).map(Number);
        console.log(rest.reduce((sum, x) => sum + x, 0));
    """,
    "WA": "console.log(-1)",
    "TLE": "while (true);",
    "MLE": "for (const x: number[][] = [];;) x.push(new Array<number>(1 << 17).fill(0.5));",
    "OLE": "const fs = require('fs'); for (;;) fs.writeSync(1, 'x'.repeat(9999));",
    "RE": "throw new Error('why')",
    "CE": """
        const x: number = 1;

        const y: string = x;
    """,
}
FUNCTIONS = {
    "AC": "function solve(x: number): number { return 2 * x; }",
    "WA": "const solve = (x: number): number => x;",
    "TLE": "function solve(x: number): number { while (true); }",
    "MLE": """
        function solve(x: number): number {
            for (const y: number[][] = [];;) y.push(new Array<number>(1 << 17).fill(0.5));
        }
    """,
    "OLE": "function solve(x: number): number { for (;;) require('fs').writeSync(1, 'x'.repeat(9999)); }",
    "RE": "function solve(x: number): number { throw new Error('why'); }",
    "CE": """
        function solve(x: number): number {

            return "" + x;
        }
    """,
}
CE_PLACE = "solution.ts(4,"
