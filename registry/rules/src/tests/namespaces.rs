//! What a change of a namespace comes to, as tables. A namespace is `name: claim claim; claim>offered-to; owner owner`.

use crate::fault::Fault;
use crate::namespace::{Edit, Expect, IfMissing, MayClaim, Planned, plan, remove};
use authz::{Caller, Identity, Method, Verified};
use model::{MemberRole, Namespace, NamespaceName, Record};
use std::sync::Arc;

fn namespace(text: &str) -> Namespace {
    let (name, rest) = text.split_once(": ").unwrap_or((text, ""));
    let mut parts = rest.split("; ").map(|part| part.split_whitespace());
    let mut namespace = Namespace::new(name.parse().unwrap());
    namespace.claims.extend(parts.next().into_iter().flatten().map(|claim| claim.parse().unwrap()));
    for offer in parts.next().into_iter().flatten() {
        let (claim, to) = offer.split_once('>').unwrap();
        namespace.offers.insert(claim.parse().unwrap(), to.parse().unwrap());
    }
    for who in parts.next().into_iter().flatten() {
        namespace.members.insert(format!("user:basic/{who}").parse().unwrap(), MemberRole::Owner);
    }
    namespace
}

fn shown(namespace: &Namespace) -> String {
    let claims: Vec<String> = namespace.claims.iter().map(ToString::to_string).collect();
    let offers: Vec<String> = namespace.offers.iter().map(|(claim, to)| format!("{claim}>{to}")).collect();
    let members: Vec<&str> = namespace.members.keys().map(|who| &who.as_str()["user:basic/".len()..]).collect();
    format!("{}: {}; {}; {}", namespace.name, claims.join(" "), offers.join(" "), members.join(" "))
}

/// The fault's name, or what is written.
fn outcome(planned: Result<Planned, Fault>) -> String {
    match planned {
        Ok(planned) => planned.put().map(shown).collect::<Vec<_>>().join(" | "),
        Err(fault) => format!("{fault:?}").split(['(', ' ']).next().unwrap_or_default().to_owned(),
    }
}

/// Somebody, or `admin`, makes this of the namespace that it names.
fn change(all: &[Namespace], who: &str, wanted: &str, expect: &Expect) -> String {
    let wanted = namespace(wanted);
    let name = wanted.name.clone();
    let edit: Edit = Arc::new(move |namespace| {
        namespace.clone_from(&wanted);
        Ok(())
    });
    let principal = format!("user:basic/{who}").parse().unwrap();
    let verified = Verified { principal, groups: vec![], method: Method::Basic };
    let caller = Caller { identity: Identity::Verified(verified.into()), address: None, request_id: "r".into() };
    let may_claim = if who == "admin" { MayClaim::Admin } else { MayClaim::Owner(caller) };
    outcome(plan(&name, all, &may_claim, expect, IfMissing::Make, &edit))
}

#[track_caller]
fn check(all: &[&str], rows: &[(&str, &str, &str)]) {
    let all: Vec<Namespace> = all.iter().map(|text| namespace(text)).collect();
    for (who, wanted, expected) in rows {
        assert_eq!(change(&all, who, wanted, &Expect::Anything), *expected, "{who} wants {wanted}");
    }
}

#[test]
fn a_claim_at_the_top_is_an_admins_to_make_and_one_inside_takes_an_offer() {
    check(
        &["pay: payments; payments.cards>cards; alice", "cards: ; ; cora"],
        &[
            ("admin", "new: risk; ; ", "new: risk; ; "),
            ("alice", "new: risk; ; alice", "NamespaceNotFound"),
            ("alice", "pay: payments risk; ; alice", "ClaimRefused"),
            ("alice", "pay: payments payments.x; ; alice", "pay: payments payments.x; ; alice"),
            ("cora", "cards: payments.x; ; cora", "ClaimRefused"),
            ("admin", "cards: payments.x; ; cora", "cards: payments.x; ; cora"),
            ("cora", "cards: payments; ; cora", "ClaimRefused"),
            ("admin", "cards: payments; ; cora", "ClaimRefused"),
            ("cora", "cards: payments.cards; ; cora", "cards: payments.cards; ; cora | pay: payments; ; alice"),
            ("mona", "cards: payments.cards; ; mona", "ClaimRefused"),
        ],
    );
}

