//! The bounded queue of refusals: when somebody floods, the first refusals of a minute are kept one by one and the rest as a
//! count. Nothing is dropped uncounted, and the memory is bounded whatever arrives.
//!
//! Three kinds are told apart, each with bounds of its own, so that none can hide another: those of somebody with a name, of each
//! namespace for itself (the flood at one door leaves what is refused at another to be seen); wrong credentials, of each user
//! that they were for; and those of nobody, by address and reason.

use super::AuditEntry;
use model::{AuditOutcome, AuditRecord, NamespaceId, NamespaceName};
use std::collections::{HashMap, VecDeque};
use std::net::{IpAddr, Ipv6Addr};

/// What leaves the queue.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Refused {
    /// One refusal.
    One(Box<AuditEntry>),
    /// Further refusals from one source, counted.
    Many {
        /// From where.
        source: RefusalSource,
        /// From the first of them, in milliseconds since 1970.
        from: i64,
        /// To the last.
        to: i64,
        /// How many.
        count: u64,
    },
}

/// From where refusals come, as far as they are told apart.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct RefusalSource {
    /// Who they are.
    pub who: Who,
    /// In whose namespace.
    pub namespace: Option<NamespaceName>,
    /// The id of that.
    pub namespace_id: Option<NamespaceId>,
}

/// Who is refused.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Who {
    /// Somebody, by the text of the principal.
    Named(String),
    /// Whoever presents a wrong credential for this user.
    Wrong(String),
    /// Nobody, from this address (of version 6: from its network) and for this reason.
    Unnamed(Option<IpAddr>, String),
    /// Those of one kind of whom there are too many to tell them apart.
    Others(Kind),
}

/// The kinds of refusals, each with bounds of its own.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Kind {
    /// Of somebody with a name.
    Named,
    /// Of a wrong credential.
    Wrong,
    /// Of nobody.
    Unnamed,
}

/// The queue.
#[derive(Debug)]
pub struct Refusals {
    limits: Limits,
    minute: i64,
    tallies: HashMap<RefusalSource, Tally>,
    /// Places of each kind among the tallies.
    sources: HashMap<Kind, usize>,
    /// What is kept one by one: of each principal wherever it was refused, and of each other kind in all.
    kept: HashMap<Who, u32>,
    queue: VecDeque<Refused>,
}

/// How much the queue holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Refusals kept one by one, per minute and source.
    pub each_per_minute: u32,
    /// Refusals kept one by one, per minute: of each principal in all namespaces together, of all wrong credentials, of all
    /// who have no name.
    pub all_per_minute: u32,
    /// Places told apart within a minute, of each kind.
    pub sources: usize,
    /// Places without a name told apart within a minute: they cost their sender nothing.
    pub unnamed: usize,
    /// Entries that wait for a reader.
    pub waiting: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { each_per_minute: 20, all_per_minute: 200, sources: 1_000, unnamed: 100, waiting: 10_000 }
    }
}

#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    kept: u32,
    counted: u64,
    from: i64,
    to: i64,
}

const ANONYMOUS: &str = "anonymous";
const OTHERS: &str = "others";
/// The rule of a wrong credential.
const WRONG: &str = "credential:wrong";
const MINUTE_MS: i64 = 60_000;

impl RefusalSource {
    fn of(entry: &AuditEntry) -> Self {
        let who = if !entry.attempted.is_empty() {
            Who::Wrong(entry.attempted.clone())
        } else if entry.principal == ANONYMOUS {
            Who::Unnamed(entry.address.map(network), entry.rule.clone())
        } else {
            Who::Named(entry.principal.clone())
        };
        RefusalSource { who, namespace: entry.namespace.clone(), namespace_id: entry.namespace_id }
    }
}

/// An address of version 6 without its half that whoever has it may choose.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
        address => address,
    }
}

impl Who {
    fn kind(&self) -> Kind {
        match self {
            Who::Named(_) => Kind::Named,
            Who::Wrong(_) => Kind::Wrong,
            Who::Unnamed(..) => Kind::Unnamed,
            Who::Others(kind) => *kind,
        }
    }

    /// Under whose name what is kept one by one is bounded in all.
    fn all(&self) -> Who {
        match self {
            Who::Named(_) => self.clone(),
            _ => Who::Others(self.kind()),
        }
    }
}

impl Refusals {
    /// An empty queue.
    pub fn new(limits: Limits) -> Self {
        let (tallies, sources, kept) = (HashMap::new(), HashMap::new(), HashMap::new());
        Refusals { limits, minute: i64::MIN, tallies, sources, kept, queue: VecDeque::new() }
    }

