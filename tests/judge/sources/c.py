"""C answers, one a verdict."""

PROGRAMS = {
    "AC": """
        #include <stdio.h>
        int main(void) {
            long long n, x, sum = 0;
            scanf("%lld", &n);
            while (n-- && scanf("%lld", &x) == 1) sum += x;
            printf("%lld\\n", sum);
        }
    """,
    "WA": """
        #include <stdio.h>
        int main(void) { puts("-1"); }
    """,
    "TLE": "int main(void) { for (volatile int i = 0;; i++); }",
    "MLE": """
        #include <stdlib.h>
        #include <string.h>
        int main(void) { for (;;) memset(malloc(1 << 20), 1, 1 << 20); }
    """,
    "OLE": """
        #include <stdio.h>
        int main(void) { for (;;) puts("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"); }
    """,
    "RE": """
        #include <stdlib.h>
        int main(void) { abort(); }
    """,
    "CE": """
        #include <stdio.h>
        int main(void) {
            puts("no end")
        }
    """,
}
FUNCTIONS = {
    "AC": """
        #include "signature.h"
        int64_t solve(int64_t x) { return 2 * x; }
    """,
    "WA": "int64_t solve(int64_t x) { return x; }",
    "TLE": "int64_t solve(int64_t x) { for (volatile int i = 0;; i++); }",
    "MLE": """
        #include <stdlib.h>
        #include <string.h>
        int64_t solve(int64_t x) { for (;;) memset(malloc(1 << 20), 1, 1 << 20); }
    """,
    "OLE": """
        #include <stdio.h>
        int64_t solve(int64_t x) { for (;;) puts("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"); }
    """,
    "RE": "int64_t solve(int64_t x) { volatile int zero = 0; return x / zero; }",
    "CE": """
        #include "signature.h"

        int64_t solve(int64_t x) { return x }
    """,
}
CE_PLACE = "solution.c:4:"
