//! Files that change under load: not one decision is wrong, and a broken file changes nothing.

use crate::authz_support::{Bank, add_user, remove_user, send};
use crate::harness::{named, wait};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

#[test]
fn users_come_and_go_under_load_without_one_wrong_decision() {
    let bank = Bank::settled(&[]);
    let (stop, asked) = (AtomicBool::new(false), AtomicUsize::new(0));
    thread::scope(|scope| {
        for (who, expected) in [("wim", 200), ("stranger", 403), ("", 401)] {
            let (bank, stop, asked) = (&bank, &stop, &asked);
            scope.spawn(move || {
                let mut caller = bank.node.caller();
                while !stop.load(Ordering::Relaxed) {
                    let answer = send(&mut caller, who, "POST", "/subjects/payments-value", Some(&named("Payment")));
                    assert_eq!(answer.status, expected, "{who}: {answer:?}");
                    asked.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        let status = |who: &str| bank.send(who, "GET", "/subjects", None).status;
        let becomes = |who: &str, expected: u16| {
            wait::until(&format!("{who} gets {expected}"), || (status(who) == expected).then_some(()));
        };
        add_user(&bank.users(), "newcomer");
        bank.node.logged(|line| line.contains("users file has changed and is in force"));
        assert_eq!(status("newcomer"), 200);
        remove_user(&bank.users(), "mona");
        becomes("mona", 401);
        std::fs::write(bank.users(), "broken").unwrap();
        bank.node.logged(|line| line.contains("the users before stay"));
        assert_eq!(status("newcomer"), 200);
        stop.store(true, Ordering::Relaxed);
    });
    assert!(asked.load(Ordering::Relaxed) > 100);
    let metrics = bank.node.get("/metrics").text;
    assert!(metrics.contains("freehold_reloads_total{file=\"users\",outcome=\"kept-old\"} 1"), "{metrics}");
}