    /// Takes a refusal in.
    pub fn record(&mut self, entry: AuditEntry) {
        self.turn(entry.at);
        let source = RefusalSource::of(&entry);
        let (kind, all) = (source.who.kind(), source.who.all());
        let most = if kind == Kind::Unnamed { self.limits.unnamed } else { self.limits.sources };
        let sources = self.sources.entry(kind).or_default();
        let known = match self.tallies.contains_key(&source) {
            true => true,
            false if *sources < most => {
                *sources += 1;
                true
            }
            false => false,
        };
        let others = RefusalSource { who: Who::Others(kind), namespace: None, namespace_id: None };
        let tally = self.tallies.entry(if known { source } else { others }).or_default();
        if known && tally.kept < self.limits.each_per_minute && self.queue.len() < self.limits.waiting {
            let of_all = self.kept.entry(all).or_default();
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
        let mut sources: Vec<RefusalSource> = self.tallies.keys().cloned().collect();
        sources.sort();
        for source in sources {
            let room = self.queue.len() < self.limits.waiting;
            let Some(tally) = self.tallies.get_mut(&source) else { continue };
            tally.kept = 0;
            if tally.counted > 0 && !room {
                continue;
            }
            let Tally { counted, from, to, .. } = *tally;
            self.tallies.remove(&source);
            if counted > 0 {
                self.queue.push_back(Refused::Many { source, from, to, count: counted });
            }
        }
        self.sources.clear();
        for source in self.tallies.keys().filter(|source| !matches!(source.who, Who::Others(_))) {
            *self.sources.entry(source.who.kind()).or_default() += 1;
        }
    }
}

impl From<Refused> for AuditRecord {
    /// What waited in the queue has the time when it happened.
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::One(entry) => AuditRecord { happened: Some(entry.at), ..(*entry).into() },
            Refused::Many { source: RefusalSource { who, namespace, namespace_id }, from, count, .. } => {
                let counted = |reason: &str| format!("counted {reason}").trim_end().to_owned();
                let (principal, attempted, address, rule) = match who {
                    Who::Named(principal) => (principal, String::new(), None, counted("")),
                    Who::Wrong(user) => (ANONYMOUS.to_owned(), user, None, counted(WRONG)),
                    Who::Unnamed(address, reason) => (ANONYMOUS.to_owned(), String::new(), address, counted(&reason)),
                    Who::Others(Kind::Wrong) => (OTHERS.to_owned(), String::new(), None, counted(WRONG)),
                    Who::Others(Kind::Unnamed) => (ANONYMOUS.to_owned(), String::new(), None, counted("")),
                    Who::Others(Kind::Named) => (OTHERS.to_owned(), String::new(), None, counted("")),
                };
                AuditRecord {
                    happened: Some(from),
                    principal,
                    attempted,
                    method: None,
                    operation: String::new(),
                    action: String::new(),
                    kind: String::new(),
                    name: String::new(),
                    namespace,
                    namespace_id,
                    outcome: AuditOutcome::Refused,
                    rule,
                    request_id: String::new(),
                    address,
                    count,
                }
            }
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
            Refused::Many { source: RefusalSource { who, namespace, .. }, from, to, count } => {
                let source = namespace.map_or(String::new(), |namespace| format!(" in {namespace}"));
                let who = match who {
                    Who::Named(who) => who,
                    Who::Wrong(user) => format!("wrong {user}"),
                    Who::Unnamed(address, reason) => {
                        format!("{} {reason}", address.map_or(String::new(), |address| address.to_string()))
                    }
                    Who::Others(kind) => format!("other {kind:?}"),
                };
                format!("{count} of {who}{source} from {from} to {to}")
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
    fn those_without_a_name_are_counted_by_address_and_reason_and_hide_no_wrong_password() {
        let mut queue =
            Refusals::new(Limits { each_per_minute: 2, all_per_minute: 5, unnamed: 4, ..Limits::default() });
        let from = |address: &str, at| AuditEntry { address: address.parse().ok(), ..entry(ANONYMOUS, at) };
        (0..9).for_each(|at| queue.record(from("10.0.0.1", at)));
        queue.record(AuditEntry { rule: "foreign-host".into(), ..from("10.0.0.1", 9) });
        (10..14).for_each(|at| queue.record(from(&format!("2001:db8::{at}"), at)));
        (14..19).for_each(|at| queue.record(from(&format!("10.0.1.{at}"), at)));
        let wrong = |user: &str, at| AuditEntry { attempted: user.into(), rule: WRONG.into(), ..from("10.0.0.1", at) };
        (20..23).for_each(|at| queue.record(wrong("alice", at)));
        queue.record(wrong("bob", 23));
        let one_by_one = shown(queue.drain(30));
        assert_eq!(one_by_one.len(), 5 + 3, "{one_by_one:?}");
        assert_eq!(one_by_one[5..], ["anonymous at 20", "anonymous at 21", "anonymous at 23"]);
        assert_eq!(
            shown(queue.drain(60_000)),
            [
                "1 of wrong alice from 22 to 22",
                "7 of 10.0.0.1 credential:missing from 2 to 8",
                "1 of 10.0.1.14 credential:missing from 14 to 14",
                "2 of 2001:db8:: credential:missing from 12 to 13",
                "4 of other Unnamed from 15 to 18",
            ]
        );
    }

    #[test]
    fn a_flood_of_nobodies_and_of_wrong_passwords_stays_small() {
        let mut queue = Refusals::new(Limits::default());
        for n in 0..20_000u32 {
            let address = Some(IpAddr::from(n.to_be_bytes()));
            let long = "x".repeat(8_000);
            queue.record(AuditEntry { address, ..entry(ANONYMOUS, 1) });
            queue.record(AuditEntry { address, attempted: format!("{n}{long}"), ..entry(ANONYMOUS, 1) });
        }
        assert!(queue.tallies.len() <= 1_102 && queue.queue.len() <= 400);
        assert!(queue.drain(60_000).len() <= 400 + 1_102);
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
        let mut queue = Refusals::new(Limits { each_per_minute: 5, sources: 3, waiting: 4, ..Limits::default() });
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
