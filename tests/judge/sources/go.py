"""Go answers, one a verdict."""

PROGRAMS = {
    "AC": """
        package main

        import "fmt"

        func main() {
            var n, x, sum int
            for fmt.Scan(&n); n > 0; n-- {
                fmt.Scan(&x)
                sum += x
            }
            fmt.Println(sum)
        }
    """,
    "WA": """
        package main

        func main() { print(-1) }
    """,
    "TLE": """
        package main

        func main() { for {} }
    """,
    "MLE": """
        package main

        import "bytes"

        func main() {
            var x [][]byte
            for { x = append(x, bytes.Repeat([]byte("x"), 1<<20)) }
        }
    """,
    "OLE": """
        package main

        import "fmt"

        func main() { for { fmt.Println("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx") } }
    """,
    "RE": """
        package main

        func main() { panic("why") }
    """,
    "CE": """
        package main

        func main() { nothing() }
    """,
}
FUNCTIONS = {
    "AC": """
        package main

        func solve(x int) int { return 2 * x }
    """,
    "WA": """
        package main

        func solve(x int) int { return x }
    """,
    "TLE": """
        package main

        func solve(x int) int { for {} }
    """,
    "MLE": """
        package main

        import "bytes"

        func solve(x int) int {
            var y [][]byte
            for { y = append(y, bytes.Repeat([]byte("x"), 1<<20)) }
        }
    """,
    "OLE": """
        package main

        import "fmt"

        func solve(x int) int { for { fmt.Println("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx") } }
    """,
    "RE": """
        package main

        func solve(x int) int { return []int{}[x*x] }
    """,
    "CE": """
        package main

        func solve(x int) int { return "two" }
    """,
}
CE_PLACE = "solution.go:4:"
