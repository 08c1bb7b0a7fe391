//! The decisions as tables: every caller × every action × every kind of place × the three `post_reads`.

mod ownership;

use super::*;
use crate::{Credential, Global, Method, Role, Rule, Topic, Verified};
use model::{Claim, MemberRole, Namespace, NamespaceName, Principal, Referrers};

fn principal(text: &str) -> Principal {
    text.parse().unwrap()
}

fn caller(name: &str, groups: &[&str]) -> Caller {
    if name == "nobody" {
        return Caller::anonymous(None, "1".into());
    }
    let verified = Verified {
        principal: principal(&format!("user:basic/{name}")),
        groups: groups.iter().map(|group| principal(group)).collect(),
        method: Method::Basic,
    };
    Caller { identity: Identity::Verified(verified.into()), address: None, request_id: "1".into() }
}

fn namespace(name: &str, claims: &[&str], members: &[(&str, MemberRole)]) -> Namespace {
    let mut namespace = Namespace::new(name.parse().unwrap());
    namespace.claims = claims.iter().map(|claim| claim.parse::<Claim>().unwrap()).collect();
    namespace.members = members.iter().map(|(member, role)| (principal(member), *role)).collect();
    namespace
}

/// `pay` owns `payments` and, inside the context of `eu`, `:.eu:payments`; Olga owns both namespaces.
fn authorizer(settings: AuthorizationSettings) -> Authorizer {
    let mut pay = namespace(
        "pay",
        &["payments", ":.eu:payments", ":.pay:"],
        &[
            ("user:basic/wim", MemberRole::Writer),
            ("user:basic/ona", MemberRole::Owner),
            ("user:basic/olga", MemberRole::Owner),
            ("group:corp/payments", MemberRole::Writer),
        ],
    );
    pay.contact = Some("#payments".into());
    let eu = namespace("eu", &[":.eu:"], &[("user:basic/olga", MemberRole::Owner)]);
    let authorizer = Authorizer::new(settings, Policy::embedded());
    authorizer.set_ownership(Ownership::new([pay, eu]).unwrap());
    authorizer
}

fn settings(post_reads: PostReads) -> AuthorizationSettings {
    AuthorizationSettings {
        post_reads,
        admins: [principal("user:basic/ada")].into(),
        ..AuthorizationSettings::default()
    }
}

fn word<T>(outcome: &Result<T, Refusal>) -> &'static str {
    match outcome {
        Ok(_) => "yes",
        Err(Refusal::Unauthenticated(_)) => "who?",
        Err(_) => "no",
    }
}

#[test]
fn every_decision_is_in_the_golden_file() {
    const CALLERS: [&str; 6] = ["nobody", "stranger", "wim", "ona", "olga", "ada"];
    const PLACES: [&str; 8] = [
        "payments-value",
        ":.eu:payments-value",
        ":.pay:x",
        "unclaimed",
        ":.eu:unclaimed",
        ":.pay:",
        ":.eu:",
        ":.new:",
    ];
    let mut text = String::new();
    for post_reads in [PostReads::Method, PostReads::Operation, PostReads::Effect] {
        let authorizer = authorizer(settings(post_reads));
        let mut block = |place: &str, decide: &dyn Fn(&Caller, Action) -> &'static str| {
            text += &format!("{:<44}", format!("post_reads={post_reads} {place}"));
            CALLERS.iter().for_each(|name| text += &format!("{name:<10}"));
            for &action in Action::ALL {
                text += &format!("\n  {:<42}", action.as_str());
                CALLERS.iter().for_each(|name| text += &format!("{:<10}", decide(&caller(name, &[]), action)));
            }
            text += "\n\n";
        };
        for place in PLACES {
            block(place, &|caller, action| {
                let subject = Subject::parse(place);
                if action == Action::Register
                    && matches!(authorizer.permit_register(caller, subject.clone()), Ok(RegisterPermit::Deferred(_)))
                {
                    return "held";
                }
                word(&authorizer.permit(caller, action, subject))
            });
        }
        block("the registry", &|caller, action| word(&authorizer.permit(caller, action, Global)));
        block("the namespace pay", &|caller, action| {
            word(&authorizer.permit(caller, action, "pay".parse::<NamespaceName>().unwrap()))
        });
        block("(the coarse rule)", &|caller, action| word(&authorizer.admit(caller, action)));
    }
    let text = text.lines().map(|line| line.trim_end().to_owned() + "\n").collect::<String>();
    if let Some(path) = std::env::var_os("WRITE_GOLDEN_DECISIONS") {
        std::fs::write(path, &text).unwrap();
    }
    let golden = include_str!("../../../policy/decisions.txt");
    let first = text.lines().zip(golden.lines()).position(|(now, then)| now != then);
    assert!(text == golden, "differs from line {first:?}; this is what is decided now:\n{text}");
}

