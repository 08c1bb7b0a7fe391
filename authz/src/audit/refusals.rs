//! The bounded queue of refusals: when one principal floods, its first refusals of a minute are kept one by one and the rest as
//! a count, of each namespace for itself: the flood at one door leaves what is refused at another to be seen. Nothing is
//! dropped uncounted, and the memory is bounded whatever arrives.

use super::AuditEntry;
use model::{AuditOutcome, AuditRecord, NamespaceName};
use std::collections::{HashMap, VecDeque};

/// What leaves the queue.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Refused {
    /// One refusal.
    One(Box<AuditEntry>),
    /// Further refusals of a principal, counted.
    Many {
        /// Whose; `others` where too many flooded at once to tell them apart.
        principal: String,
        /// In whose namespace; nobody's too for `others`.
        namespace: Option<NamespaceName>,
        /// From the first of them, in milliseconds since 1970.
        from: i64,
        /// To the last.
        to: i64,
        /// How many.
        count: u64,
    },
}

/// The queue.
#[derive(Debug)]
pub struct Refusals {
    limits: Limits,
    minute: i64,
    tallies: HashMap<Place, Tally>,
    /// What is kept one by one of each principal, wherever it was refused.
    kept: HashMap<String, u32>,
    queue: VecDeque<Refused>,
}

/// How much the queue holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Refusals kept one by one, per minute, principal and namespace.
    pub each_per_minute: u32,
    /// Refusals kept one by one, per minute and principal, of all namespaces together.
    pub all_per_minute: u32,
    /// Principals in namespaces told apart within a minute.
    pub places: usize,
    /// Entries that wait for a reader.
    pub waiting: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { each_per_minute: 20, all_per_minute: 200, places: 1_000, waiting: 10_000 }
    }
}

/// A principal, and the namespace in which it was refused.
type Place = (String, Option<NamespaceName>);

#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    kept: u32,
    counted: u64,
    from: i64,
    to: i64,
}

const OTHERS: &str = "others";
const MINUTE_MS: i64 = 60_000;

impl Refusals {
    /// An empty queue.
    pub fn new(limits: Limits) -> Self {
        Refusals { limits, minute: i64::MIN, tallies: HashMap::new(), kept: HashMap::new(), queue: VecDeque::new() }
    }

    /// Takes a refusal in.
    pub fn record(&mut self, entry: AuditEntry) {
        self.turn(entry.at);
        let place = (entry.principal.clone(), entry.namespace.clone());
        let known = self.tallies.contains_key(&place) || self.tallies.len() < self.limits.places;
        let tally = self.tallies.entry(if known { place } else { (OTHERS.to_owned(), None) }).or_default();
        if known && tally.kept < self.limits.each_per_minute && self.queue.len() < self.limits.waiting {
            let of_all = self.kept.entry(entry.principal.clone()).or_default();
            if *of_all < self.limits.all_per_minute {
                (tally.kept, *of_all) = (tally.kept + 1, *of_all + 1);
                self.queue.push_back(Refused::One(Box::new(entry)));
                return;
            }
        }
        if tally.counted == 0 {
            tally.from = entry.at;
        }
        tally.to = tally.to.max(entry.at);
        tally.counted += 1;
    }

    /// Hands out what waits; call it every few seconds, so that counts of a past minute come out.
    pub fn drain(&mut self, now: i64) -> Vec<Refused> {
        let mut out: Vec<Refused> = self.queue.drain(..).collect();
        self.turn(now);
        out.extend(self.queue.drain(..));
        out
    }

    /// Closes the minute when it is over. Counts that find no room stay for the next one.
    fn turn(&mut self, now: i64) {
        let minute = now.div_euclid(MINUTE_MS);
        if minute <= self.minute {
            return;
        }
        self.minute = minute;
        self.kept.clear();
        let mut places: Vec<Place> = self.tallies.keys().cloned().collect();
        places.sort();
        for place in places {
            let room = self.queue.len() < self.limits.waiting;
            let Some(tally) = self.tallies.get_mut(&place) else { continue };
            tally.kept = 0;
            if tally.counted > 0 && !room {
                continue;
            }
            let Tally { counted, from, to, .. } = *tally;
            self.tallies.remove(&place);
            if counted > 0 {
                let (principal, namespace) = place;
                self.queue.push_back(Refused::Many { principal, namespace, from, to, count: counted });
            }
        }
    }
}

