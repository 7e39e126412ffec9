"""Java answers, one a verdict."""

PROGRAMS = {
    "AC": """
        import java.util.*;
        public class Sum {
            public static void main(String[] args) {
                Scanner in = new Scanner(System.in);
                long sum = 0;
                for (int n = in.nextInt(); n > 0; n--) sum += in.nextLong();
                System.out.println(sum);
            }
        }
    """,
    "WA": "class Main { public static void main(String[] args) { System.out.println(-1); } }",
    "TLE": "class Main { public static void main(String[] args) { while (true) ; } }",
    "MLE": """
        import java.util.*;
        class Main {
            public static void main(String[] args) {
                for (List<byte[]> x = new ArrayList<>();;) x.add(new byte[1 << 20]);
            }
        }
    """,
    "OLE": """
        class Main {
            public static void main(String[] args) {
                while (true) System.out.println("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
            }
        }
    """,
    "RE": "class Main { public static void main(String[] args) { System.out.println(args[0]); } }",
    "CE": """
        class Main {
            public static void main(String[] args) {
                System.out.println(nothing);
            }
        }
    """,
}
FUNCTIONS = {
    "AC": "class Solution { public long solve(long x) { return 2 * x; } }",
    "WA": "class Solution { public long solve(long x) { return x; } }",
    "TLE": "class Solution { public long solve(long x) { while (true) ; } }",
    "MLE": "class Solution { public long solve(long x) { return new long[1 << 30].length; } }",
    "OLE": """
        class Solution {
            public long solve(long x) {
                while (true) System.out.println("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
            }
        }
    """,
    "RE": "class Solution { public long solve(long x) { throw new IllegalStateException(); } }",
    "CE": """
        class Solution {

            public long solve(long x) { return y; }
        }
    """,
}
CE_PLACE = ".java:4:"
