//! Decimal numbers as Java's `BigDecimal` keeps them: digits and a scale, so that `1.50` is not `1.5`.

use std::cmp::Ordering;

/// A decimal number: its digits, of which so many (`scale`) stand behind the point.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Decimal<'t> {
    negative: bool,
    /// Without leading zeros; `0` for zero. In two parts, as they stand before and behind the point.
    whole: &'t str,
    fraction: &'t str,
    scale: i32,
}

impl<'t> Decimal<'t> {
    /// The number of a JSON literal; `None` if its scale is beyond 32 bits.
    pub(crate) fn of(literal: &'t str) -> Option<Self> {
        let (negative, unsigned) = literal.strip_prefix('-').map_or((false, literal), |rest| (true, rest));
        let (mantissa, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
        let exponent: i64 = exponent.parse().ok()?;
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let scale = i32::try_from(i64::try_from(fraction.len()).ok()?.checked_sub(exponent)?).ok()?;
        let whole = whole.trim_start_matches('0');
        let fraction = if whole.is_empty() { fraction.trim_start_matches('0') } else { fraction };
        let zero = whole.is_empty() && fraction.is_empty();
        Some(Decimal { negative: negative && !zero, whole: if zero { "0" } else { whole }, fraction, scale })
    }

    /// The digits without sign, point and leading zeros.
    pub(crate) fn digits(&self) -> String {
        [self.whole, self.fraction].concat()
    }

    /// How many of the digits stand behind the point; negative if zeros are missing before it.
    pub(crate) fn scale(&self) -> i32 {
        self.scale
    }

    /// Is it below zero?
    pub(crate) fn is_negative(&self) -> bool {
        self.negative
    }

    /// Which of two numbers is greater, whatever their scales?
    pub(crate) fn compare(&self, other: &Decimal<'_>) -> Ordering {
        match (self.negative, other.negative) {
            (false, true) => Ordering::Greater,
            (true, false) => Ordering::Less,
            (false, false) => self.size(other),
            (true, true) => other.size(self),
        }
    }

    fn size(&self, other: &Decimal<'_>) -> Ordering {
        let trimmed = |number: &Decimal<'_>| {
            let mut digits = number.digits();
            let before = digits.len();
            digits.truncate(digits.trim_end_matches('0').len());
            // How many digits stand before the point.
            let point = before as i64 - i64::from(number.scale);
            (if digits.is_empty() { i64::MIN } else { point }, digits)
        };
        let ((a, x), (b, y)) = (trimmed(self), trimmed(other));
        // Without zeros at the end, digits of one magnitude compare as texts.
        a.cmp(&b).then_with(|| x.cmp(&y))
    }

    /// Appends `BigDecimal.toString`: plain notation unless the point is far from the digits.
    pub(crate) fn write(&self, out: &mut String) {
        let (digits, scale) = (self.digits(), i64::from(self.scale));
        let length = i64::try_from(digits.len()).expect("a number has fewer digits than memory has bytes");
        let adjusted = length - 1 - scale;
        if self.negative {
            out.push('-');
        }
        if scale >= 0 && adjusted >= -6 {
            let point = usize::try_from(length - scale).unwrap_or(0);
            let zeros = usize::try_from(scale - length).unwrap_or(0);
            out.push_str(if point == 0 { "0" } else { &digits[..point] });
            if scale > 0 {
                out.push('.');
                out.extend(std::iter::repeat_n('0', zeros));
                out.push_str(&digits[point..]);
            }
            return;
        }
        out.push_str(&digits[..1]);
        if digits.len() > 1 {
            out.push('.');
            out.push_str(&digits[1..]);
        }
        match adjusted.cmp(&0) {
            Ordering::Equal => {}
            Ordering::Greater => out.push_str(&format!("E+{adjusted}")),
            Ordering::Less => out.push_str(&format!("E{adjusted}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_print_as_java_prints_them() {
        #[track_caller]
        fn check(literal: &str, text: &str) {
            let mut out = String::new();
            Decimal::of(literal).unwrap().write(&mut out);
            assert_eq!(out, text, "{literal}");
        }
        check("1.50", "1.50");
        check("10.00", "10.00");
        check("1e3", "1E+3");
        check("1.0E3", "1.0E+3");
        check("12e3", "1.2E+4");
        check("1E-7", "1E-7");
        check("0.0000001", "1E-7");
        check("0.000001", "0.000001");
        check("0.00000012", "1.2E-7");
        check("0.00000001", "1E-8");
        check("-0.0", "0.0");
        check("0e3", "0E+3");
        check("0.0000000", "0E-7");
        check("-1.5e2", "-1.5E+2");
        check("1.50e1", "15.0");
        check("1.50e2", "150");
        check("123e-2", "1.23");
        check("0.10", "0.10");
        check("100e-2", "1.00");
        check("00.5e0", "0.5");
    }

    #[test]
    fn numbers_compare_whatever_their_scale() {
        #[track_caller]
        fn check(a: &str, b: &str, order: Ordering) {
            let (a, b) = (Decimal::of(a).unwrap(), Decimal::of(b).unwrap());
            assert_eq!((a.compare(&b), b.compare(&a)), (order, order.reverse()), "{a:?} {b:?}");
        }
        check("1", "1.0", Ordering::Equal);
        check("1e2", "100.00", Ordering::Equal);
        check("0", "-0.0", Ordering::Equal);
        check("0", "1e-1000", Ordering::Less);
        check("2", "10", Ordering::Less);
        check("0.2", "0.19", Ordering::Greater);
        check("-2", "-10", Ordering::Greater);
        check("-1", "0", Ordering::Less);
        check("1e2000000000", "9", Ordering::Greater);
        check("12345678901234567890123", "12345678901234567890124", Ordering::Less);
    }

    #[test]
    fn scales_beyond_32_bits_are_no_decimals() {
        assert!(Decimal::of("1e2147483648").is_some());
        assert!(Decimal::of("1e2147483649").is_none());
        assert!(Decimal::of("1e-2147483648").is_none());
        assert!(Decimal::of("1e99999999999999999999").is_none());
    }
}
