//! Who may produce and consume what with confluent-kafka for Python, under each meaning of a POST, and what its exceptions say.
//!
//! The subjects are those of the namespace payments: `writer` writes there, `foreign` is a user without any part in it. Who is
//! refused is told what helps: whom to ask, or which setting would have let a look-up through.

use crate::authz_support::Bank;
use crate::clients_python::script;
use serde_json::Value;
use std::thread;

/// Who, what, and the outcome under `authorization.post_reads` method, operation and effect: `ok`, or the status and the error
/// code that the client raised.
const TABLE: &str = "
writer          produces, registering what is there     ok         ok         ok
writer          produces, registering a new version     ok         ok         ok
writer          produces where nobody owns              403 40301  403 40301  403 40301
writer          produces, looking up what is there      ok         ok         ok
writer          produces, looking up what is not there  404 40403  404 40403  404 40403
writer          produces with use.latest.version        ok         ok         ok
writer          consumes                                ok         ok         ok
writer          consumes with use.latest.version        ok         ok         ok
foreign         produces, registering what is there     403 40301  403 40301  ok
foreign         produces, registering a new version     403 40301  403 40301  403 40301
foreign         produces where nobody owns              403 40301  403 40301  403 40301
foreign         produces, looking up what is there      403 40301  ok         ok
foreign         produces, looking up what is not there  403 40301  404 40403  404 40403
foreign         produces with use.latest.version        ok         ok         ok
foreign         consumes                                ok         ok         ok
foreign         consumes with use.latest.version        ok         ok         ok
nobody          produces, registering what is there     401 40101  401 40101  ok
nobody          produces, registering a new version     401 40101  401 40101  401 40101
nobody          produces where nobody owns              401 40101  401 40101  401 40101
nobody          produces, looking up what is there      401 40101  ok         ok
nobody          produces, looking up what is not there  401 40101  404 40403  404 40403
nobody          produces with use.latest.version        ok         ok         ok
nobody          consumes                                ok         ok         ok
nobody          consumes with use.latest.version        ok         ok         ok
wrong password  produces, registering what is there     401 40101  401 40101  401 40101
wrong password  produces, registering a new version     401 40101  401 40101  401 40101
wrong password  produces where nobody owns              401 40101  401 40101  401 40101
wrong password  produces, looking up what is there      401 40101  401 40101  401 40101
wrong password  produces, looking up what is not there  401 40101  401 40101  401 40101
wrong password  produces with use.latest.version        401 40101  401 40101  401 40101
wrong password  consumes                                401 40101  401 40101  401 40101
wrong password  consumes with use.latest.version        401 40101  401 40101  401 40101
";

const POST_READS: [&str; 3] = ["method", "operation", "effect"];

#[test]
fn python_producers_and_consumers_may_what_their_part_in_the_namespace_lets_them() {
    let columns = thread::scope(|scope| {
        let running = POST_READS.map(|word| scope.spawn(move || attempts(word)));
        running.map(|column| column.join().unwrap())
    });
    let rows = columns[0].iter().enumerate().map(|(at, first)| {
        let outcomes = columns.each_ref().map(|column| {
            assert_eq!((&column[at]["who"], &column[at]["what"]), (&first["who"], &first["what"]));
            format!("{:<11}", text(&column[at], "outcome"))
        });
        let row = format!("{:<16}{:<40}{}", text(first, "who"), text(first, "what"), outcomes.concat());
        row.trim_end().to_owned() + "\n"
    });
    let found = rows.collect::<String>();
    assert!(found == TABLE.trim_start(), "the table is now:\n{found}");
    let [method, operation, effect] = &columns;
    operation.iter().chain(effect).for_each(|attempt| tells_whom_to_ask(attempt));
    for (strict, lenient) in method.iter().zip(operation) {
        tells_whom_to_ask(strict);
        // Which setting it was is said where, and only where, it was that setting.
        let by_setting = text(strict, "outcome") != text(lenient, "outcome");
        let named = text(strict, "message").contains("authorization.post_reads=operation would allow it");
        assert_eq!(named, by_setting, "{strict}");
    }
}

/// What the script tells of a registry with this setting, in its order.
fn attempts(post_reads: &str) -> Vec<Value> {
    let bank = Bank::settled(&["--authorization-post-reads", post_reads]);
    let lines = script("ownership.py", &bank.node.url()).good();
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// What an exception must say, by its error code.
#[track_caller]
fn tells_whom_to_ask(attempt: &Value) {
    let message = text(attempt, "message");
    let denied = format!("User is denied operation Write on Subject: {}", text(attempt, "subject"));
    let parts: Vec<&str> = match (text(attempt, "outcome"), text(attempt, "what")) {
        ("403 40301", "produces where nobody owns") => vec![&denied, "owner: none", "no namespace claims it"],
        ("403 40301", _) => vec![&denied, "user:basic/stranger", "owner: payments, contact: #payments", "rule: "],
        ("401 40101", _) if attempt["who"] == "nobody" => vec!["Authentication is required"],
        ("401 40101", _) => vec!["The user or the password is wrong"],
        ("404 40403", _) => vec!["Schema not found"],
        _ => return assert_eq!(message, "", "{attempt}"),
    };
    assert!(parts.iter().all(|part| message.contains(part)), "{parts:?} are not all in: {attempt}");
}

fn text<'a>(attempt: &'a Value, member: &str) -> &'a str {
    attempt[member].as_str().unwrap()
}
