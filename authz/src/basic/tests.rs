//! Basic authentication against a pool that runs what it is given at once, or when it is told to.

#![allow(clippy::disallowed_methods, reason = "the tests wait for what they spawn")]

use super::*;
use std::future::poll_fn;
use std::task::Poll;

/// `secret`, hashed as cheaply as argon2 and bcrypt allow.
pub(crate) const ARGON2: &str =
    "$argon2id$v=19$m=64,t=1,p=1$b2c+UJdXMeC/QeEfopqGVA$tjRLYU5A2PJ0zx8GacWnS3I7L8jhfHEjsVx4of8suN0";
pub(crate) const BCRYPT: &str = "$2b$04$zuxF6Pvn7M5SMDcaExOC/ee7nXciSIQxesP1SrpvazOgtAD9WrDdm";

fn users(text: &str) -> Users {
    text.replace("ARGON2", ARGON2).replace("BCRYPT", BCRYPT).parse().unwrap()
}

struct Bench {
    basic: Basic,
    now: Arc<AtomicU64>,
    jobs: Arc<Mutex<Vec<Job>>>,
}

/// With jobs that wait for [`Bench::work`].
fn bench(text: &str) -> Bench {
    let (now, jobs) = (Arc::new(AtomicU64::new(0)), Arc::new(Mutex::new(Vec::new())));
    let (time, queue) = (now.clone(), jobs.clone());
    let clock: Clock = Arc::new(move || Duration::from_secs(time.load(Ordering::Relaxed)));
    let pool: Pool = Arc::new(move |job| lock(&queue).push(job));
    Bench { basic: Basic::with_clock(users(text), pool, clock).unwrap(), now, jobs }
}

impl Bench {
    fn work(&self) -> usize {
        let jobs = std::mem::take(&mut *lock(&self.jobs));
        jobs.into_iter().map(|job| job()).count()
    }

    /// Asks, has the work done, and says what came of it.
    async fn ask(&self, credentials: &str, from: &str) -> String {
        let proof = match self
            .basic
            .authenticate(&BASE64_STANDARD.encode(credentials), &Connection { address: from.parse().ok() })
        {
            Answer::Now(proof) => proof,
            Answer::Later(mut proof) => {
                poll_fn(|context| {
                    let polled = proof.as_mut().poll(context);
                    if polled.is_pending() {
                        self.work();
                    }
                    polled
                })
                .await
            }
        };
        shown(proof)
    }
}

fn shown(proof: Proof) -> String {
    match proof {
        Ok(verified) => verified.principal.to_string(),
        Err(Refusal::Unauthenticated(problem)) => format!("{problem:?}"),
        Err(Refusal::Throttled { retry_after }) => format!("wait {} s", retry_after.as_secs()),
        Err(other) => panic!("{other}"),
    }
}

#[tokio::test]
async fn the_right_password_proves_who_one_is() {
    let bench = bench("alice:ARGON2\nbob:BCRYPT\nzoë:ARGON2");
    let check = async |credentials: &str, expected: &str| {
        assert_eq!(bench.ask(credentials, "192.0.2.1").await, expected, "{credentials:?}");
    };
    check("alice:secret", "user:basic/alice").await;
    check("bob:secret", "user:basic/bob").await;
    check("zoë:secret", "user:basic/zoë").await;
    check("Alice:secret", "Wrong").await;
    check("alice:Secret", "Wrong").await;
    check("alice:secret:more", "Wrong").await;
    check("alice:", "Wrong").await;
    check("nobody:secret", "Wrong").await;
    check("alice", "Malformed").await;
    check(":secret", "Malformed").await;
    check("", "Malformed").await;
    check(&format!("alice:{}", "x".repeat(1025)), "Wrong").await;
    check(&format!("{}:secret", "x".repeat(256)), "Wrong").await;
    check(&format!("alice:{}", "x".repeat(10_000)), "Malformed").await;
}

#[test]
fn what_is_no_base64_of_a_user_and_a_password_is_malformed() {
    let bench = bench("alice:ARGON2");
    for credentials in ["", "=", "YWxpY2U6c2VjcmV0=", "YWxpY2U6c2VjcmV0 ", "a!", "//8=", "/zpzZWNyZXQ=", "Ü"] {
        let Answer::Now(proof) = bench.basic.authenticate(credentials, &Connection::default()) else {
            panic!("{credentials:?}")
        };
        assert_eq!(shown(proof), "Malformed", "{credentials:?}");
    }
}

