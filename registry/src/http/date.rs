//! The `Date` of an answer, from the clock that is believed: hyper's own panics where the system's clock is before 1970 or after
//! 9999.

use http::HeaderValue;
use std::cell::RefCell;
use storage::clock;

thread_local! {
    /// The second that was shown last, as text.
    static SHOWN: RefCell<Option<(i64, HeaderValue)>> = const { RefCell::new(None) };
}

/// The value of the header, which is made once a second.
pub fn date() -> HeaderValue {
    let second = clock::recent().div_euclid(1000);
    SHOWN.with_borrow_mut(|shown| match shown {
        Some((of, value)) if *of == second => value.clone(),
        _ => {
            let text = clock::http_date(second.saturating_mul(1000));
            let value = HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static(""));
            *shown = Some((second, value.clone()));
            value
        }
    })
}
