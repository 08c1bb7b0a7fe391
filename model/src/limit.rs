//! Bounds that a request can meet. Each crate lists its own (`LIMITS`), so that the table in `docs/api.md` is held against what
//! the program does.

use std::fmt;

/// A bound.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limit {
    /// What is bounded.
    pub what: &'static str,
    /// The most there may be.
    pub most: u64,
    /// Of what: `bytes`, or whatever is counted.
    pub unit: &'static str,
}

impl Limit {
    /// At most `most` of `unit`.
    pub const fn new(what: &'static str, most: usize, unit: &'static str) -> Self {
        Limit { what, most: most as u64, unit }
    }
}

/// The bound as a person reads it: `64 MiB`, `1 000 values`.
impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.unit, self.most) {
            ("bytes", most) if most >= 1 << 20 && most % (1 << 20) == 0 => write!(f, "{} MiB", most >> 20),
            ("bytes", most) if most >= 1 << 10 && most % (1 << 10) == 0 => write!(f, "{} KiB", most >> 10),
            (unit, most) => {
                let digits = most.to_string();
                for (at, digit) in digits.chars().enumerate() {
                    if at > 0 && (digits.len() - at) % 3 == 0 {
                        f.write_str(" ")?;
                    }
                    write!(f, "{digit}")?;
                }
                write!(f, " {unit}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_reads_as_people_write_it() {
        let check = |most, unit, shown: &str| assert_eq!(Limit::new("", most, unit).to_string(), shown);
        check(64 << 20, "bytes", "64 MiB");
        check(8 << 10, "bytes", "8 KiB");
        check(255, "bytes", "255 bytes");
        check(1500, "bytes", "1 500 bytes");
        check(256, "levels", "256 levels");
        check(2_000_000, "values", "2 000 000 values");
        check(65_536, "references", "65 536 references");
    }
}
