"""C++ answers, one a verdict."""

PROGRAMS = {
    "AC": """
        #include <bits/stdc++.h>
        using namespace std;
        int main() {
            long long n, x, sum = 0;
            cin >> n;
            while (n-- && cin >> x) sum += x;
            cout << sum << endl;
        }
    """,
    "WA": """
        #include <iostream>
        int main() { std::cout << -1; }
    """,
    "TLE": "int main() { for (volatile int i = 0;; i = i + 1); }",
    "MLE": """
        #include <vector>
        int main() { std::vector<std::vector<char>> x; for (;;) x.emplace_back(1 << 20, 'x'); }
    """,
    "OLE": """
        #include <cstdio>
        int main() { for (;;) std::puts("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"); }
    """,
    "RE": """
        #include <stdexcept>
        int main() { throw std::runtime_error("why"); }
    """,
    "CE": """
        #include <iostream>
        int main() {
            std::cout << nothing;
        }
    """,
}
FUNCTIONS = {
    "AC": "long long solve(long long x) { return 2 * x; }",
    "WA": "long long solve(long long x) { return x; }",
    "TLE": "long long solve(long long x) { for (volatile int i = 0;; i = i + 1); }",
    "MLE": """
        #include <vector>
        long long solve(long long x) {
            for (std::vector<std::vector<char>> y;;) y.emplace_back(1 << 20, 1);
        }
    """,
    "OLE": """
        #include <cstdio>
        long long solve(long long x) { for (;;) std::puts("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"); }
    """,
    "RE": """
        #include <vector>
        long long solve(long long x) { return std::vector<long long>(3).at(3); }
    """,
    "CE": """
        #include <vector>

        long long solve(long long x) { return y; }
    """,
}
CE_PLACE = "solution.cpp:4:"