impl From<Refused> for AuditRecord {
    /// What waited in the queue has the time when it happened.
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::One(entry) => AuditRecord { happened: Some(entry.at), ..(*entry).into() },
            Refused::Many { principal, namespace, from, count, .. } => AuditRecord {
                happened: Some(from),
                principal,
                attempted: String::new(),
                method: None,
                operation: String::new(),
                action: String::new(),
                kind: String::new(),
                name: String::new(),
                namespace,
                namespace_id: None,
                outcome: AuditOutcome::Refused,
                rule: "counted".to_owned(),
                request_id: String::new(),
                address: None,
                count,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::Outcome;
    use crate::{Action, Caller, Credential, Refusal};

    fn entry(principal: &str, at: i64) -> AuditEntry {
        let caller = Caller::anonymous(None, "r1".into());
        let refusal = Refusal::Unauthenticated(Credential::Missing);
        let entry = AuditEntry::refused(at, "registerSchema", Action::Register, None, &caller, &refusal);
        AuditEntry { principal: principal.to_owned(), ..entry }
    }

    fn shown(refused: Vec<Refused>) -> Vec<String> {
        let show = |one| match one {
            Refused::One(entry) => format!("{} at {}", entry.principal, entry.at),
            Refused::Many { principal, namespace, from, to, count } => {
                let place = namespace.map_or(String::new(), |namespace| format!(" in {namespace}"));
                format!("{count} of {principal}{place} from {from} to {to}")
            }
        };
        refused.into_iter().map(show).collect()
    }

    #[test]
    fn a_flood_is_kept_as_its_beginning_and_a_count_per_minute() {
        let mut queue = Refusals::new(Limits { each_per_minute: 2, ..Limits::default() });
        (0..5).for_each(|at| queue.record(entry("a", at)));
        queue.record(entry("b", 5));
        assert_eq!(shown(queue.drain(6)), ["a at 0", "a at 1", "b at 5"]);
        assert_eq!(shown(queue.drain(59_999)), Vec::<String>::new());
        assert_eq!(shown(queue.drain(60_000)), ["3 of a from 2 to 4"]);
        queue.record(entry("a", 60_001));
        assert_eq!(shown(queue.drain(60_002)), ["a at 60001"]);
    }

    #[test]
    fn a_flood_in_one_namespace_hides_nothing_in_another_and_is_bounded_over_all() {
        let mut queue = Refusals::new(Limits { each_per_minute: 2, all_per_minute: 5, ..Limits::default() });
        let within = |name: &str, at| AuditEntry { namespace: Some(name.parse().unwrap()), ..entry("a", at) };
        (0..9).for_each(|at| queue.record(within("loud", at)));
        queue.record(within("quiet", 9));
        assert_eq!(shown(queue.drain(10)), ["a at 0", "a at 1", "a at 9"]);
        (10..20).for_each(|at| queue.record(within(&format!("n{at}"), at)));
        assert_eq!(shown(queue.drain(20)), ["a at 10", "a at 11"]);
        let counted = shown(queue.drain(60_000));
        assert_eq!((counted.len(), counted[0].as_str()), (9, "7 of a in loud from 2 to 8"));
    }

    #[test]
    fn what_leaves_the_queue_says_when_it_happened() {
        let mut queue = Refusals::new(Limits { each_per_minute: 2, ..Limits::default() });
        queue.record(entry("a", 1));
        queue.record(AuditEntry { outcome: Outcome::Observed, ..entry("a", 2) });
        (3..5).for_each(|at| queue.record(entry("a", at)));
        let records = queue.drain(60_000).into_iter().map(AuditRecord::from);
        let shown: Vec<_> = records.map(|record| (record.happened, record.outcome, record.count)).collect();
        let (refused, observed) = (AuditOutcome::Refused, AuditOutcome::Observed);
        assert_eq!(shown, [(Some(1), refused, 1), (Some(2), observed, 1), (Some(3), refused, 2)]);
    }

    #[test]
    fn a_queue_that_nobody_reads_stays_small_and_loses_no_count() {
        let mut queue = Refusals::new(Limits { each_per_minute: 5, places: 3, waiting: 4, ..Limits::default() });
        let mut recorded = 0;
        for minute in 0..10 {
            for at in 0..100 {
                queue.record(entry(&format!("p{}", at % 7), minute * 60_000 + at));
                recorded += 1;
                assert!(queue.queue.len() <= 4 && queue.tallies.len() <= 4 && queue.kept.len() <= 3);
            }
        }
        let mut counted = 0;
        for minute in 10..20 {
            for one in queue.drain(minute * 60_000) {
                counted += match one {
                    Refused::One(_) => 1,
                    Refused::Many { count, .. } => count,
                };
            }
        }
        assert_eq!(counted, recorded);
    }

    #[test]
    fn a_clock_that_goes_back_loses_nothing() {
        let mut queue = Refusals::new(Limits { each_per_minute: 1, ..Limits::default() });
        queue.record(entry("a", 120_000));
        queue.record(entry("a", 1));
        assert_eq!(shown(queue.drain(180_000)), ["a at 120000", "1 of a from 1 to 1"]);
    }
}
