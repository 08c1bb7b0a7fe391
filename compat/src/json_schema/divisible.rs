//! Is one decimal number a multiple of another? Exactly, whatever their size.

use crate::json::Decimal;
use num_bigint::BigUint;
use std::cmp::Ordering;

/// The literals are those of numbers, which reading has bounded.
pub(super) fn is_multiple(number: &str, of: &str) -> bool {
    let (Some(number), Some(of)) = (Decimal::of(number), Decimal::of(of)) else { return false };
    let (Some(digits), Some(divisor)) = (value(&number), value(&of)) else { return false };
    let zero = BigUint::ZERO;
    if divisor == zero {
        return false;
    }
    if digits == zero {
        return true;
    }
    let shift = i64::from(of.scale()) - i64::from(number.scale());
    let tens = |power: i64| BigUint::from(10u32).pow(u32::try_from(power).unwrap_or(u32::MAX));
    if shift >= 0 {
        let power = BigUint::from(10u32).modpow(&BigUint::from(shift.unsigned_abs()), &divisor);
        return digits * power % divisor == zero;
    }
    // A number of so many digits is no multiple of a larger power of ten.
    let length = number.digits().len() as i64;
    -shift <= length && digits % (divisor * tens(-shift)) == zero
}

/// Do two literals stand for the same number?
pub(super) fn same(a: &str, b: &str) -> bool {
    let (Some(x), Some(y)) = (Decimal::of(a), Decimal::of(b)) else { return a == b };
    x.compare(&y) == Ordering::Equal
}

fn value(number: &Decimal<'_>) -> Option<BigUint> {
    BigUint::parse_bytes(number.digits().as_bytes(), 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn multiples_are_exact() {
        #[track_caller]
        fn check(number: &str, of: &str, multiple: bool) {
            assert_eq!(is_multiple(number, of), multiple, "{number} of {of}");
        }
        check("10", "5", true);
        check("10", "3", false);
        check("0.3", "0.1", true);
        check("0.35", "0.1", false);
        check("1", "0.01", true);
        check("0.01", "1", false);
        check("-6", "3", true);
        check("0", "7", true);
        check("7", "0", false);
        check("1e1000000000", "3", false);
        check("3e1000000000", "3", true);
        check("1e-1000000000", "3", false);
        check("1e1000000000", "1e-1000000000", true);
        check("1.50", "0.5", true);
    }

    #[test]
    fn numbers_are_the_same_whatever_their_scale() {
        #[track_caller]
        fn check(a: &str, b: &str, equal: bool) {
            assert_eq!(same(a, b), equal, "{a} and {b}");
        }
        check("1", "1.0", true);
        check("100", "1e2", true);
        check("0.10", "1e-1", true);
        check("0", "0.00", true);
        check("1", "-1", false);
        check("1", "10", false);
    }
}
