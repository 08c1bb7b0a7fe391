//! The clock: the only place where the time of day is read.
//!
//! A clock may be wrong: set by hand, by a broken battery, by a time server that lies. What is written with a time stays, and what
//! is forgotten by a time is gone, so the time of day is held against a clock that only counts on. A jump of more than
//! [`JUMP`] is not believed until it has lasted for [`LASTS`]; until then time goes on from what was believed before. Time is always
//! between 1970 and 9999, whatever the system says.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// How far the time of day may stray from a clock that counts on.
pub const JUMP: Duration = Duration::from_secs(2 * 60 * 60);
/// How long a jump must last to be believed.
pub const LASTS: Duration = Duration::from_secs(60 * 60);

/// The last millisecond of 9999.
const LATEST: i64 = 253_402_300_799_999;

/// The time, in milliseconds since 1970.
pub fn now() -> i64 {
    clock().read()
}

/// The time as it was last read, in milliseconds since 1970: for who asks often and need not know exactly.
pub fn recent() -> i64 {
    match clock().recent.load(Ordering::Relaxed) {
        0 => now(),
        read => read,
    }
}

/// How long this process has run, as far as anybody has looked at the clock meanwhile: no jump makes it longer.
pub fn running() -> Duration {
    clock().read();
    let believed = clock().believed.lock().unwrap_or_else(PoisonError::into_inner);
    Duration::from_millis(u64::try_from(believed.running).unwrap_or(0))
}

/// Does the system say a time that HTTP can show?
pub fn can_be_shown() -> bool {
    (0..=LATEST).contains(&of_day())
}

/// What has become of the clock since this was last asked, for a log.
pub fn news() -> Option<News> {
    clock().read();
    clock().believed.lock().unwrap_or_else(PoisonError::into_inner).news.take()
}

/// What has become of the clock.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum News {
    /// It jumped by so many milliseconds and is not believed.
    Jumped(i64),
    /// It is back where it should be.
    Returned,
    /// The jump has lasted, and is believed now.
    Believed(i64),
}

struct Clock {
    started: Instant,
    believed: Mutex<Believed>,
    recent: AtomicI64,
}

fn clock() -> &'static Clock {
    static CLOCK: OnceLock<Clock> = OnceLock::new();
    CLOCK.get_or_init(|| Clock {
        started: Instant::now(),
        believed: Mutex::new(Believed::starting(of_day())),
        recent: AtomicI64::new(0),
    })
}

impl Clock {
    fn read(&self) -> i64 {
        let steady = millis(self.started.elapsed());
        let time = self.believed.lock().unwrap_or_else(PoisonError::into_inner).read(of_day(), steady);
        self.recent.store(time, Ordering::Relaxed);
        time
    }
}

