"""Rust answers, one a verdict."""

PROGRAMS = {
    "AC": """
        use std::io::{self, Read};
        fn main() {
            let mut text = String::new();
            io::stdin().read_to_string(&mut text).unwrap();
            let sum: i64 = text.split_whitespace().skip(1).map(|x| x.parse::<i64>().unwrap()).sum();
            println!("{}", sum);
        }
    """,
    "WA": 'fn main() { println!("-1"); }',
    "TLE": "fn main() { loop {} }",
    "MLE": "fn main() { let mut x = Vec::new(); loop { x.push(vec![1u8; 1 << 20]); } }",
    "OLE": 'fn main() { loop { println!("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"); } }',
    "RE": 'fn main() { panic!("why"); }',
    "CE": """
        fn main() {

            let x: i64 = "two";
        }
    """,
}
FUNCTIONS = {
    "AC": "fn solve(x: i64) -> i64 { 2 * x }",
    "WA": "pub fn solve(x: i64) -> i64 { x }",
    "TLE": "fn solve(_x: i64) -> i64 { loop {} }",
    "MLE": "fn solve(_x: i64) -> i64 { let mut y = Vec::new(); loop { y.push(vec![1u8; 1 << 20]); } }",
    "OLE": 'fn solve(_x: i64) -> i64 { loop { println!("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"); } }',
    "RE": 'fn solve(_x: i64) -> i64 { panic!("why") }',
    "CE": """
        use std::collections::HashMap;

        fn solve(x: i64) -> i64 { y }
    """,
}
CE_PLACE = "solution.rs:4:"
