//! Waiting for a condition, with a deadline that fails the test and says what did not come.

use std::thread;
use std::time::{Duration, Instant};

/// Longer than anything takes here, on a slow machine under load. Only a failing test waits this long.
pub const DEADLINE: Duration = Duration::from_secs(60);

/// Asks until there is an answer.
#[track_caller]
pub fn until<T>(what: &str, ask: impl FnMut() -> Option<T>) -> T {
    within(DEADLINE, what, ask)
}

/// Asks until there is an answer, for what takes long by itself up to another deadline.
#[track_caller]
pub fn within<T>(limit: Duration, what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + limit;
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(Instant::now() < deadline, "waited {limit:?} in vain: {what}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// Runs this when it is dropped, in a panic as well, so that threads of a failed test are told to end.
pub struct AtEnd<F: FnMut()>(pub F);

impl<F: FnMut()> Drop for AtEnd<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}
