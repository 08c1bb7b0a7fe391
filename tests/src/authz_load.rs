//! Requests that never stop while rules change under them, and whose every answer is judged.
//!
//! Before and after a change one answer is right; while it is under way the old one is, until the new one has been seen. A
//! stage counts these times: even ones are settled, odd ones are changes.

use crate::authz_support::{Bank, send};
use crate::harness::wait;
use serde_json::Value;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

/// Who asks what over a connection of their own, and the status that is right by the first and by the second rules.
pub struct Requester {
    pub who: &'static str,
    pub ask: (&'static str, &'static str),
    pub body: Option<Value>,
    pub right: [u16; 2],
}

/// The requesters, seen by whoever changes the rules.
pub struct Load<'a> {
    bank: &'a Bank,
    stage: AtomicUsize,
    ended: AtomicBool,
    asked: Vec<AtomicUsize>,
}

/// Answers of each requester that make a rule tried.
const ENOUGH: usize = 20;

/// Runs `change` while all of these ask, and fails with the first wrong answer.
pub fn under_load(bank: &Bank, requesters: &[Requester], change: impl FnOnce(&Load<'_>)) {
    let asked = requesters.iter().map(|_| AtomicUsize::new(0)).collect();
    let load = Load { bank, stage: AtomicUsize::new(0), ended: AtomicBool::new(false), asked };
    let end = || wait::AtEnd(|| load.ended.store(true, Ordering::SeqCst));
    thread::scope(|scope| {
        for (requester, asked) in requesters.iter().zip(&load.asked) {
            scope.spawn(|| {
                // One that fails ends the others as well.
                let _end = end();
                load.ask_on(requester, asked);
            });
        }
        let _end = end();
        load.goes_on();
        change(&load);
        load.goes_on();
    });
}

impl Load<'_> {
    /// Waits until each requester has had a number of further answers.
    #[track_caller]
    pub fn goes_on(&self) {
        let before: Vec<usize> = self.asked.iter().map(|asked| asked.load(Ordering::SeqCst)).collect();
        wait::until("every requester has further answers", || {
            assert!(!self.ended.load(Ordering::SeqCst), "a requester had a wrong answer");
            let enough = |(asked, before): (&AtomicUsize, &usize)| asked.load(Ordering::SeqCst) >= before + ENOUGH;
            self.asked.iter().zip(&before).all(enough).then_some(())
        });
    }

    /// Changes from the rules in force to the other ones: `make` does it, and `taken` says when the registry has said so.
    #[track_caller]
    pub fn change(&self, make: impl FnOnce(), taken: impl FnMut() -> Option<()>) {
        self.stage.fetch_add(1, Ordering::SeqCst);
        make();
        wait::until("the change is in force", taken);
        self.stage.fetch_add(1, Ordering::SeqCst);
        self.goes_on();
    }

    fn ask_on(&self, requester: &Requester, asked: &AtomicUsize) {
        let Requester { who, ask: (method, target), body, right } = requester;
        let mut caller = self.bank.node.caller();
        let mut seen_new = None;
        while !self.ended.load(Ordering::SeqCst) {
            let before = self.stage.load(Ordering::SeqCst);
            let answer = send(&mut caller, who, method, target, body.as_ref());
            let after = self.stage.load(Ordering::SeqCst);
            let (old, new) = (right[before / 2 % 2], right[(before / 2 + 1) % 2]);
            let settled = before == after && before.is_multiple_of(2);
            let old_is_right = seen_new != Some(before);
            let is_right = answer.status == old && old_is_right || answer.status == new && !settled;
            assert!(is_right, "{who} {method} {target} in stages {before} to {after}: {answer:?}");
            if before % 2 == 1 && old != new && answer.status == new {
                seen_new = Some(before);
            }
            asked.fetch_add(1, Ordering::SeqCst);
        }
    }
}
