//! Rule sets: their shape, and what registrations and configs make of them.

use super::{check, rule_set};
use crate::fault::Fault;
use crate::rule_set::{self as rules, LONGEST_EXPRESSION, LONGEST_TEXT, MOST_RULES};
use model::{Rule, RuleMode, RuleSet};

#[test]
fn rules_are_part_of_a_version_and_are_inherited() {
    check(&[
        ("register s A rules=a:1", "version 1, id 1, [a:1]"),
        ("register s A rules=a:1", "version 1, id 1, [a:1], already there"),
        // Without rules it has those of the latest version, and so it is that version.
        ("register s A", "version 1, id 1, [a:1], already there"),
        ("register s A rules=a:2", "version 2, id 2, [a:2]"),
        ("register s A rules=", "version 3, id 3, []"),
        ("register t A", "version 1, id 4"),
        ("register u A rules=a:1", "version 1, id 1, [a:1]"),
        ("register u B", "version 2, id 5, [a:1]"),
        ("register s A rules=1x:1", "InvalidRuleSet"),
        ("register s A rules=a:1,a:2", "InvalidRuleSet"),
    ]);
}

#[test]
fn defaults_and_overrides_of_the_config_are_merged_by_name() {
    check(&[
        ("config s defaultRules=a:1,b:1 overrideRules=c:9", "done"),
        ("register s A", "version 1, id 1, [a:1,b:1,c:9]"),
        ("register s A", "version 1, id 1, [a:1,b:1,c:9], already there"),
        ("register s B rules=b:2,c:2", "version 2, id 2, [a:1,b:2,c:9]"),
        ("config s overrideRules=", "done"),
        ("register s C", "version 3, id 3, [a:1,b:2,c:9]"),
    ]);
}

fn rule() -> Rule {
    rule_set("r:true").domain_rules.remove(0)
}

#[track_caller]
fn verdict(rule_set: &RuleSet) -> String {
    match rules::check(rule_set) {
        Ok(()) => "good".to_owned(),
        Err(Fault::InvalidRuleSet(message)) => message,
        Err(other) => panic!("{other:?}"),
    }
}

#[test]
fn a_rule_has_a_name_a_type_and_actions_for_its_mode() {
    #[track_caller]
    fn check(change: impl Fn(&mut Rule), expected: &str) {
        let mut changed = rule();
        change(&mut changed);
        assert_eq!(verdict(&RuleSet { domain_rules: vec![changed], ..RuleSet::default() }), expected);
    }
    check(|_| {}, "good");
    check(|rule| rule.name = None, "Missing rule name");
    check(|rule| rule.name = Some(String::new()), "Empty rule name");
    check(|rule| rule.name = Some("x".repeat(256)), "good");
    check(|rule| rule.name = Some("x".repeat(257)), "Rule name too long");
    check(|rule| rule.name = Some("_größe-1".into()), "good");
    check(|rule| rule.name = Some("1 bad".into()), "Illegal initial character in rule name: 1 bad");
    check(|rule| rule.name = Some("a b".into()), "Illegal character in rule name: a b");
    check(|rule| rule.rule_type = None, "Missing rule type");
    check(|rule| rule.rule_type = Some(String::new()), "Missing rule type");
    check(|rule| rule.on_failure = Some("ERROR".into()), "good");
    check(|rule| rule.on_failure = Some("ERROR,NONE".into()), "Multiple actions only valid with WRITEREAD and UPDOWN");
    check(|rule| rule.on_success = Some(",".into()), "Multiple actions only valid with WRITEREAD and UPDOWN");
    let both = |rule: &mut Rule| (rule.on_success, rule.mode) = (Some("NONE,DLQ".into()), RuleMode::WriteRead);
    check(both, "good");
    check(|rule| rule.expr = Some("x".repeat(LONGEST_EXPRESSION)), "good");
    let long = "The expression of rule r is longer than the 65536 bytes allowed";
    check(|rule| rule.expr = Some("x".repeat(LONGEST_EXPRESSION + 1)), long);
    let text = || "x".repeat(LONGEST_TEXT + 1);
    check(|rule| rule.doc = Some(text()), "The doc of rule r is longer than the 8192 bytes allowed");
    check(|rule| rule.rule_type = Some(text()), "The type of rule r is longer than the 8192 bytes allowed");
    check(|rule| rule.on_failure = Some(text()), "The action of rule r is longer than the 8192 bytes allowed");
    check(|rule| rule.tags = [text()].into(), "The tag of rule r is longer than the 8192 bytes allowed");
    check(
        |rule| rule.params = [("k".into(), text())].into(),
        "The parameter of rule r is longer than the 8192 bytes allowed",
    );
}

#[test]
fn a_list_has_rules_of_its_modes_and_a_name_is_there_once() {
    let of = |mode| Rule { mode, ..rule() };
    let domain = |mode| RuleSet { domain_rules: vec![of(mode)], ..RuleSet::default() };
    let migration = |mode| RuleSet { migration_rules: vec![of(mode)], ..RuleSet::default() };
    let encoding = |mode| RuleSet { encoding_rules: vec![of(mode)], ..RuleSet::default() };
    for mode in [RuleMode::Write, RuleMode::Read, RuleMode::WriteRead] {
        assert_eq!([verdict(&domain(mode)), verdict(&encoding(mode))], ["good"; 2]);
        assert_eq!(verdict(&migration(mode)), "Migration rules can only be UPGRADE, DOWNGRADE, UPDOWN");
    }
    for mode in [RuleMode::Upgrade, RuleMode::Downgrade, RuleMode::UpDown] {
        assert_eq!(verdict(&migration(mode)), "good");
        assert_eq!(verdict(&domain(mode)), "Domain rules can only be WRITE, READ, WRITEREAD");
        assert_eq!(verdict(&encoding(mode)), "Encoding rules can only be WRITE, READ, WRITEREAD");
    }
    let twice = RuleSet { encoding_rules: vec![of(RuleMode::Read)], ..domain(RuleMode::Write) };
    assert_eq!(verdict(&twice), "Found rule with duplicate name 'r'");
    let many = |count: usize| RuleSet {
        domain_rules: (0..count).map(|at| Rule { name: Some(format!("r{at}")), ..rule() }).collect(),
        ..RuleSet::default()
    };
    assert_eq!(verdict(&many(MOST_RULES)), "good");
    assert_eq!(verdict(&many(MOST_RULES + 1)), "A rule set has more than the 1000 rules allowed");
}

#[test]
fn where_rules_run_is_said_by_the_right_side() {
    let at = |place: Option<&str>| RuleSet { enable_at: place.map(str::to_owned), ..RuleSet::default() };
    let merged = |left, right| rules::merge(Some(&at(left)), Some(&at(right))).unwrap().enable_at;
    assert_eq!(merged(Some("ALL"), Some("CLIENT")).as_deref(), Some("CLIENT"));
    assert_eq!(merged(Some("ALL"), None).as_deref(), Some("ALL"));
    assert_eq!(rules::merge(None, None), None);
}
