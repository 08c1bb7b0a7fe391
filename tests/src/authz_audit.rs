//! What the audit shows and for how long: refusals at once, a flood as its beginning, nothing older than it is kept.

use crate::authz_support::{Bank, basic};
use crate::harness::{Caller, named, wait};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

/// Asks to delete what is payments', under this request id, and is refused.
#[track_caller]
fn refused(caller: &mut Caller, who: &str, id: &str) {
    let credential = basic(who, who);
    let mut headers = vec![("X-Request-ID", id)];
    if !who.is_empty() {
        headers.push(("Authorization", &credential));
    }
    let answer = caller.send("DELETE", "/subjects/payments-value", &headers, None);
    assert!(matches!(answer.status, 401 | 403), "{answer:?}");
}

/// The value of a metric without labels.
fn metric(bank: &Bank, name: &str) -> f64 {
    let page = bank.node.get("/metrics").text;
    let value = page.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    value.unwrap_or_else(|| panic!("{name} is not in:\n{page}")).parse().unwrap()
}

#[test]
fn a_refusal_is_in_the_audit_at_the_very_next_read() {
    let bank = Bank::settled(&[]);
    let mut caller = bank.node.caller();
    for round in 0..12 {
        for who in ["stranger", "mona", "wim", ""] {
            let id = format!("{who}-{round}");
            refused(&mut caller, who, &id);
            for (reader, namespace) in [("alice", "payments"), ("ada", "-")] {
                let newest = bank.audit(reader, namespace).remove(0);
                assert_eq!((&newest["requestId"], &newest["decision"]), (&json!(id), &json!("refused")), "{newest}");
            }
        }
    }
}

#[test]
fn a_page_of_the_audit_is_in_the_order_in_which_things_happened() {
    let bank = Bank::settled(&[]);
    let mut caller = bank.node.caller();
    for round in 0..10 {
        refused(&mut caller, "stranger", &format!("refused-{round}"));
        bank.register("alice", &format!("payments-{round}"), "Payment");
    }
    let shown = bank.audit("alice", "payments");
    assert_eq!(shown.iter().filter(|entry| entry["decision"] == "refused").count(), 10);
    let times: Vec<i64> = shown.iter().map(|entry| entry["time"].as_i64().unwrap()).collect();
    assert!(times.is_sorted_by(|newer, older| newer >= older), "{times:?}");
}

#[test]
fn readers_neither_break_up_what_a_flood_is_kept_as_nor_write_without_it() {
    let bank = Bank::settled(&[]);
    let read = || bank.audit("alice", "payments");
    let (quiet, commits) = (read(), metric(&bank, "freehold_commits_total"));
    (0..50).for_each(|_| assert_eq!(read(), quiet));
    assert_eq!(metric(&bank, "freehold_commits_total"), commits);

    let flooding = AtomicBool::new(true);
    thread::scope(|scope| {
        scope.spawn(|| {
            let _end = wait::AtEnd(|| flooding.store(false, Ordering::SeqCst));
            let mut caller = bank.node.caller();
            (0..400).for_each(|_| refused(&mut caller, "stranger", "flood"));
        });
        for _ in 0..3 {
            scope.spawn(|| {
                while flooding.load(Ordering::SeqCst) {
                    read();
                }
            });
        }
    });
    let mut minutes: BTreeMap<i64, usize> = BTreeMap::new();
    let one_by_one = |entry: &&Value| entry["decision"] == "refused" && entry["count"].is_null();
    for entry in read().iter().filter(one_by_one) {
        *minutes.entry(entry["time"].as_i64().unwrap() / 60_000).or_default() += 1;
    }
    let (most, kept) = (minutes.values().max(), minutes.values().sum::<usize>());
    assert_eq!(most, Some(&20), "of each minute the first are kept: {minutes:?}");
    // Besides, each minute may have ended with a count.
    let written = metric(&bank, "freehold_commits_total") - commits;
    assert!(written <= (kept + minutes.len()) as f64, "{written} commits for {minutes:?}");
}

#[test]
fn what_was_refused_just_before_the_end_is_kept() {
    let mut bank = Bank::settled(&[]);
    refused(&mut bank.node.caller(), "stranger", "the-last");
    bank.restart(&[]);
    assert_eq!(bank.audit("alice", "payments")[0]["requestId"], "the-last");
}

#[test]
fn old_entries_are_forgotten_and_new_ones_stay_also_after_a_restart() {
    const SHORT: [&str; 2] = ["--audit-retention", "1"];
    let mut bank = Bank::settled(&[]);
    let shows =
        |bank: &Bank, subject: &str| bank.audit("alice", "payments").iter().any(|entry| entry["resource"] == subject);
    bank.register("alice", "payments-old", "Old");
    assert!(shows(&bank, "payments-old"));
    bank.restart(&SHORT);
    let mut round = 0;
    wait::until("the old entry is forgotten while a new one is there", || {
        round += 1;
        let new = format!("payments-new-{round}");
        bank.register("alice", &new, "New");
        (!shows(&bank, "payments-old") && shows(&bank, &new)).then_some(())
    });
    // Kept for long from here on: what is gone is gone, and what is new is not.
    bank.restart(&[]);
    bank.register("alice", "payments-newer", "Newer");
    bank.restart(&[]);
    assert!(!shows(&bank, "payments-old") && shows(&bank, "payments-newer"));
    // Also where nothing happens any more.
    bank.restart(&SHORT);
    let none_left = || bank.audit("alice", "payments").is_empty().then_some(());
    wait::until("everything is forgotten", none_left);
    assert_eq!(bank.send("wim", "POST", "/subjects/payments-old", Some(&named("Old"))).status, 200);
}