#[test]
fn the_coarse_rule_refuses_nobody_whom_the_fine_one_would_permit() {
    for post_reads in [PostReads::Method, PostReads::Operation, PostReads::Effect] {
        let authorizer = authorizer(settings(post_reads));
        for name in ["nobody", "stranger", "wim", "ona", "olga", "ada"] {
            for &action in Action::ALL {
                for place in ["payments-value", "unclaimed", ":.pay:", "", ":.eu:x"] {
                    let caller = caller(name, &[]);
                    let fine = authorizer.permit(&caller, action, Subject::parse(place)).is_ok();
                    assert!(!fine || authorizer.admit(&caller, action).is_ok(), "{name} {action} {place:?}");
                }
            }
        }
    }
}

#[test]
fn a_refusal_says_who_owns_it_whom_to_ask_and_what_would_allow_it() {
    #[track_caller]
    fn check(authorizer: &Authorizer, name: &str, action: Action, place: &str, message: &str) {
        let refusal = authorizer.permit(&caller(name, &[]), action, Subject::parse(place)).unwrap_err();
        assert_eq!(refusal.to_string(), message);
    }
    let authorizer = authorizer(settings(PostReads::Method));
    check(
        &authorizer,
        "stranger",
        Action::Register,
        "payments-value",
        "User is denied operation Write on Subject: payments-value (user:basic/stranger asked to register a schema); owner: pay, \
         contact: #payments; rule: role:anyone; it takes the role writer",
    );
    check(
        &authorizer,
        "wim",
        Action::Delete,
        "payments-value",
        "User is denied operation Write on Subject: payments-value (user:basic/wim asked to delete); owner: pay, contact: \
         #payments; rule: role:writer; it takes the role owner",
    );
    check(
        &authorizer,
        "stranger",
        Action::Lookup,
        "payments-value",
        "User is denied operation Write on Subject: payments-value (user:basic/stranger asked to look up a schema); owner: pay, \
         contact: #payments; rule: role:anyone; this request changes nothing and authorization.post_reads=operation would \
         allow it",
    );
    check(
        &authorizer,
        "wim",
        Action::Register,
        "other-value",
        "User is denied operation Write on Subject: other-value (user:basic/wim asked to register a schema); owner: none; rule: \
         unclaimed; no namespace claims it: an admin can claim it for one (PUT /namespaces/{namespace}), and \
         authorization.unclaimed=authenticated would allow it to every authenticated user",
    );
    check(
        &authorizer,
        "wim",
        Action::Delete,
        "other-value",
        "User is denied operation Write on Subject: other-value (user:basic/wim asked to delete); owner: none; rule: \
         unclaimed; no namespace claims it: an admin can claim it for one (PUT /namespaces/{namespace})",
    );
    check(
        &authorizer,
        "ona",
        Action::Config,
        ":.eu:",
        "User is denied operation Write on Context: .eu (user:basic/ona asked to change the config); owner: eu, which names no \
         contact; rule: role:anyone; it takes the role owner",
    );
    check(
        &authorizer,
        "ona",
        Action::Config,
        "",
        "User is denied operation Write on Global (user:basic/ona asked to change the config); owner: none; rule: global; it takes \
         an admin",
    );
    check(
        &authorizer,
        "stranger",
        Action::Secret,
        "payments-value",
        "User is denied operation Read on Subject: payments-value (user:basic/stranger asked to see what is secret); owner: pay, \
         contact: #payments; rule: role:anyone; it takes the role writer",
    );
    check(&authorizer, "nobody", Action::Register, "payments-value", "Authentication is required");
    check(
        &authorizer,
        "nobody",
        Action::Lookup,
        "payments-value",
        "Authentication is required; this request changes nothing and authorization.post_reads=operation would allow it",
    );
}