#[tokio::test]
async fn a_password_is_hashed_once_whether_it_is_right_or_wrong() {
    let bench = bench("alice:ARGON2");
    for _ in 0..5 {
        assert_eq!(bench.ask("alice:secret", "192.0.2.1").await, "user:basic/alice");
        assert_eq!(bench.ask("alice:guess", "192.0.2.1").await, "Wrong");
        assert_eq!(bench.ask("nobody:guess", "192.0.2.1").await, "Wrong");
        // What an unknown user is checked against is somebody's hash, and this is that somebody's password.
        assert_eq!(bench.ask("nobody:secret", "192.0.2.1").await, "Wrong");
    }
    assert_eq!(bench.basic.checked(), 4);
}

#[tokio::test]
async fn a_reload_forgets_who_changed_and_nobody_else() {
    let bench = bench("alice:ARGON2\nbob:BCRYPT\ncarol:ARGON2");
    for name in ["alice", "bob", "carol"] {
        bench.ask(&format!("{name}:secret"), "192.0.2.1").await;
    }
    assert_eq!(bench.basic.checked(), 3);
    bench.basic.set_users(users("alice:ARGON2:payments\nbob:ARGON2\ndave:BCRYPT"));
    let Answer::Now(Ok(alice)) =
        bench.basic.authenticate(&BASE64_STANDARD.encode("alice:secret"), &Connection::default())
    else {
        panic!("alice has to prove it again")
    };
    assert_eq!(alice.groups[0].as_str(), "group:basic/payments");
    assert_eq!(bench.basic.checked(), 3);
    assert_eq!(bench.ask("carol:secret", "192.0.2.1").await, "Wrong");
    assert_eq!(bench.ask("bob:secret", "192.0.2.1").await, "user:basic/bob");
    assert_eq!(bench.ask("dave:secret", "192.0.2.1").await, "user:basic/dave");
    assert_eq!(bench.basic.checked(), 6);
}

#[tokio::test]
async fn what_is_remembered_for_one_user_proves_nothing_for_another_with_the_same_hash() {
    let bench = bench("al:ARGON2\nalice:ARGON2");
    assert_eq!(bench.ask("alice:secret", "192.0.2.1").await, "user:basic/alice");
    assert_eq!(bench.ask("al:icesecret", "192.0.2.1").await, "Wrong");
    assert_eq!(bench.ask("al:secret", "192.0.2.1").await, "user:basic/al");
}

#[tokio::test]
async fn guesses_that_are_sent_all_at_once_earn_the_same_pauses() {
    let bench = bench("alice:ARGON2");
    let guess = |n: usize| match bench
        .basic
        .authenticate(&BASE64_STANDARD.encode(format!("alice:guess{n}")), &Connection::default())
    {
        Answer::Later(proof) => tokio::spawn(proof),
        Answer::Now(_) => panic!("it was never checked"),
    };
    let tasks: Vec<_> = (0..30).map(guess).collect();
    while !tasks.iter().all(|task| task.is_finished()) {
        tokio::task::yield_now().await;
        bench.work();
    }
    assert!((5..5 + AT_A_TIME as u64).contains(&bench.basic.checked()), "{}", bench.basic.checked());
}

#[tokio::test]
async fn an_unknown_user_costs_what_a_known_one_does() {
    let bench = bench("alice:ARGON2");
    assert_eq!(bench.ask("nobody:secret", "192.0.2.1").await, "Wrong");
    assert_eq!(bench.basic.checked(), 1);
}

#[tokio::test]
async fn a_user_who_is_added_after_a_failed_attempt_gets_in() {
    let bench = bench("alice:ARGON2");
    assert_eq!(bench.ask("bob:secret", "192.0.2.1").await, "Wrong");
    bench.basic.set_users(users("alice:ARGON2\nbob:ARGON2"));
    assert_eq!(bench.ask("bob:secret", "192.0.2.1").await, "user:basic/bob");
}

