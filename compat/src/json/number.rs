//! Java's view of floating-point numbers, since the reference prints non-integers with `Double.toString`.

use std::fmt::Write;

/// Appends `Double.toString` (JDK 19 and later: the shortest digits that read back, at least two).
pub(crate) fn java_double(value: f64, out: &mut String) {
    let mut digits = format!("{value:e}");
    if !digits.contains('.') {
        // One digit suffices; Java then takes the closest of two digits, which differs for the smallest subnormal.
        digits = format!("{value:.1e}");
    }
    layout(value.is_finite().then_some((digits, value.abs() >= 1e-3 && value.abs() < 1e7 || value == 0.0)), value, out);
}

/// Appends `Float.toString`.
pub(crate) fn java_float(value: f32, out: &mut String) {
    let mut digits = format!("{value:e}");
    if !digits.contains('.') {
        digits = format!("{value:.1e}");
    }
    let plain = value.abs() >= 1e-3 && value.abs() < 1e7 || value == 0.0;
    layout(value.is_finite().then_some((digits, plain)), f64::from(value), out);
}

fn layout(finite: Option<(String, bool)>, value: f64, out: &mut String) {
    let Some((scientific, plain)) = finite else {
        out.push_str(if value.is_nan() {
            "NaN"
        } else if value > 0.0 {
            "Infinity"
        } else {
            "-Infinity"
        });
        return;
    };
    let (mantissa, exponent) = scientific.split_once('e').expect("`{:e}` always writes an exponent");
    let exponent: i32 = exponent.parse().expect("`{:e}` writes a decimal exponent");
    if !plain {
        write!(out, "{mantissa}E{exponent}").expect("a String takes everything");
        return;
    }
    let (sign, mantissa) = mantissa.strip_prefix('-').map_or(("", mantissa), |rest| ("-", rest));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all = [whole, fraction].concat();
    out.push_str(sign);
    if exponent < 0 {
        out.push_str("0.");
        out.extend(std::iter::repeat_n('0', -exponent as usize - 1));
        out.push_str(all.trim_end_matches('0'));
        if all.trim_end_matches('0').is_empty() {
            out.push('0');
        }
        return;
    }
    let point = exponent as usize + 1;
    for at in 0..point {
        out.push_str(all.get(at..at + 1).unwrap_or("0"));
    }
    let fraction = all.get(point..).unwrap_or("").trim_end_matches('0');
    out.push('.');
    out.push_str(if fraction.is_empty() { "0" } else { fraction });
}

/// `Double.parseDouble`: surrounding white space, a type suffix, `NaN`, `Infinity` and hexadecimal forms are allowed.
pub(crate) fn parse_java_double(text: &str) -> Option<f64> {
    let text = text.trim_matches(|c: char| c <= ' ');
    let (negative, unsigned) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let value = match unsigned {
        "NaN" => f64::NAN,
        "Infinity" => f64::INFINITY,
        _ => {
            let digits = unsigned.strip_suffix(['d', 'D', 'f', 'F']).unwrap_or(unsigned);
            match unsigned.strip_prefix("0x").or_else(|| unsigned.strip_prefix("0X")) {
                Some(_) => hexadecimal(digits)?,
                None => {
                    let allowed = |c: char| c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E' | '+' | '-');
                    let starts = digits.starts_with(|c: char| c.is_ascii_digit() || c == '.');
                    if !starts || !digits.chars().all(allowed) {
                        return None;
                    }
                    digits.parse().ok()?
                }
            }
        }
    };
    Some(if negative { -value } else { value })
}

/// `0x1.8p3`; the exponent is obligatory. Digits beyond the 60th bit only matter for rounding and are dropped.
fn hexadecimal(text: &str) -> Option<f64> {
    let (mantissa, exponent) = text[2..].split_once(['p', 'P'])?;
    let exponent: i32 = exponent.parse().ok()?;
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let (mut value, mut scale) = (0f64, exponent);
    for digit in whole.chars() {
        value = value * 16.0 + f64::from(digit.to_digit(16)?);
    }
    for digit in fraction.chars() {
        value = value * 16.0 + f64::from(digit.to_digit(16)?);
        scale = scale.saturating_sub(4);
    }
    Some(value * 2f64.powi(scale))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_print_as_java_prints_them() {
        #[track_caller]
        fn check(value: f64, text: &str) {
            let mut out = String::new();
            java_double(value, &mut out);
            assert_eq!(out, text);
        }
        check(1.5, "1.5");
        check(1000.0, "1000.0");
        check(100.0, "100.0");
        check(1e10, "1.0E10");
        check(1e7, "1.0E7");
        check(9999999.0, "9999999.0");
        check(12345678.9, "1.23456789E7");
        check(0.001, "0.001");
        check(0.00012, "1.2E-4");
        check(0.00001, "1.0E-5");
        check(0.1, "0.1");
        check(0.0, "0.0");
        check(-0.0, "-0.0");
        check(-123.25, "-123.25");
        check(1e23, "1.0E23");
        check(2e-3, "0.002");
        check(f64::MAX, "1.7976931348623157E308");
        check(f64::from_bits(1), "4.9E-324");
        check(f64::INFINITY, "Infinity");
        check(f64::NAN, "NaN");
    }

    #[test]
    fn floats_print_as_java_prints_them() {
        #[track_caller]
        fn check(value: f32, text: &str) {
            let mut out = String::new();
            java_float(value, &mut out);
            assert_eq!(out, text);
        }
        check(3.4028235e38, "3.4028235E38");
        check(0.1, "0.1");
        check(16777216.0, "1.6777216E7");
        check(1.0, "1.0");
    }

    #[test]
    fn doubles_are_read_from_text_as_java_reads_them() {
        #[track_caller]
        fn check(text: &str, value: Option<f64>) {
            assert_eq!(parse_java_double(text).map(f64::to_bits), value.map(f64::to_bits), "{text:?}");
        }
        check("1.5", Some(1.5));
        check(" 2 ", Some(2.0));
        check("1f", Some(1.0));
        check("-1e3d", Some(-1000.0));
        check(".5", Some(0.5));
        check("5.", Some(5.0));
        check("-Infinity", Some(f64::NEG_INFINITY));
        check("0x1.8p1", Some(3.0));
        for bad in ["", "abc", "inf", "nan", "--1", "1e", "0x1", "1_0", "d", "+-1"] {
            check(bad, None);
        }
    }
}