#[test]
fn a_group_makes_a_member_and_the_same_name_of_another_issuer_does_not() {
    let authorizer = authorizer(settings(PostReads::Method));
    let may = |caller: &Caller| authorizer.permit(caller, Action::Register, Subject::parse("payments-x")).is_ok();
    assert!(may(&caller("gus", &["group:corp/payments"])));
    assert!(!may(&caller("gus", &["group:basic/payments"])));
    let other = Verified { principal: principal("user:corp/wim"), groups: vec![], method: Method::Bearer };
    assert!(!may(&Caller { identity: Identity::Verified(other.into()), address: None, request_id: "1".into() }));
}

#[test]
fn a_permit_tells_the_audit_how_it_came_about() {
    let authorizer = authorizer(settings(PostReads::Operation));
    #[track_caller]
    fn check(permit: Permit<Subject>, rule: Rule, namespace: Option<&str>, decision: Decision) {
        let grant = permit.grant();
        let owner = grant.namespace.as_ref().map(NamespaceName::as_str);
        assert_eq!((grant.rule, owner, &grant.decision), (rule, namespace, &decision));
    }
    let permit =
        |name: &str, action, place: &str| authorizer.permit(&caller(name, &[]), action, Subject::parse(place)).unwrap();
    let yes = Decision::Permitted;
    check(permit("wim", Action::Register, "payments"), Rule::Role(Role::Writer), Some("pay"), yes.clone());
    check(permit("ada", Action::Register, "payments"), Rule::Role(Role::Admin), Some("pay"), yes.clone());
    check(permit("ada", Action::Register, "other"), Rule::Role(Role::Admin), None, yes.clone());
    check(permit("nobody", Action::Lookup, "payments"), Rule::PostReads, Some("pay"), yes.clone());
    check(permit("nobody", Action::Read, "other"), Rule::Unclaimed, None, yes.clone());

    authorizer.set_settings(AuthorizationSettings { mode: Enforcement::Off, ..AuthorizationSettings::default() });
    let open = authorizer.permit(&caller("nobody", &[]), Action::Delete, Subject::parse("payments")).unwrap();
    check(open, Rule::Open, Some("pay"), yes);

    authorizer.set_settings(AuthorizationSettings { mode: Enforcement::Observe, ..AuthorizationSettings::default() });
    let observed = authorizer.permit(&caller("nobody", &[]), Action::Delete, Subject::parse("payments")).unwrap();
    let refusal = Refusal::Unauthenticated(Credential::Missing);
    check(observed, Rule::Role(Role::Anyone), Some("pay"), Decision::Observed(Box::new(refusal)));
}

