//! Do the expressions of rules parse? Clients run them, perhaps much later and elsewhere, so whoever registers a rule hears of a
//! slip at once. It is no refusal: clients have functions and syntax of their own, and what runs there is theirs to say.

use cel::parser::PrattParser;
use compat::{Spent, Work};
use model::{Rule, RuleSet};

/// The types of rules whose expressions are CEL.
const CEL: [&str; 2] = ["CEL", "CEL_FIELD"];
/// How deep an expression may nest: far deeper than any that people write, and far from the end of a stack.
const DEEPEST: u16 = 64;
/// How many nodes an expression may have.
const MOST_NODES: usize = 5_000;
/// How many bytes of an expression are looked at. What is longer is not looked at.
const LONGEST: usize = 8 << 10;
/// What it costs to read a byte of an expression.
const READ: usize = 8;
/// How many rules are told.
pub const MOST_TOLD: usize = 50;

/// A rule whose expression does not parse.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RuleFinding {
    /// The name of the rule.
    pub rule: String,
    /// What is wrong.
    pub message: String,
    /// The line in the expression, from 1.
    pub line: usize,
    /// The character in the line, from 1.
    pub column: usize,
}

/// Has a rule an expression that can be looked at?
pub fn has_any(rules: &RuleSet) -> bool {
    all(rules).any(|(_, expr)| expr.len() <= LONGEST)
}

/// The first rules whose expressions do not parse, in order.
///
/// # Errors
/// The work ended.
pub fn findings(rules: &RuleSet, work: &Work) -> Result<Vec<RuleFinding>, Spent> {
    let mut findings = Vec::new();
    for (rule, expr) in all(rules).filter(|(_, expr)| expr.len() <= LONGEST) {
        work.spend(1 + READ * expr.len())?;
        if findings.len() < MOST_TOLD
            && let Some((message, line, column)) = problem(expr)
        {
            findings.push(RuleFinding { rule: rule.name.clone().unwrap_or_default(), message, line, column });
        }
    }
    Ok(findings)
}

fn all(rules: &RuleSet) -> impl Iterator<Item = (&Rule, &str)> {
    let lists = [&rules.migration_rules, &rules.domain_rules, &rules.encoding_rules];
    let rules = lists.into_iter().flatten();
    let cel = rules.filter(|rule| rule.rule_type.as_deref().is_some_and(|rule_type| CEL.contains(&rule_type)));
    cel.filter_map(|rule| Some((rule, rule.expr.as_deref()?)))
}

/// The first problem of an expression, and where it is. Clients read what stands before the first semicolon as a condition
/// under which the rest counts.
fn problem(expr: &str) -> Option<(String, usize, usize)> {
    let (guard, rest) = expr.split_once(';').map_or(("", expr), |(guard, rest)| (guard, rest));
    let in_guard = if guard.trim().is_empty() { None } else { problem_of(guard) };
    in_guard.or_else(|| {
        let before = &expr[..expr.len() - rest.len()];
        let (lines, last) = (before.matches('\n').count(), before.rsplit('\n').next().unwrap_or_default());
        let (message, line, column) = problem_of(rest)?;
        let column = if line == 1 { last.chars().count() + column } else { column };
        Some((message, lines + line, column))
    })
}

