//! The policy: which role may do what, judged by casbin once and for all.
//!
//! Roles, domains and actions are few, so the policy is evaluated over all of them when it is loaded; a request looks a bit
//! up and never meets casbin. Two invariants hold for any policy that is taken: everybody may read, and nobody without a role
//! may change anything or see secrets. The two files are plain text that an operator may replace.

mod files;

pub(crate) use files::MAX_BYTES as MAX_POLICY_FILE;
pub use files::{Domain, InvalidLine, Problem};

use crate::{Action, Nature, Role};
use casbin::{CoreApi, DefaultModel, Enforcer, StringAdapter};
use files::{Model, parse_policy, render_policy};
use sha2::{Digest, Sha256};
use std::fmt::Write;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, Waker};

/// Questions put to casbin since the process began.
static EVALUATIONS: AtomicU64 = AtomicU64::new(0);

/// Which role may do what.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Policy {
    /// A bit per action, by domain and role.
    allowed: [[u32; Role::ALL.len()]; 2],
    model_hash: String,
    policy_hash: String,
}

/// Why a policy is not taken.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum InvalidPolicy {
    /// The model file cannot be understood.
    #[error("model file: {0}")]
    Model(InvalidLine),
    /// The policy file cannot be understood.
    #[error("policy file: {0}")]
    Policy(InvalidLine),
    /// casbin does not take it.
    #[error("casbin does not take the policy: {0}")]
    Casbin(String),
    /// Somebody could not read.
    #[error("the policy does not let {0} read in the domain {1}; reading is open to everybody")]
    CannotRead(Role, &'static str),
    /// Everybody could change something or see secrets.
    #[error("the policy lets everybody {0}; authorization.mode=off is the way to open a registry")]
    OpenToAnyone(Action),
    /// Nobody could administer.
    #[error("the policy lets no admin administer; namespaces could never be made")]
    NoAdministration,
}

impl Policy {
    /// The model file that is used where none is configured.
    pub const MODEL: &'static str = include_str!("../../policy/model.conf");
    /// The policy file that is used where none is configured.
    pub const POLICY: &'static str = include_str!("../../policy/policy.csv");

    /// The policy that is used where none is configured.
    pub fn embedded() -> Self {
        static EMBEDDED: OnceLock<Policy> = OnceLock::new();
        EMBEDDED
            .get_or_init(|| {
                Policy::load(Self::MODEL, Self::POLICY).expect("a test loads the embedded files, which never change")
            })
            .clone()
    }

    /// Evaluates a model file and a policy file.
    pub fn load(model_file: &str, policy_file: &str) -> Result<Self, InvalidPolicy> {
        let model = Model::parse(model_file).map_err(InvalidPolicy::Model)?;
        let lines = parse_policy(policy_file, model.effect).map_err(InvalidPolicy::Policy)?;
        let allowed = evaluate(&model.render(), &render_policy(&lines, model.effect))
            .map_err(|error| InvalidPolicy::Casbin(error.to_string()))?;
        let policy = Policy { allowed, model_hash: hash(model_file), policy_hash: hash(policy_file) };
        policy.check()?;
        Ok(policy)
    }

    /// Questions put to casbin since the process began. Only loading a policy puts any.
    pub fn evaluations() -> u64 {
        EVALUATIONS.load(Ordering::Relaxed)
    }

    /// May a role do this?
    pub fn allows(&self, role: Role, domain: Domain, action: Action) -> bool {
        self.allowed[domain as usize][role as usize] & (1 << action as u32) != 0
    }

    /// The least role that may do this in a domain.
    pub fn least_role(&self, domain: Domain, action: Action) -> Option<Role> {
        Role::ALL.iter().copied().find(|&role| self.allows(role, domain, action))
    }

    /// The SHA-256 of the model file, in hexadecimal, as `sha256sum` prints it.
    pub fn model_hash(&self) -> &str {
        &self.model_hash
    }

    /// The SHA-256 of the policy file, in hexadecimal.
    pub fn policy_hash(&self) -> &str {
        &self.policy_hash
    }

    /// The whole table as text: a line per action, a column per role, a block per domain.
    pub fn matrix(&self) -> String {
        let mut text = String::new();
        for domain in Domain::ALL {
            write!(text, "{:<16}", domain.as_str()).expect("writing to a string cannot fail");
            Role::ALL.iter().for_each(|role| text += &format!("{:<15}", role.as_str()));
            for &action in Action::ALL {
                text += &format!("\n{:<16}", action.as_str());
                for &role in Role::ALL {
                    text += if self.allows(role, domain, action) { "yes            " } else { "-              " };
                }
            }
            text += "\n\n";
        }
        text.lines().map(|line| line.trim_end().to_owned() + "\n").collect::<String>().trim_end().to_owned() + "\n"
    }

