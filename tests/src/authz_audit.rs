//! What the audit shows and for how long: refusals at once, a flood as its beginning, nothing older than it is kept.

use crate::authz_support::{Bank, basic};
use crate::harness::command::{freehold, freehold_with, run};
use crate::harness::{Caller, named, wait};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::process::Command;
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
fn a_long_page_of_the_audit_is_sent_in_pieces_and_holds_what_its_short_pages_hold() {
    const CHANGES: usize = 260;
    let bank = Bank::settled(&[]);
    for n in 0..CHANGES {
        let labels = json!({ "n": n.to_string() });
        bank.send("ada", "PUT", "/namespaces/a", Some(&json!({ "labels": labels })));
    }
    let numbers = |page: &Value| -> Vec<u64> {
        page["entries"].as_array().unwrap().iter().map(|entry| entry["number"].as_u64().unwrap()).collect()
    };
    for namespace in ["-", "a"] {
        let target = format!("/namespaces/{namespace}/audit");
        for (who, status) in [("", 401), ("mona", 403)] {
            assert_eq!(bank.send(who, "GET", &target, None).status, status, "{who} reads {target}");
        }
        let answer = bank.send("ada", "GET", &format!("{target}?limit=1000"), None);
        assert_eq!(answer.header("transfer-encoding"), Some("chunked"), "{target}");
        let whole = answer.ok();
        assert!(numbers(&whole).len() >= CHANGES && whole.get("next").is_none());
        let (mut paged, mut before) = (vec![], String::new());
        loop {
            let page = bank.send("ada", "GET", &format!("{target}?limit=50{before}"), None).ok();
            paged.extend(numbers(&page));
            let Some(next) = page.get("next") else { break };
            before = format!("&before={}", next.as_str().unwrap());
        }
        assert_eq!(numbers(&whole), paged, "{target}");
    }
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

#[test]
fn a_namespace_made_again_shows_nothing_of_the_one_before() {
    let bank = Bank::settled(&[]);
    bank.register("alice", "payments-secret", "Payment");
    let bare = json!({ "members": { "user:basic/alice": "owner" } });
    bank.send("ada", "PUT", "/namespaces/payments?confirm=true", Some(&bare)).ok();
    refused(&mut bank.node.caller(), "stranger", "in-the-old-one");
    assert!(!bank.audit("alice", "payments").is_empty());
    bank.send("ada", "DELETE", "/namespaces/payments", None).ok();
    let mona = json!({ "claims": ["payments"], "members": { "user:basic/mona": "owner" } });
    assert_eq!(bank.send("ada", "PUT", "/namespaces/payments?confirm=true", Some(&mona)).status, 201);
    refused(&mut bank.node.caller(), "stranger", "in-the-new-one");
    bank.register("mona", "payments-mine", "Payment");

    let mut shown: Vec<String> = bank.audit("mona", "payments").iter().map(|e| e["action"].to_string()).collect();
    shown.sort();
    assert_eq!(shown, ["\"administer\"", "\"delete\"", "\"register\""]);
    // A change of its members leaves it the one that it is.
    bank.send("ada", "PUT", "/namespaces/payments/members/user:basic%2Fwim", Some(&json!({ "role": "writer" }))).ok();
    assert_eq!(bank.audit("wim", "payments").len(), 4);
    let whole = bank.audit("ada", "-");
    assert!(whole.iter().any(|entry| entry["resource"] == "payments-secret"), "an admin is shown all of it");
}

#[test]
fn the_chain_of_the_audit_is_verified_in_its_sink_and_by_asking() {
    let directory = tempfile::tempdir().unwrap();
    let sink = directory.path().join("audit.log");
    let path = sink.to_str().unwrap();
    let flags = ["--audit-sink", path, "--audit-required", "--audit-sink-size", "4096"];
    let mut bank = Bank::settled(&flags);
    (0..10).for_each(|n| bank.register("alice", &format!("payments-{n}"), "Payment"));
    refused(&mut bank.node.caller(), "stranger", "r");
    // What came before a restart and after it hangs together.
    bank.restart(&flags);
    bank.register("alice", "payments-last", "Payment");
    let url = format!("http://{}", bank.node.address);
    let asked = |more: &[&str]| {
        let mut command = freehold();
        command.args(["audit", "verify", "--url", &url, "--user", "ada"]).args(more).env("FREEHOLD_PASSWORD", "ada");
        run(&mut command)
    };
    let said = asked(&[]).good();
    assert!(said.contains(" entries are whole, 1 to "), "{said}");
    let of_sink = || freehold_with(&["audit", "verify", path]);
    wait::until("the sink has the same", || (of_sink().good() == said).then_some(()));
    assert!(directory.path().join("audit.log.1").exists(), "it was rotated on the way");

    let (_, hash) = said.rsplit_once(' ').unwrap();
    assert!(asked(&["--holds", &format!("1:{hash}")]).bad().contains("and not the one that was noted"));

    let text = std::fs::read_to_string(&sink).unwrap();
    std::fs::write(&sink, text.replace("payments-last", "payments-best")).unwrap();
    assert!(of_sink().bad().contains("was changed"), "{}", of_sink().bad());
    let short: Vec<&str> = text.lines().skip(1).collect();
    std::fs::write(&sink, short.join("\n")).unwrap();
    assert!(of_sink().bad().contains("missing"));
}

#[test]
fn what_is_forgotten_is_in_no_backup() {
    let mut bank = Bank::settled(&[]);
    refused(&mut bank.node.caller(), "stranger", "a-needle-in-the-audit");
    let contains = |bank: &Bank| {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("backup");
        freehold_with(&["backup", "--data", bank.data().to_str().unwrap(), file.to_str().unwrap()]).good();
        std::fs::read(&file).unwrap().windows(21).any(|bytes| bytes == b"a-needle-in-the-audit")
    };
    assert!(!bank.audit("alice", "payments").is_empty());
    assert!(contains(&bank));
    bank.restart(&["--audit-retention", "1"]);
    wait::until("it is forgotten", || bank.audit("ada", "-").is_empty().then_some(()));
    assert!(!contains(&bank));
    // The chain goes on from what is forgotten, also in a copy.
    bank.restart(&[]);
    bank.register("alice", "payments-new", "Payment");
    assert!(bank.audit("ada", "-").iter().all(|entry| entry["number"].as_u64() > Some(5)));
}

#[test]
fn nobodies_with_long_names_hide_no_wrong_password_and_write_little() {
    let bank = Bank::settled(&[]);
    let mut caller = bank.node.caller();
    let long = format!("payments-{}", "x".repeat(4_000));
    for n in 0..40 {
        let id = format!("flood-{n}");
        let answer = caller.send("DELETE", &format!("/subjects/{long}"), &[("X-Request-ID", &id)], None);
        assert_eq!(answer.status, 401, "{answer:?}");
    }
    let wrong = basic("alice", "not hers");
    let answer = caller.send("DELETE", "/subjects/payments-value", &[("Authorization", &wrong)], None);
    assert_eq!(answer.status, 401, "{answer:?}");
    let shown = bank.audit("ada", "-");
    assert_eq!(
        (&shown[0]["attempted"], &shown[0]["rule"]),
        (&json!("alice"), &json!("credential:wrong")),
        "{:?}",
        shown[0]
    );
    assert_eq!(shown[0]["principal"], "anonymous", "nothing is proved");
    let flood: Vec<_> = shown.iter().filter(|entry| entry["requestId"].to_string().contains("flood-")).collect();
    assert!(flood.len() >= 20 && flood.len() < 40, "the beginning of a flood is kept: {}", flood.len());
    for entry in flood {
        assert!(entry.to_string().len() < 1_000, "{entry}");
        assert!(entry["resource"].as_str().unwrap().ends_with("xxx…"), "{entry}");
    }
}

#[test]
fn an_answer_has_one_date() {
    let bank = Bank::settled(&[]);
    for target in ["/subjects", "/schemas/ids/1", "/schemas/ids/1", "/nothing"] {
        let answer = bank.node.get(target);
        let dates: Vec<_> = answer.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("date")).collect();
        assert!(matches!(dates.as_slice(), [(_, date)] if date.ends_with(" GMT")), "{target}: {dates:?}");
    }
}

