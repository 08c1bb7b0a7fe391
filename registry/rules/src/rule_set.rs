//! Rule sets, the rules of a data contract: what one has to be, and how several become one.
//!
//! Clients run the rules. The registry keeps and hashes them and hands them out, so all that is asked here is their shape.

use crate::fault::Fault;
use model::{Rule, RuleMode, RuleSet};
use std::collections::BTreeSet;

/// How long the name of a rule may be, in characters: the reference's bound.
pub const LONGEST_NAME: usize = 256;
/// How many rules a set may have in all its lists together.
pub const MOST_RULES: usize = 1_000;
/// How long an expression may be, in bytes.
pub const LONGEST_EXPRESSION: usize = 64 << 10;
/// How long any other text of a rule may be, in bytes.
pub const LONGEST_TEXT: usize = 8 << 10;

/// Checks the shape of a rule set.
///
/// # Errors
/// `InvalidRuleSet`, in the reference's words where it has some.
pub fn check(rules: &RuleSet) -> Result<(), Fault> {
    use RuleMode::{Downgrade, Read, UpDown, Upgrade, Write, WriteRead};
    let lists: [(&[Rule], [RuleMode; 3], &str); 3] = [
        (
            &rules.migration_rules,
            [Upgrade, Downgrade, UpDown],
            "Migration rules can only be UPGRADE, DOWNGRADE, UPDOWN",
        ),
        (&rules.domain_rules, [Write, Read, WriteRead], "Domain rules can only be WRITE, READ, WRITEREAD"),
        (&rules.encoding_rules, [Write, Read, WriteRead], "Encoding rules can only be WRITE, READ, WRITEREAD"),
    ];
    if lists.iter().map(|(list, ..)| list.len()).sum::<usize>() > MOST_RULES {
        return Err(invalid(format!("A rule set has more than the {MOST_RULES} rules allowed")));
    }
    let mut names = BTreeSet::new();
    for (list, modes, otherwise) in lists {
        for rule in list {
            let name = check_rule(rule)?;
            if !names.insert(name) {
                return Err(invalid(format!("Found rule with duplicate name '{name}'")));
            }
            if !modes.contains(&rule.mode) {
                return Err(invalid(otherwise));
            }
        }
    }
    Ok(())
}

/// Checks one rule; its name.
fn check_rule(rule: &Rule) -> Result<&str, Fault> {
    let name = rule.name.as_deref().ok_or_else(|| invalid("Missing rule name"))?;
    check_name(name)?;
    let rule_type = rule.rule_type.as_deref().filter(|rule_type| !rule_type.is_empty());
    let rule_type = rule_type.ok_or_else(|| invalid("Missing rule type"))?;
    let single = !matches!(rule.mode, RuleMode::WriteRead | RuleMode::UpDown);
    let actions = [&rule.on_success, &rule.on_failure];
    if single && actions.into_iter().flatten().any(|action| action.contains(',')) {
        return Err(invalid("Multiple actions only valid with WRITEREAD and UPDOWN"));
    }
    let long =
        |what: &str, most: usize| invalid(format!("The {what} of rule {name} is longer than the {most} bytes allowed"));
    if rule.expr.as_ref().is_some_and(|expr| expr.len() > LONGEST_EXPRESSION) {
        return Err(long("expression", LONGEST_EXPRESSION));
    }
    let texts = [("type", Some(rule_type)), ("doc", rule.doc.as_deref())];
    let actions = actions.map(|action| ("action", action.as_deref()));
    let tags = rule.tags.iter().map(|tag| ("tag", Some(tag.as_str())));
    let params =
        rule.params.iter().flat_map(|(key, value)| [("parameter", Some(key.as_str())), ("parameter", Some(value))]);
    for (what, text) in texts.into_iter().chain(actions).chain(tags).chain(params) {
        if text.is_some_and(|text| text.len() > LONGEST_TEXT) {
            return Err(long(what, LONGEST_TEXT));
        }
    }
    Ok(name)
}

fn check_name(name: &str) -> Result<(), Fault> {
    if name.chars().nth(LONGEST_NAME).is_some() {
        return Err(invalid("Rule name too long"));
    }
    let mut characters = name.chars();
    let first = characters.next().ok_or_else(|| invalid("Empty rule name"))?;
    if !(first.is_alphabetic() || first == '_') {
        return Err(invalid(format!("Illegal initial character in rule name: {name}")));
    }
    if !characters.all(|c| c.is_alphanumeric() || matches!(c, '_' | '-')) {
        return Err(invalid(format!("Illegal character in rule name: {name}")));
    }
    Ok(())
}

fn invalid(message: impl Into<String>) -> Fault {
    Fault::InvalidRuleSet(message.into())
}

/// `left <+ right`: in each list the right side's rules come after those of the left side that have other names.
pub fn merge(left: Option<&RuleSet>, right: Option<&RuleSet>) -> Option<RuleSet> {
    let (Some(left), Some(right)) = (left, right) else {
        return left.or(right).cloned();
    };
    let list = |left: &[Rule], right: &[Rule]| {
        let named: BTreeSet<_> = right.iter().map(|rule| &rule.name).collect();
        left.iter().filter(|rule| !named.contains(&rule.name)).chain(right).cloned().collect()
    };
    Some(RuleSet {
        migration_rules: list(&left.migration_rules, &right.migration_rules),
        domain_rules: list(&left.domain_rules, &right.domain_rules),
        encoding_rules: list(&left.encoding_rules, &right.encoding_rules),
        enable_at: right.enable_at.clone().or_else(|| left.enable_at.clone()),
    })
}

/// The rule set of a new version: what the request says, or else what the previous version had, between the config's
/// defaults and overrides.
pub fn populate(
    requested: Option<&RuleSet>,
    previous: Option<&RuleSet>,
    default: Option<&RuleSet>,
    overriding: Option<&RuleSet>,
) -> Option<RuleSet> {
    merge(merge(default, requested.or(previous)).as_ref(), overriding)
}

/// The rule set without the rules of these names.
pub fn without(mut rules: RuleSet, names: &[String]) -> RuleSet {
    let names: BTreeSet<&str> = names.iter().map(String::as_str).collect();
    for list in [&mut rules.migration_rules, &mut rules.domain_rules, &mut rules.encoding_rules] {
        list.retain(|rule| rule.name.as_deref().is_none_or(|name| !names.contains(name)));
    }
    rules
}