    fn check(&self) -> Result<(), InvalidPolicy> {
        for domain in Domain::ALL {
            if let Some(role) = Role::ALL.iter().find(|&&role| !self.allows(role, domain, Action::Read)) {
                return Err(InvalidPolicy::CannotRead(*role, domain.as_str()));
            }
            let open = Action::ALL.iter().find(|&&action| {
                matches!(action.nature(), Nature::Writes | Nature::Reveals) && self.allows(Role::Anyone, domain, action)
            });
            if let Some(action) = open {
                return Err(InvalidPolicy::OpenToAnyone(*action));
            }
        }
        if self.allows(Role::Admin, Domain::Registry, Action::Administer) {
            Ok(())
        } else {
            Err(InvalidPolicy::NoAdministration)
        }
    }
}

/// Asks casbin about every role, domain and action.
fn evaluate(model: &str, policy: &str) -> casbin::Result<[[u32; Role::ALL.len()]; 2]> {
    let enforcer = at_once(async {
        let model = DefaultModel::from_str(model).await?;
        Enforcer::new(model, StringAdapter::new(policy)).await
    })?;
    let mut allowed = [[0; Role::ALL.len()]; 2];
    for domain in Domain::ALL {
        for &role in Role::ALL {
            for &action in Action::ALL {
                EVALUATIONS.fetch_add(1, Ordering::Relaxed);
                if enforcer.enforce((role.as_str(), domain.as_str(), action.as_str()))? {
                    allowed[domain as usize][role as usize] |= 1 << action as u32;
                }
            }
        }
    }
    Ok(allowed)
}

/// Runs a future that waits for nothing. casbin's loading is asynchronous for the sake of adapters that do I/O; the one used
/// here holds a string.
fn at_once<T>(future: impl Future<Output = T>) -> T {
    match std::pin::pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => unreachable!("loading a policy from a string has nothing to wait for"),
    }
}

