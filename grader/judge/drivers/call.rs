// Reads a call's arguments and writes its result, both as JSON, by the types the compiler sees.
//
// The arguments were written by the judge. What the function returned is written as what it is, and judged
// outside: whatever a submission does to this, it can only change the value it is judged by.

use std::collections::{BTreeMap, HashMap, VecDeque};

pub struct Input {
    text: Vec<u8>,
    at: usize,
}

impl Input {
    fn next(&mut self) -> u8 {
        while self.text[self.at] == b' ' || self.text[self.at] == b'\n' {
            self.at += 1;
        }
        self.text[self.at]
    }

    fn expect(&mut self, wanted: u8) {
        if self.next() != wanted {
            panic!("driver: arguments of another type");
        }
        self.at += 1;
    }

    /// Whether another item follows, taking the comma before it, or else the closing bracket.
    fn more(&mut self, close: u8) -> bool {
        if self.next() == close {
            self.at += 1;
            return false;
        }
        if self.text[self.at] == b',' {
            self.at += 1;
        }
        true
    }

    pub fn item<T: Read>(&mut self, number: usize) -> T {
        self.expect(if number == 0 { b'[' } else { b',' });
        T::read(self)
    }

    fn number(&mut self) -> &str {
        self.next();
        let start = self.at;
        while b"+-.0123456789eE".contains(&self.text[self.at]) {
            self.at += 1;
        }
        std::str::from_utf8(&self.text[start..self.at]).unwrap()
    }
}

pub trait Read {
    fn read(input: &mut Input) -> Self;
}

impl Read for i64 {
    fn read(input: &mut Input) -> Self {
        input.number().parse().unwrap()
    }
}

impl Read for f64 {
    fn read(input: &mut Input) -> Self {
        if input.next() != b'{' {
            return input.number().parse().unwrap();
        }
        let value = match input.text[input.at + 11] {
            b'n' => f64::NAN,
            b'-' => f64::NEG_INFINITY,
            _ => f64::INFINITY,
        };
        while input.text[input.at] != b'}' {
            input.at += 1;
        }
        input.at += 1;
        value
    }
}

impl Read for bool {
    fn read(input: &mut Input) -> Self {
        let value = input.next() == b't';
        input.at += if value { 4 } else { 5 };
        value
    }
}

/// The judge escapes only quotes, backslashes and control characters.
impl Read for String {
    fn read(input: &mut Input) -> Self {
        input.expect(b'"');
        let mut value = Vec::new();
        while input.text[input.at] != b'"' {
            let mut byte = input.text[input.at];
            input.at += 1;
            if byte == b'\\' {
                byte = input.text[input.at];
                input.at += 1;
                byte = match byte {
                    b'b' => 8,
                    b'f' => 12,
                    b'n' => b'\n',
                    b'r' => b'\r',
                    b't' => b'\t',
                    b'u' => {
                        let digits = std::str::from_utf8(&input.text[input.at..input.at + 4]).unwrap();
                        input.at += 4;
                        u8::from_str_radix(digits, 16).unwrap()
                    }
                    other => other,
                };
            }
            value.push(byte);
        }
        input.at += 1;
        String::from_utf8(value).unwrap()
    }
}

impl<T: Read> Read for Option<T> {
    fn read(input: &mut Input) -> Self {
        if input.next() != b'n' {
            return Some(T::read(input));
        }
        input.at += 4;
        None
    }
}

impl<T: Read> Read for Vec<T> {
    fn read(input: &mut Input) -> Self {
        let mut items = Vec::new();
        input.expect(b'[');
        while input.more(b']') {
            items.push(T::read(input));
        }
        items
    }
}

impl<T: Read> Read for HashMap<String, T> {
    fn read(input: &mut Input) -> Self {
        let mut items = HashMap::new();
        input.expect(b'{');
        while input.more(b'}') {
            let key = String::read(input);
            input.expect(b':');
            items.insert(key, T::read(input));
        }
        items
    }
}

pub trait Write {
    fn write(&self, out: &mut String);
}

macro_rules! whole {
    ($($kind:ty)*) => { $(impl Write for $kind {
        fn write(&self, out: &mut String) { out.push_str(&self.to_string()); }
    })* };
}
whole!(i8 i16 i32 i64 i128 isize u8 u16 u32 u64 u128 usize bool);