#[test]
fn while_authorization_only_observes_land_and_secrets_are_still_guarded() {
    let authorizer = authorizer(AuthorizationSettings { mode: Enforcement::Observe, ..settings(PostReads::Method) });
    let pay: NamespaceName = "pay".parse().unwrap();
    #[track_caller]
    fn check<R: Resource + Clone>(authorizer: &Authorizer, action: Action, resource: R, stranger: &str, nobody: &str) {
        for (name, expected) in [("stranger", stranger), ("nobody", nobody), ("ada", "yes")] {
            let decided = authorizer.permit(&caller(name, &[]), action, resource.clone());
            assert_eq!(word(&decided), expected, "{name} {action}");
        }
    }
    check(&authorizer, Action::Govern, pay.clone(), "no", "who?");
    check(&authorizer, Action::Secret, pay, "no", "who?");
    check(&authorizer, Action::Administer, "new".parse::<NamespaceName>().unwrap(), "no", "who?");
    check(&authorizer, Action::Administer, Global, "no", "who?");
    check(&authorizer, Action::Secret, Global, "no", "who?");
    check(&authorizer, Action::Secret, Subject::parse("payments-value"), "no", "who?");
    check(&authorizer, Action::Config, Global, "yes", "yes");
    check(&authorizer, Action::Delete, Subject::parse("payments-value"), "yes", "yes");
    check(&authorizer, Action::Import, Context::new(".eu").unwrap(), "yes", "yes");
}

#[test]
fn with_authorization_off_only_the_audit_is_secret() {
    let authorizer = authorizer(AuthorizationSettings { mode: Enforcement::Off, ..settings(PostReads::Method) });
    let pay: NamespaceName = "pay".parse().unwrap();
    let asked = |name: &str| {
        let caller = caller(name, &[]);
        [
            word(&authorizer.permit(&caller, Action::Secret, pay.clone())),
            word(&authorizer.permit(&caller, Action::Secret, Global)),
            word(&authorizer.permit(&caller, Action::Secret, Subject::parse("payments-value"))),
            word(&authorizer.permit(&caller, Action::Secret, Subject::parse("other"))),
            word(&authorizer.permit(&caller, Action::Govern, pay.clone())),
        ]
    };
    assert_eq!(asked("nobody"), ["who?", "who?", "yes", "yes", "yes"]);
    assert_eq!(asked("stranger"), ["no", "no", "yes", "yes", "yes"]);
}

#[test]
fn a_held_registration_gives_up_no_permit() {
    let authorizer = authorizer(settings(PostReads::Effect));
    let register = |name: &str| authorizer.permit_register(&caller(name, &[]), Subject::parse("payments")).unwrap();
    assert_eq!(register("wim").to_write().unwrap().resource(), &Subject::parse("payments"));
    let deferred = register("stranger");
    assert_eq!(deferred.resource(), &Subject::parse("payments"));
    assert!(matches!(deferred.to_write(), Err(Refusal::Forbidden(_))));
    assert!(matches!(register("nobody").to_write(), Err(Refusal::Unauthenticated(Credential::Missing))));
}

#[test]
fn what_nobody_claims_may_be_opened_to_whoever_has_a_name_but_not_its_secrets() {
    let authorizer =
        authorizer(AuthorizationSettings { unclaimed: Unclaimed::Authenticated, ..settings(PostReads::Method) });
    #[track_caller]
    fn check(authorizer: &Authorizer, name: &str, action: Action, place: &str, expected: &str) {
        assert_eq!(word(&authorizer.permit(&caller(name, &[]), action, Subject::parse(place))), expected);
    }
    check(&authorizer, "stranger", Action::Register, "other", "yes");
    check(&authorizer, "stranger", Action::Lookup, "other", "yes");
    check(&authorizer, "nobody", Action::Register, "other", "who?");
    check(&authorizer, "stranger", Action::Delete, "other", "no");
    check(&authorizer, "stranger", Action::Config, "other", "no");
    check(&authorizer, "stranger", Action::Secret, "other", "no");
    check(&authorizer, "stranger", Action::Register, "payments", "no");
    check(&authorizer, "stranger", Action::CreateContext, ":.new:", "no");
    check(&authorizer, "stranger", Action::Register, "", "no");
    check(&authorizer, "stranger", Action::Register, ":.:", "no");
    check(&authorizer, "stranger", Action::Register, ":.::.pay:x", "no");
}
