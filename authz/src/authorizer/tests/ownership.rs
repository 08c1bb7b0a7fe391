//! What depends on the owner of something besides the decision about it: references to it, answers for its name, and what
//! becomes of a decision when the owner changes.

use super::*;

#[test]
fn what_was_permitted_is_decided_again_by_the_land_as_it_stands() {
    let authorizer = authorizer(settings(PostReads::Method));
    let permit = authorizer.permit(&caller("wim", &[]), Action::Register, Subject::parse("payments.x")).unwrap();
    let owner = |grant: Grant| grant.namespace.map(|owner| owner.to_string());
    assert_eq!(authorizer.again(&permit).map(owner), Ok(Some("pay".into())));
    let mut namespaces = authorizer.ownership().namespaces().to_vec();
    namespaces.push(namespace("new", &["payments.x"], &[("user:basic/nora", MemberRole::Owner)]));
    authorizer.set_ownership(Ownership::new(namespaces).unwrap());
    assert!(matches!(authorizer.again(&permit), Err(Refusal::Forbidden(_))));
    let admin = authorizer.permit(&caller("ada", &[]), Action::Register, Subject::parse("payments.x")).unwrap();
    assert_eq!(authorizer.again(&admin).map(owner), Ok(Some("new".into())));
}

#[test]
fn a_topic_belongs_to_whom_a_subject_of_its_name_would_belong() {
    let authorizer = authorizer(settings(PostReads::Method));
    let may =
        |name: &str, topic: &str| authorizer.permit(&caller(name, &[]), Action::Associate, Topic::new(topic)).is_ok();
    assert!(may("wim", "payments.orders"));
    assert!(!may("wim", "risk"));
    assert!(!may("wim", ""));
    // No topic has such a name; who asks for it gets the answer for the subject of that text.
    assert_eq!(may("wim", ":.pay:x"), authorizer.ownership().owner(&Subject::parse(":.pay:x")).is_some());
}

#[test]
fn an_owner_can_keep_its_schemas_to_references_of_its_members() {
    let authorizer = authorizer(settings(PostReads::Method));
    let mut namespaces = authorizer.ownership().namespaces().to_vec();
    namespaces[0].referrers = Referrers::Members;
    authorizer.set_ownership(Ownership::new(namespaces).unwrap());
    let check = |name: &str, referrer: &str, target: &str, expected: &str| {
        let outcome =
            authorizer.permit_reference(&caller(name, &[]), &Subject::parse(referrer), &Subject::parse(target));
        assert_eq!(word(&outcome), expected, "{name}: {referrer} -> {target}");
    };
    check("stranger", "other", "payments-money", "no");
    check("nobody", "other", "payments-money", "who?");
    check("wim", "other", "payments-money", "yes");
    check("ada", "other", "payments-money", "yes");
    check("stranger", ":.pay:x", "payments-money", "yes");
    check("stranger", "other", ":.eu:else", "yes");
    check("stranger", "other", "another", "yes");
    let refusal = authorizer.permit_reference(
        &caller("stranger", &[]),
        &Subject::parse("other"),
        &Subject::parse("payments-money"),
    );
    assert_eq!(
        refusal.unwrap_err().to_string(),
        "User is denied operation Write on Subject: payments-money (user:basic/stranger asked to register a schema); owner: pay, \
         contact: #payments; rule: referrers; its owner lets only members refer to it (referrers=members)"
    );
    authorizer.set_settings(AuthorizationSettings { mode: Enforcement::Observe, ..settings(PostReads::Method) });
    check("stranger", "other", "payments-money", "yes");
}

#[test]
fn a_bare_name_falls_back_only_to_contexts_of_its_own_namespace() {
    let authorizer = authorizer(settings(PostReads::Method));
    #[track_caller]
    fn check(authorizer: &Authorizer, bare: &str, context: &str, expected: bool) {
        let context = Context::new(context).unwrap();
        assert_eq!(authorizer.may_fall_back(&Subject::parse(bare), &context), expected, "{bare} in {context}");
    }
    check(&authorizer, "payments-value", ".pay", true);
    check(&authorizer, "payments-value", ".eu", false);
    check(&authorizer, "payments-value", ".new", false);
    check(&authorizer, "other", ".pay", false);
    check(&authorizer, "other", ".new", true);
    let mut namespaces = authorizer.ownership().namespaces().to_vec();
    namespaces.push(namespace("guest", &[":.pay:payments.given", ":.new:given"], &[]));
    authorizer.set_ownership(Ownership::new(namespaces).unwrap());
    check(&authorizer, "payments.given-value", ".pay", false);
    check(&authorizer, "payments-value", ".pay", true);
    check(&authorizer, "given", ".new", false);
    authorizer
        .set_settings(AuthorizationSettings { unclaimed: Unclaimed::Authenticated, ..settings(PostReads::Method) });
    check(&authorizer, "other", ".new", false);
    authorizer.set_settings(AuthorizationSettings { mode: Enforcement::Off, ..settings(PostReads::Method) });
    check(&authorizer, "payments-value", ".eu", true);
}

#[test]
fn swapping_land_policy_and_settings_under_load_makes_no_wrong_decision() {
    let authorizer = authorizer(settings(PostReads::Method));
    let ownerships = [authorizer.ownership(), {
        let mut namespaces = authorizer.ownership().namespaces().to_vec();
        namespaces.push(namespace("more", &["payments.x", "other"], &[]));
        Arc::new(Ownership::new(namespaces).unwrap())
    }];
    let stop = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        let stop = &stop;
        let authorizer = &authorizer;
        let swapper = scope.spawn(move || {
            let generous = Policy::load(Policy::MODEL, &format!("{}p, writer, delete\n", Policy::POLICY)).unwrap();
            let policies = [Policy::embedded(), generous];
            for n in 0.. {
                authorizer.set_ownership(Ownership::clone(&ownerships[n % 2]));
                authorizer.set_policy(policies[n / 2 % 2].clone());
                authorizer.set_settings(settings([PostReads::Method, PostReads::Operation][n / 4 % 2]));
                if stop.load(std::sync::atomic::Ordering::Relaxed) {
                    break;
                }
            }
        });
        for _ in 0..2_000 {
            for (name, place, allowed) in [
                ("wim", "payments-value", true),
                ("stranger", "payments-value", false),
                ("stranger", "other", false),
                ("ada", "other", true),
            ] {
                let permit = authorizer.permit(&caller(name, &[]), Action::Register, Subject::parse(place));
                assert_eq!(permit.is_ok(), allowed, "{name} {place}");
            }
        }
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
        swapper.join().unwrap();
    });
}