#[tokio::test]
async fn guessing_earns_pauses_that_hurt_nobody_else() {
    let bench = bench("alice:ARGON2\nbob:BCRYPT");
    let (attacker, office) = ("203.0.113.6", "192.0.2.1");
    assert_eq!(bench.ask("bob:secret", attacker).await, "user:basic/bob");
    for n in 0..5 {
        assert_eq!(bench.ask(&format!("alice:guess{n}"), attacker).await, "Wrong");
    }
    assert_eq!(bench.ask("alice:guess5", attacker).await, "wait 1 s");
    assert_eq!(bench.ask("alice:secret", attacker).await, "wait 1 s", "the pause holds for the right password too");
    assert_eq!(bench.ask("alice:guess1", attacker).await, "Wrong", "known to be wrong, so it costs nothing");
    assert_eq!(bench.ask("bob:secret", attacker).await, "user:basic/bob");
    assert_eq!(bench.ask("alice:secret", office).await, "user:basic/alice");
    assert_eq!(bench.basic.checked(), 7);
    bench.now.store(2, Ordering::Relaxed);
    assert_eq!(bench.ask("alice:guess5", attacker).await, "Wrong");
    assert_eq!(bench.ask("alice:guess6", attacker).await, "wait 2 s");
}

#[tokio::test]
async fn two_passwords_are_hashed_at_a_time_and_equal_ones_once() {
    let bench = bench("alice:ARGON2\nbob:BCRYPT\ncarol:ARGON2");
    let ask = |name: &str| {
        let credentials = BASE64_STANDARD.encode(format!("{name}:secret"));
        match bench.basic.authenticate(&credentials, &Connection::default()) {
            Answer::Later(proof) => tokio::spawn(proof),
            Answer::Now(_) => panic!("it was never checked"),
        }
    };
    let tasks: Vec<_> = ["alice", "alice", "bob", "alice", "carol", "bob", "alice"].map(ask).into();
    // Everything that can begin has begun once all tasks have run; the runtime of this test has one thread.
    let jobs = async || {
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
        bench.work()
    };
    assert_eq!(jobs().await, 2);
    assert_eq!(jobs().await, 1);
    assert_eq!(jobs().await, 0);
    let mut found = Vec::new();
    for task in tasks {
        found.push(shown(task.await.unwrap()));
    }
    let (a, b, c) = ("user:basic/alice", "user:basic/bob", "user:basic/carol");
    assert_eq!(found, [a, a, b, a, c, b, a]);
    assert_eq!(bench.basic.checked(), 3);
    assert!(lock(&bench.basic.shared.flights).is_empty());
}

#[tokio::test]
async fn the_queue_is_bounded_and_says_so() {
    let bench = bench("alice:ARGON2");
    let ask = |n: usize| {
        let from = format!("10.0.{}.{}", n / 250, n % 250).parse().ok();
        match bench.basic.authenticate(&BASE64_STANDARD.encode(format!("user{n}:guess")), &Connection { address: from })
        {
            Answer::Later(proof) => tokio::spawn(proof),
            Answer::Now(_) => panic!("it was never checked"),
        }
    };
    let tasks: Vec<_> = (0..AT_A_TIME + WAITING + 10).map(ask).collect();
    while !tasks.iter().all(|task| task.is_finished()) {
        tokio::task::yield_now().await;
        bench.work();
    }
    let mut refused = 0;
    for task in tasks {
        refused += usize::from(shown(task.await.unwrap()) == "wait 1 s");
    }
    assert_eq!(refused, 10);
    assert_eq!(bench.basic.shared.waiting.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn a_client_that_hangs_up_has_its_failure_counted() {
    let bench = bench("alice:ARGON2");
    for n in 0..5 {
        let credentials = BASE64_STANDARD.encode(format!("alice:guess{n}"));
        let Answer::Later(mut proof) = bench.basic.authenticate(&credentials, &Connection::default()) else {
            panic!("never checked")
        };
        assert!(poll_fn(|context| Poll::Ready(proof.as_mut().poll(context).is_pending())).await);
        drop(proof);
        assert_eq!(bench.work(), 1);
    }
    assert_eq!(bench.ask("alice:guess9", "").await, "wait 1 s");
    assert!(lock(&bench.basic.shared.flights).is_empty());
}

#[tokio::test]
async fn a_pool_that_drops_its_work_lets_nobody_in() {
    let pool: Pool = Arc::new(drop);
    let basic = Basic::new(users("alice:ARGON2"), pool).unwrap();
    let Answer::Later(proof) = basic.authenticate(&BASE64_STANDARD.encode("alice:secret"), &Connection::default())
    else {
        panic!("never checked")
    };
    assert_eq!(shown(proof.await), "wait 1 s");
}

#[tokio::test]
async fn without_users_everybody_is_wrong() {
    let bench = bench("# nobody yet");
    assert_eq!(bench.ask("alice:secret", "").await, "Wrong");
    assert_eq!(bench.basic.checked(), 0);
}
