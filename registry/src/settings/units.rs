//! Sizes and times as people write them: a number with a unit, or a plain one of bytes or seconds.

use std::time::Duration;

const SIZES: [(&str, u64); 7] = [
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("GB", 1_000_000_000),
    ("MB", 1_000_000),
    ("KB", 1_000),
    ("B", 1),
];
/// In milliseconds.
const TIMES: [(&str, u64); 5] = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

/// A size in bytes: `64MiB`, `64 mib`, `67108864`.
pub fn size(text: &str) -> Option<u64> {
    measured(text, &SIZES, 1)
}

/// A time: `10s`, `90d`, `250ms`; a plain number is seconds.
pub fn time(text: &str) -> Option<Duration> {
    measured(text, &TIMES, 1_000).map(Duration::from_millis)
}

fn measured(text: &str, units: &[(&str, u64)], plain: u64) -> Option<u64> {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, unit) = (text.get(..digits)?, text.get(digits..)?.trim_start());
    let each = match unit {
        "" => plain,
        unit => units.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit))?.1,
    };
    number.parse::<u64>().ok()?.checked_mul(each)
}

/// A size in the largest binary unit of which it is a whole number: `64MiB`, and `1000` for what is none of them.
pub fn shown_size(bytes: u64) -> String {
    let whole = SIZES[..3].iter().find(|(_, each)| bytes != 0 && bytes.is_multiple_of(*each));
    whole.map_or_else(|| bytes.to_string(), |(unit, each)| format!("{}{unit}", bytes / each))
}

/// A time in the largest unit of which it is a whole number: `90d`, `90s`, `0s`.
pub fn shown_time(time: Duration) -> String {
    let millis = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    let whole = TIMES.iter().find(|(_, each)| millis != 0 && millis.is_multiple_of(*each));
    whole.map_or_else(|| "0s".to_owned(), |(unit, each)| format!("{}{unit}", millis / each))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_units_and_plain_numbers_are_bytes() {
        #[track_caller]
        fn check(text: &str, bytes: Option<u64>) {
            assert_eq!(size(text), bytes, "{text:?}");
        }
        check("0", Some(0));
        check("1000", Some(1000));
        check("64MiB", Some(64 << 20));
        check("64 MiB", Some(64 << 20));
        check("64mib", Some(64 << 20));
        check("1GB", Some(1_000_000_000));
        check("7B", Some(7));
        check("", None);
        check("MiB", None);
        check("-1", None);
        check("1.5MiB", None);
        check("1M", None);
        check("1 0", None);
        check("10s", None);
        check("１MiB", None);
        check("99999999999999999999", None);
        check("99999999999GiB", None);
    }

    #[test]
    fn times_have_units_and_plain_numbers_are_seconds() {
        #[track_caller]
        fn check(text: &str, time_in_ms: Option<u64>) {
            assert_eq!(time(text), time_in_ms.map(Duration::from_millis), "{text:?}");
        }
        check("30", Some(30_000));
        check("10s", Some(10_000));
        check("250ms", Some(250));
        check("5m", Some(300_000));
        check("2h", Some(7_200_000));
        check("90d", Some(7_776_000_000));
        check("90D", Some(7_776_000_000));
        check("1y", None);
        check("1h30m", None);
        check("s", None);
    }

    #[test]
    fn what_is_shown_is_read_as_the_same() {
        for (bytes, shown) in [(0, "0"), (1000, "1000"), (1024, "1KiB"), (64 << 20, "64MiB"), (3 << 29, "1536MiB")] {
            assert_eq!((shown_size(bytes).as_str(), size(shown)), (shown, Some(bytes)));
        }
        for (millis, shown) in [(0, "0s"), (250, "250ms"), (90_000, "90s"), (120_000, "2m"), (7_776_000_000, "90d")] {
            let value = Duration::from_millis(millis);
            assert_eq!((shown_time(value).as_str(), time(shown)), (shown, Some(value)));
        }
    }
}