impl Write for f64 {
    fn write(&self, out: &mut String) {
        if self.is_nan() {
            out.push_str("{\"$float\":\"nan\"}");
        } else if self.is_infinite() {
            out.push_str(if *self > 0.0 { "{\"$float\":\"inf\"}" } else { "{\"$float\":\"-inf\"}" });
        } else {
            out.push_str(&format!("{:?}", self));
        }
    }
}

impl Write for f32 {
    fn write(&self, out: &mut String) {
        f64::from(*self).write(out);
    }
}

impl Write for () {
    fn write(&self, out: &mut String) {
        out.push_str("null");
    }
}

impl Write for str {
    fn write(&self, out: &mut String) {
        out.push('"');
        for character in self.chars() {
            match character {
                '"' | '\\' | '\0'..='\x1f' => out.push_str(&format!("\\u{:04x}", character as u32)),
                _ => out.push(character),
            }
        }
        out.push('"');
    }
}

impl Write for String {
    fn write(&self, out: &mut String) {
        self.as_str().write(out);
    }
}

impl<T: Write + ?Sized> Write for &T {
    fn write(&self, out: &mut String) {
        (**self).write(out);
    }
}

impl<T: Write> Write for Option<T> {
    fn write(&self, out: &mut String) {
        match self {
            Some(value) => value.write(out),
            None => out.push_str("null"),
        }
    }
}

fn write_all<'a, T: Write + 'a>(items: impl Iterator<Item = &'a T>, out: &mut String) {
    out.push('[');
    for (index, item) in items.enumerate() {
        if index > 0 {
            out.push(',');
        }
        item.write(out);
    }
    out.push(']');
}

impl<T: Write> Write for Vec<T> {
    fn write(&self, out: &mut String) {
        write_all(self.iter(), out);
    }
}

impl<T: Write> Write for VecDeque<T> {
    fn write(&self, out: &mut String) {
        write_all(self.iter(), out);
    }
}

impl<T: Write, const N: usize> Write for [T; N] {
    fn write(&self, out: &mut String) {
        write_all(self.iter(), out);
    }
}

fn write_pairs<'a, K: Write + 'a, T: Write + 'a>(pairs: impl Iterator<Item = (&'a K, &'a T)>, out: &mut String) {
    out.push_str("{\"$dict\":[");
    for (index, (key, value)) in pairs.enumerate() {
        out.push_str(if index > 0 { ",[" } else { "[" });
        key.write(out);
        out.push(',');
        value.write(out);
        out.push(']');
    }
    out.push_str("]}");
}

impl<K: Write, T: Write> Write for HashMap<K, T> {
    fn write(&self, out: &mut String) {
        write_pairs(self.iter(), out);
    }
}

impl<K: Write, T: Write> Write for BTreeMap<K, T> {
    fn write(&self, out: &mut String) {
        write_pairs(self.iter(), out);
    }
}

macro_rules! tuple {
    ($($name:ident $index:tt)+) => {
        impl<$($name: Read),+> Read for ($($name,)+) {
            fn read(input: &mut Input) -> Self {
                input.expect(b'[');
                let value = ($({ input.more(b']'); $name::read(input) },)+);
                input.expect(b']');
                value
            }
        }
        impl<$($name: Write),+> Write for ($($name,)+) {
            fn write(&self, out: &mut String) {
                out.push_str("{\"$tuple\":");
                let mut before = '[';
                $(out.push(before); self.$index.write(out); before = ',';)+
                let _ = before;
                out.push_str("]}");
            }
        }
    };
}
tuple!(A 0);
tuple!(A 0 B 1);
tuple!(A 0 B 1 C 2);
tuple!(A 0 B 1 C 2 D 3);
tuple!(A 0 B 1 C 2 D 3 E 4);
tuple!(A 0 B 1 C 2 D 3 E 4 F 5);
tuple!(A 0 B 1 C 2 D 3 E 4 F 5 G 6);
tuple!(A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7);

pub fn open(path: &str) -> Input {
    let text = std::fs::read(path).expect("driver: no arguments");
    let _ = std::fs::remove_file(path);
    Input { text, at: 0 }
}

pub fn answer<T: Write>(value: &T, path: &str) {
    let mut out = String::from("{\"value\":");
    value.write(&mut out);
    out.push('}');
    std::fs::write(path, out).expect("driver: no room for the result");
}