#[test]
fn a_required_sink_that_hangs_stops_changes_and_gets_all_of_them_when_it_goes_on() {
    use std::io::BufRead;
    let directory = tempfile::tempdir().unwrap();
    let pipe = directory.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    // Opening either end waits for the other one.
    let reading = thread::spawn({
        let pipe = pipe.clone();
        move || std::fs::File::open(pipe).unwrap()
    });
    let bank = Bank::with(&["--audit-sink", pipe.to_str().unwrap(), "--audit-required"]);
    let reader = reading.join().unwrap();
    let mut accepted = 0;
    wait::until("changes are refused while nobody reads the pipe", || {
        let labels = json!({ "n": accepted.to_string(), "long": "x".repeat(400) });
        let answer = bank.send("ada", "PUT", "/namespaces/a", Some(&json!({ "labels": labels })));
        if answer.status == 503 {
            assert_eq!(bank.node.get("/health/ready").json()["status"], "read-only");
            return Some(());
        }
        accepted += 1;
        None
    });
    let (mut numbers, mut lines) = (Vec::new(), std::io::BufReader::new(reader).lines());
    for line in lines.by_ref().take(accepted) {
        let line: Value = serde_json::from_str(&line.unwrap()).unwrap();
        numbers.push(line["number"].as_u64().unwrap());
    }
    assert_eq!(numbers, (1..=accepted as u64).collect::<Vec<_>>(), "none is missing");
    wait::until("changes are made again", || {
        let answer = bank.send("ada", "PUT", "/namespaces/a", Some(&json!({})));
        (answer.status == 200).then_some(())
    });
    wait::until("it is ready again", || (bank.node.get("/health/ready").status == 200).then_some(()));
}
