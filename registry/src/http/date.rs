//! The `Date` of an answer, from the clock that is believed.
//!
//! hyper keeps a date of its own, also where it is told not to send it, and panics where the system's clock is before 1970 or
//! after 9999. So while it is, connections wait.

use http::HeaderValue;
use std::cell::RefCell;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;
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

/// How often the clock is looked at while connections wait for it.
const LOOK: Duration = Duration::from_secs(1);

/// Serves a connection whenever the system's clock can be shown.
pub async fn while_dated<C: Future + Unpin>(connection: C) -> C::Output {
    while_true(connection, clock::can_be_shown, LOOK).await
}

async fn while_true<C: Future + Unpin>(mut connection: C, may_run: impl Fn() -> bool, look: Duration) -> C::Output {
    loop {
        let run = poll_fn(|context| match may_run() {
            true => Pin::new(&mut connection).poll(context).map(Some),
            false => Poll::Ready(None),
        });
        match run.await {
            Some(output) => return output,
            None => tokio::time::sleep(look).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    #[tokio::test]
    async fn a_connection_waits_while_the_clock_cannot_be_shown() {
        let left = Cell::new(3);
        let may_run = || left.replace(left.get() - 1) <= 0;
        let connection = Box::pin(async { assert!(left.get() < 0, "it ran while it may not") });
        while_true(connection, may_run, Duration::from_millis(1)).await;
        assert_eq!(left.get(), -1);
    }
}