fn hash(text: &str) -> String {
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_policy_is_the_golden_matrix() {
        let golden = include_str!("../../policy/matrix.txt");
        assert_eq!(Policy::embedded().matrix(), golden, "\n{}", Policy::embedded().matrix());
    }

    #[test]
    fn hashes_are_those_of_the_files() {
        let policy = Policy::load(Policy::MODEL, Policy::POLICY).unwrap();
        assert_eq!(policy.model_hash().len(), 64);
        let other = Policy::load(Policy::MODEL, &format!("{}# changed\n", Policy::POLICY)).unwrap();
        assert_eq!(other.model_hash(), policy.model_hash());
        assert_ne!(other.policy_hash(), policy.policy_hash());
        assert_eq!(hash(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    }

    #[test]
    fn a_replaced_policy_is_taken_or_refused_with_its_line() {
        #[track_caller]
        fn check(policy: &str, expected: Result<(), &str>) {
            let found = Policy::load(Policy::MODEL, policy).map(drop).map_err(|error| error.to_string());
            assert_eq!(found, expected.map_err(str::to_owned), "{policy}");
        }
        let with = |more: &str| format!("{}\n{more}", Policy::POLICY.trim_end());
        let lines = Policy::POLICY.trim_end().lines().count();
        check(&with("p, writer, delete"), Ok(()));
        check(&with("p, anyone, lookup"), Ok(()));
        check("p, anyone, read\np, admin, administer\ng, writer, anyone, namespace", {
            Err("the policy does not let owner read in the domain namespace; reading is open to everybody")
        });
        let anyone = "the policy lets everybody register; authorization.mode=off is the way to open a registry";
        check(&with("p, anyone, register"), Err(anyone));
        check(&with("g, anyone, writer, registry"), Err(anyone));
        let secret = "the policy lets everybody secret; authorization.mode=off is the way to open a registry";
        check(&with("p, anyone, secret"), Err(secret));
        let none = "the policy lets no admin administer; namespaces could never be made";
        check(&Policy::POLICY.replace("p, admin, administer", ""), Err(none));
        let at = |problem: &str| format!("policy file: line {}: {problem}", lines + 1);
        let roles = "known: anyone, writer, owner, context-owner, admin";
        check(&with("p, king, read"), Err(&at(&format!("unknown role \"king\"; {roles}"))));
        check(&with("p, writer, write"), Err(&at("unknown action \"write\"")));
        check(&with("p, writer, *"), Err(&at("unknown action \"*\"")));
        check(&with("g, owner, writer, payments"), Err(&at("unknown domain \"payments\"; known: namespace, registry")));
        let shape = "expected `p, role, action` or `g, role, role, domain`";
        for wrong in
            ["p", "p, writer", "p, writer, delete, deny", "q, writer, read", "g, owner, writer", "p2, writer, read"]
        {
            check(&with(wrong), Err(&at(shape)));
        }
        check(&"#".repeat(70_000), Err("policy file: line 1: the file has more than 65536 bytes"));
    }

    #[test]
    fn a_replaced_model_may_change_matcher_and_effect_only() {
        #[track_caller]
        fn check(from: &str, to: &str, expected: Result<(), &str>) {
            assert!(Policy::MODEL.contains(from));
            let found = Policy::load(&Policy::MODEL.replace(from, to), Policy::POLICY);
            let found = found.map(drop).map_err(|error| error.to_string());
            assert_eq!(found, expected.map_err(|problem| format!("model file: {problem}")), "{from} -> {to}");
        }
        let matcher = "g(r.role, p.role, r.dom) && r.act == p.act";
        check(matcher, "(g(r.role, p.role, r.dom)) && (r.act == p.act || p.act == \"nothing\")", Ok(()));
        let known = "it knows r.role, r.dom, r.act, p.role, p.act, g(…), ==, &&, || and brackets";
        let refused = |word: &str| format!("line 20: the matcher may not hold {word:?}; {known}");
        check(matcher, "regexMatch(r.act, p.act)", Err(&refused("regexMatch")));
        check(matcher, "keyMatch(r.act, p.act)", Err(&refused("keyMatch")));
        check(matcher, "eval(p.act)", Err(&refused("eval")));
        check(matcher, "r.role != p.role", Err(&refused("!")));
        check(matcher, "while true { }", Err(&refused("while")));
        check(matcher, "r.act = p.act", Err(&refused("= ")));
        check(matcher, "r.act == \"é\"", Err(&refused("\"é\"")));
        check(matcher, "r.act == é", Err(&refused("é")));
        check(matcher, "r.act &", Err(&refused("&")));
        check(matcher, "r.act == \"open", Err(&refused("\"open")));
        check(matcher, "r.act == g", Err(&refused("g")));
        check(matcher, "", Err(&refused("")));
        check("r = role, dom, act", "r = sub, dom, act", {
            Err("line 8: request_definition must read: r = role, dom, act")
        });
        check("e = some(where (p.eft == allow))", "e = max(p.eft)", {
            Err("line 17: policy_effect must read: e = some(where (p.eft == allow)), optionally followed by && \
                 !some(where (p.eft == deny))")
        });
        check("[matchers]", "[matcher]", Err("line 19: section [matcher] is unknown or stands here twice"));
        check("[matchers]", "[policy_effect]", Err("line 19: section [policy_effect] is unknown or stands here twice"));
        check("[matchers]\nm = g(r.role, p.role, r.dom) && r.act == p.act\n", "", {
            Err("line 17: section [matchers] is missing")
        });
        check("g = _, _, _", "nonsense", Err("line 14: expected `[section]` or `key = value`"));
    }

    #[test]
    fn a_matcher_that_casbin_cannot_compile_is_an_error_and_no_panic() {
        for matcher in ["((", "g()", "g(r.role)", "r.act ==", ", ,", "r.role p.role", "&& ||", "r.act"] {
            let model = Policy::MODEL.replace("g(r.role, p.role, r.dom) && r.act == p.act", matcher);
            assert!(Policy::load(&model, Policy::POLICY).is_err(), "{matcher}");
        }
        let deep = "(".repeat(400);
        let model = Policy::MODEL.replace("g(r.role, p.role, r.dom) && r.act == p.act", &deep);
        assert!(Policy::load(&model, Policy::POLICY).is_err());
    }

    #[test]
    fn a_policy_with_denials_denies() {
        let model = Policy::MODEL.replace("(p.eft == allow))", "(p.eft == allow)) && !some(where (p.eft == deny))");
        let policy = Policy::load(&model, &format!("{}p, owner, force, deny\n", Policy::POLICY)).unwrap();
        assert!(policy.allows(Role::Owner, Domain::Namespace, Action::Delete));
        assert!(!policy.allows(Role::Owner, Domain::Namespace, Action::Force));
        let error = Policy::load(&model, "p, owner, force, perhaps").unwrap_err();
        assert_eq!(error.to_string(), "policy file: line 1: unknown effect \"perhaps\"; known: allow, deny");
    }
}