#[test]
fn a_claim_that_is_offered_itself_leaves_its_holder() {
    check(
        &["pay: payments; payments>cards; alice", "cards: ; ; cora"],
        &[("cora", "cards: payments; ; cora", "cards: payments; ; cora | pay: ; ; alice")],
    );
}

#[test]
fn only_what_is_ones_own_is_offered_and_only_to_another_namespace() {
    check(
        &["pay: payments; ; alice", "cards: ; ; cora"],
        &[
            ("alice", "pay: payments; payments.x>cards; alice", "pay: payments; payments.x>cards; alice"),
            ("alice", "pay: payments; risk>cards; alice", "InvalidNamespace"),
            ("alice", "pay: payments; payments.x>pay; alice", "InvalidNamespace"),
            ("alice", "pay: payments; payments.x>nobody; alice", "InvalidNamespace"),
        ],
    );
}

#[test]
fn an_owner_leaves_no_namespace_without_one_and_nothing_is_written_where_nothing_changes() {
    check(
        &["pay: payments; ; alice"],
        &[
            ("alice", "pay: payments; ; ", "InvalidNamespace"),
            ("admin", "pay: payments; ; ", "pay: payments; ; "),
            ("alice", "pay: payments; ; alice", ""),
            ("alice", "pay: ; ; alice", "pay: ; ; alice"),
        ],
    );
}

#[test]
fn all_texts_of_a_namespace_are_bounded_together() {
    let all = [namespace("pay: payments; ; alice")];
    let check = |who: &str, members: usize, refused: bool| {
        let members: String = (0..members).map(|n| format!(" {n:0>400}")).collect();
        let outcome = change(&all, who, &format!("pay: payments; ;{members} alice"), &Expect::Anything);
        assert_eq!(outcome == "InvalidNamespace", refused, "{who}, {} bytes", members.len());
    };
    check("alice", 2_500, false);
    check("alice", 2_600, true);
    check("admin", 2_600, true);
}

#[test]
fn a_change_that_expects_another_namespace_is_refused() {
    let all = [namespace("pay: payments; ; alice")];
    let tagged = |tag: &str| Expect::Tagged(vec![tag.to_owned()], shown);
    let check = |wanted: &str, expect: &Expect, expected: &str| {
        assert_eq!(change(&all, "admin", wanted, expect), expected, "{wanted} {expect:?}");
    };
    check("pay: x; ; alice", &tagged("pay: payments; ; alice"), "pay: x; ; alice");
    check("pay: x; ; alice", &tagged("*"), "pay: x; ; alice");
    check("pay: x; ; alice", &tagged("pay: ; ; alice"), "PreconditionFailed");
    check("pay: x; ; alice", &Expect::Absent, "PreconditionFailed");
    check("new: x; ; ", &Expect::Absent, "new: x; ; ");
    check("new: x; ; ", &tagged("*"), "PreconditionFailed");
}

#[test]
fn a_namespace_goes_without_claims_and_with_what_is_offered_to_it() {
    let all = ["pay: payments; payments.x>cards; alice", "cards: ; ; cora"].map(namespace);
    let name = |text: &str| text.parse::<NamespaceName>().unwrap();
    assert!(matches!(remove(&name("pay"), &all, &Expect::Anything), Err(Fault::NamespaceHasClaims(_))));
    assert!(matches!(remove(&name("new"), &all, &Expect::Anything), Err(Fault::NamespaceNotFound(_))));
    assert!(matches!(remove(&name("cards"), &all, &Expect::Absent), Err(Fault::PreconditionFailed)));
    let (removed, records) = remove(&name("cards"), &all, &Expect::Anything).unwrap();
    let planned = Planned { namespace: removed, created: false, records };
    assert!(
        matches!(&planned.records[0], Record::Internal(model::InternalRecord::NamespaceRemoved { name }) if name.as_str() == "cards")
    );
    assert_eq!(outcome(Ok(planned)), "pay: payments; ; alice");
}