fn problem_of(expr: &str) -> Option<(String, usize, usize)> {
    let parser = PrattParser::new().max_recursion_depth(DEEPEST).max_expression_node_count(MOST_NODES);
    let errors = parser.parse(expr).err()?;
    let first = errors.errors.into_iter().next()?;
    let number = |at: isize| usize::try_from(at).unwrap_or(1).max(1);
    Some((first.msg, number(first.pos.0), number(first.pos.1)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{RuleKind, RuleMode};
    use std::collections::{BTreeMap, BTreeSet};

    fn set(rules: &[(&str, &str)]) -> RuleSet {
        let rule = |(at, (rule_type, expr)): (usize, &(&str, &str))| Rule {
            name: Some(format!("r{at}")),
            doc: None,
            kind: RuleKind::Condition,
            mode: RuleMode::Write,
            rule_type: Some((*rule_type).to_owned()),
            tags: BTreeSet::new(),
            params: BTreeMap::new(),
            expr: Some((*expr).to_owned()),
            on_success: None,
            on_failure: None,
            disabled: false,
        };
        RuleSet { domain_rules: rules.iter().enumerate().map(rule).collect(), ..RuleSet::default() }
    }

    fn told(rules: &[(&str, &str)]) -> Vec<(String, usize, usize)> {
        let findings = findings(&set(rules), &Work::unlimited()).unwrap();
        findings.into_iter().map(|finding| (finding.rule, finding.line, finding.column)).collect()
    }

    #[test]
    fn only_expressions_that_do_not_parse_are_told() {
        let good = [
            ("CEL", "message.amount > 0 && message.name.startsWith('a')"),
            ("CEL", "has(message.ssn) ; size(message.ssn) == 9"),
            ("CEL_FIELD", "typeName == 'STRING' ; value + '-suffix'"),
            ("CEL_FIELD", ";value"),
            ("CEL", "{'a': [1, 2u, 3.5, b'x', r'\\d', null, true]}['a'][0] in [1] ? 1 : 2"),
            ("CEL", "message.items.all(i, i.price >= 0.0) // each"),
            ("CEL", "dyn(message) == dyn(message) && message.f(1).g == -1 % 2"),
            ("JSONATA", "$merge([$sift($, function($v, $k) {$k != 'full'}), {'name': $.'full'}])"),
            ("ENCRYPT", "((("),
        ];
        assert_eq!(told(&good), []);
        assert_eq!(told(&[("CEL", "a +"), ("CEL", "a"), ("CEL_FIELD", "a == ; b")]).len(), 2);
        assert_eq!(told(&[("CEL", "")]).len(), 1);
    }

    #[test]
    fn the_place_is_that_in_the_whole_expression() {
        let (_, line, column) = told(&[("CEL", "true ; 1 ++ 2")])[0].clone();
        assert_eq!((line, column), (1, 11));
        let (_, line, column) = told(&[("CEL", "true ;\n 1 ++ 2")])[0].clone();
        assert_eq!((line, column), (2, 5));
    }

    #[test]
    fn deep_long_and_odd_expressions_are_bounded() {
        let nested = |open: &str, close: &str| {
            let times = LONGEST / (open.len() + close.len()) - 1;
            format!("{}1{}", open.repeat(times), close.repeat(times))
        };
        for expr in [
            nested("(1+", ")"),
            nested("[", "]"),
            nested("f(", ")"),
            nested("{1:", "}"),
            nested("true?", ":1"),
            "(".repeat(LONGEST),
            "a.".repeat(LONGEST / 2),
            "1+".repeat(LONGEST / 2),
            "a?".repeat(LONGEST / 2),
            "a[".repeat(LONGEST / 2),
            "\"".to_owned(),
            "'\\".to_owned(),
            "b'\\x".to_owned(),
            "\u{0}\u{7f}é\u{1f600}".to_owned(),
        ] {
            assert_eq!(told(&[("CEL", &expr)]).len(), 1, "{expr:.20}");
        }
        // As deep as they are long, and no mistakes.
        for expr in [nested("(", ")"), "a.".repeat(LONGEST / 2 - 1) + "a", "1+".repeat(LONGEST / 2 - 1) + "1"] {
            assert_eq!(told(&[("CEL", &expr)]), [], "{expr:.20}");
        }
        assert_eq!(told(&[("CEL", &"(".repeat(LONGEST + 1))]), []);
        let budget = Work::new(1_000, &compat::Halt::default());
        assert_eq!(findings(&set(&[("CEL", &"1+".repeat(1_000))]), &budget), Err(Spent::TooMuch));
    }
}