/// What the system says, in milliseconds since 1970; negative before.
#[allow(clippy::disallowed_methods, reason = "this is the one place that reads it")]
fn of_day() -> i64 {
    match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(since) => millis(since),
        Err(before) => -millis(before.duration()),
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// The time that is believed. All in milliseconds.
#[derive(Clone, Debug)]
struct Believed {
    time: i64,
    /// The steady clock when it was last read.
    steady: i64,
    /// How long this has run.
    running: i64,
    /// A jump: by how much, and how long it has lasted.
    doubt: Option<(i64, i64)>,
    news: Option<News>,
}

impl Believed {
    /// The first reading has nothing to be held against.
    fn starting(day: i64) -> Self {
        Believed { time: day.clamp(0, LATEST), steady: 0, running: 0, doubt: None, news: None }
    }

    /// The time, by what the system says of the day and a clock that counts on.
    fn read(&mut self, day: i64, steady: i64) -> i64 {
        let day = day.clamp(0, LATEST);
        // A clock that counts on may jump as well, where a machine is suspended or somebody plays with it.
        let passed = steady.saturating_sub(self.steady).clamp(0, millis(JUMP));
        self.steady = self.steady.max(steady);
        self.running = self.running.saturating_add(passed);
        let expected = self.time.saturating_add(passed).min(LATEST);
        let jump = day - expected;
        if jump.abs() <= millis(JUMP) {
            if self.doubt.take().is_some() {
                self.news = Some(News::Returned);
            }
            self.time = day;
            return day;
        }
        let lasted = match self.doubt {
            Some((before, lasted)) if (jump - before).abs() <= millis(JUMP) => lasted.saturating_add(passed),
            _ => {
                self.news = Some(News::Jumped(jump));
                0
            }
        };
        if lasted >= millis(LASTS) {
            (self.doubt, self.news, self.time) = (None, Some(News::Believed(jump)), day);
            return day;
        }
        (self.doubt, self.time) = (Some((jump, lasted)), expected);
        expected
    }
}

/// A time as HTTP shows it (`Sun, 06 Nov 1994 08:49:37 GMT`), for any number of milliseconds since 1970.
pub fn http_date(at: i64) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let seconds = at.clamp(0, LATEST) / 1000;
    let (days, of_day) = (seconds / 86_400, seconds % 86_400);
    // The calendar in years that begin in March, in cycles of 400 years (Howard Hinnant, "chrono-compatible low-level date
    // algorithms").
    let shifted = days + 719_468;
    let (era, of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = (month_from_march + 2) % 12;
    let year = 400 * era + year_of_era + i64::from(month < 2);
    let name = |names: &[&'static str], at: i64| usize::try_from(at).ok().and_then(|at| names.get(at).copied());
    format!(
        "{}, {day:02} {} {year:04} {:02}:{:02}:{:02} GMT",
        name(&DAYS, days % 7).unwrap_or_default(),
        name(&MONTHS, month).unwrap_or_default(),
        of_day / 3_600,
        of_day / 60 % 60,
        of_day % 60
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400_000;
    const HOUR: i64 = 3_600_000;
    const START: i64 = 1_700_000_000_000;

    /// Reads at (minutes since the start, offset of the time of day from what it should be), and the offsets that are believed.
    #[track_caller]
    fn check(readings: &[(i64, i64)], believed: &[i64], news: &[News]) {
        let mut clock = Believed::starting(START);
        let (mut found, mut said) = (Vec::new(), Vec::new());
        for (minutes, offset) in readings {
            let right = START + minutes * 60_000;
            found.push(clock.read(right + offset, minutes * 60_000) - right);
            said.extend(clock.news.take());
        }
        assert_eq!((found.as_slice(), said.as_slice()), (believed, news));
    }

    #[test]
    fn a_jump_is_not_believed_before_it_has_lasted() {
        let far = 100 * DAY;
        check(&[(1, 0), (2, 500), (3, HOUR), (4, 0)], &[0, 500, HOUR, 0], &[]);
        check(&[(1, 0), (2, far), (3, far), (4, 0)], &[0, 0, 0, 0], &[News::Jumped(far), News::Returned]);
        check(&[(1, 0), (2, -far), (3, 7)], &[0, 0, 7], &[News::Jumped(-far), News::Returned]);
        check(
            &[(1, 0), (2, far), (32, far), (61, far), (62, far), (63, far)],
            &[0, 0, 0, 0, far, far],
            &[News::Jumped(far), News::Believed(far)],
        );
        // One that goes on jumping has not lasted.
        check(
            &[(2, far), (32, 2 * far), (62, far), (92, 2 * far)],
            &[0, 0, 0, 0],
            &[News::Jumped(far), News::Jumped(2 * far), News::Jumped(far), News::Jumped(2 * far)],
        );
    }

    #[test]
    fn a_steady_clock_that_jumps_does_not_make_a_jump_believed() {
        let mut clock = Believed::starting(START);
        assert_eq!(clock.read(START + 100 * DAY, 100 * DAY), START + 2 * HOUR);
        assert_eq!(clock.running, 2 * HOUR);
        assert_eq!(clock.news, Some(News::Jumped(100 * DAY - 2 * HOUR)));
    }

    #[test]
    fn no_clock_is_out_of_range() {
        for day in [i64::MIN, -1, LATEST + 1, i64::MAX] {
            let mut clock = Believed::starting(day);
            for steady in [0, 1, HOUR, i64::MAX] {
                for other in [i64::MIN, START, i64::MAX] {
                    assert!((0..=LATEST).contains(&clock.read(other, steady)));
                }
            }
        }
    }

    #[test]
    fn any_time_is_shown() {
        for (at, shown) in [
            (784_111_777_000, "Sun, 06 Nov 1994 08:49:37 GMT"),
            (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
            (951_782_399_999, "Mon, 28 Feb 2000 23:59:59 GMT"),
            (951_782_400_000, "Tue, 29 Feb 2000 00:00:00 GMT"),
            (4_107_542_400_000, "Mon, 01 Mar 2100 00:00:00 GMT"),
            (LATEST, "Fri, 31 Dec 9999 23:59:59 GMT"),
            (i64::MAX, "Fri, 31 Dec 9999 23:59:59 GMT"),
            (i64::MIN, "Thu, 01 Jan 1970 00:00:00 GMT"),
        ] {
            assert_eq!(http_date(at), shown);
        }
    }
}
