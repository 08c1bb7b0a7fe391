//! What is to be compared, and what can be told at once, when two nodes are of one class. In the order of the reference.

use super::report::Step;
use super::{Abandoned, At, Checker, Pair};
use crate::json_schema::divisible::{is_multiple, same};
use crate::json_schema::model::*;
use crate::json_schema::order::union;
use crate::json_schema::rule::Rule;

/// A step of a comparison.
#[derive(Clone, Copy, Debug)]
pub(super) enum Action<'m> {
    /// This is different.
    Tell(Rule, Option<Step<'m>>),
    /// An inner pair; its differences count as they are.
    Compare(Pair, Option<Step<'m>>),
    /// What is gone or new on one side, and the schema of the other side's content model for it.
    Cover { pair: Pair, step: Step<'m>, covered: Rule, uncovered: Rule },
    /// Two negated schemas, the other way round.
    Not(Pair),
}

/// What a limit can come to: added, removed, increased, decreased.
type Limit = [Rule; 4];

const MAX_LENGTH: Limit =
    [Rule::MaxLengthAdded, Rule::MaxLengthRemoved, Rule::MaxLengthIncreased, Rule::MaxLengthDecreased];
const MIN_LENGTH: Limit =
    [Rule::MinLengthAdded, Rule::MinLengthRemoved, Rule::MinLengthIncreased, Rule::MinLengthDecreased];
const MAXIMUM: Limit = [Rule::MaximumAdded, Rule::MaximumRemoved, Rule::MaximumIncreased, Rule::MaximumDecreased];
const MINIMUM: Limit = [Rule::MinimumAdded, Rule::MinimumRemoved, Rule::MinimumIncreased, Rule::MinimumDecreased];
const EXCLUSIVE_MAXIMUM: Limit = [
    Rule::ExclusiveMaximumAdded,
    Rule::ExclusiveMaximumRemoved,
    Rule::ExclusiveMaximumIncreased,
    Rule::ExclusiveMaximumDecreased,
];
const EXCLUSIVE_MINIMUM: Limit = [
    Rule::ExclusiveMinimumAdded,
    Rule::ExclusiveMinimumRemoved,
    Rule::ExclusiveMinimumIncreased,
    Rule::ExclusiveMinimumDecreased,
];
const MAX_PROPERTIES: Limit =
    [Rule::MaxPropertiesAdded, Rule::MaxPropertiesRemoved, Rule::MaxPropertiesIncreased, Rule::MaxPropertiesDecreased];
const MIN_PROPERTIES: Limit =
    [Rule::MinPropertiesAdded, Rule::MinPropertiesRemoved, Rule::MinPropertiesIncreased, Rule::MinPropertiesDecreased];
const MAX_ITEMS: Limit = [Rule::MaxItemsAdded, Rule::MaxItemsRemoved, Rule::MaxItemsIncreased, Rule::MaxItemsDecreased];
const MIN_ITEMS: Limit = [Rule::MinItemsAdded, Rule::MinItemsRemoved, Rule::MinItemsIncreased, Rule::MinItemsDecreased];
const MAX_CONTAINS: Limit =
    [Rule::MaxContainsAdded, Rule::MaxContainsRemoved, Rule::MaxContainsIncreased, Rule::MaxContainsDecreased];
const MIN_CONTAINS: Limit =
    [Rule::MinContainsAdded, Rule::MinContainsRemoved, Rule::MinContainsIncreased, Rule::MinContainsDecreased];

/// What a change of the rest (additional or unevaluated properties or items) comes to.
struct RestRules {
    keyword: &'static str,
    added: Rule,
    removed: Rule,
    extended: Rule,
    narrowed: Rule,
}

const ADDITIONAL_PROPERTIES: RestRules = RestRules {
    keyword: "additionalProperties",
    added: Rule::AdditionalPropertiesAdded,
    removed: Rule::AdditionalPropertiesRemoved,
    extended: Rule::AdditionalPropertiesExtended,
    narrowed: Rule::AdditionalPropertiesNarrowed,
};
const UNEVALUATED_PROPERTIES: RestRules = RestRules {
    keyword: "unevaluatedProperties",
    added: Rule::UnevaluatedPropertiesAdded,
    removed: Rule::UnevaluatedPropertiesRemoved,
    extended: Rule::UnevaluatedPropertiesExtended,
    narrowed: Rule::UnevaluatedPropertiesNarrowed,
};
const ADDITIONAL_ITEMS: RestRules = RestRules {
    keyword: "additionalItems",
    added: Rule::AdditionalItemsAdded,
    removed: Rule::AdditionalItemsRemoved,
    extended: Rule::AdditionalItemsExtended,
    narrowed: Rule::AdditionalItemsNarrowed,
};
const UNEVALUATED_ITEMS: RestRules = RestRules {
    keyword: "unevaluatedItems",
    added: Rule::UnevaluatedItemsAdded,
    removed: Rule::UnevaluatedItemsRemoved,
    extended: Rule::UnevaluatedItemsExtended,
    narrowed: Rule::UnevaluatedItemsNarrowed,
};

/// The differences of what is said of two schemas without asking anything.
pub(super) fn notes<'m>(original: &Node, update: &Node) -> Vec<Action<'m>> {
    let none = Notes::default();
    let (a, b) = (original.notes.as_deref().unwrap_or(&none), update.notes.as_deref().unwrap_or(&none));
    let changed = [
        (a.id != b.id, Rule::IdChanged),
        (a.title != b.title, Rule::TitleChanged),
        (a.description != b.description, Rule::DescriptionChanged),
        (a.default != b.default, Rule::DefaultChanged),
    ];
    changed.into_iter().filter(|(changed, _)| *changed).map(|(_, rule)| Action::Tell(rule, None)).collect()
}

fn limit(
    keyword: &'static str,
    rules: Limit,
    original: Option<f64>,
    update: Option<f64>,
    actions: &mut Vec<Action<'_>>,
) {
    let [added, removed, increased, decreased] = rules;
    let rule = match (original, update) {
        (None, None) => return,
        (None, Some(_)) => added,
        (Some(_), None) => removed,
        (Some(a), Some(b)) if a < b => increased,
        (Some(a), Some(b)) if a > b => decreased,
        (Some(_), Some(_)) => return,
    };
    actions.push(Action::Tell(rule, Some(Step::to(keyword))));
}

/// How two sorted lists of names go together.
enum Sets {
    Same,
    Extended,
    Narrowed,
    Changed,
}

fn sets(original: &[Box<str>], update: &[Box<str>]) -> Sets {
    let has_all = |all: &[Box<str>], some: &[Box<str>]| some.iter().all(|one| all.binary_search(one).is_ok());
    match (has_all(update, original), has_all(original, update)) {
        (true, true) => Sets::Same,
        (true, false) => Sets::Extended,
        (false, true) => Sets::Narrowed,
        (false, false) => Sets::Changed,
    }
}

impl<'m> Checker<'m, '_> {
    /// The actions for two nodes of one class, which is no combination.
    pub(super) fn plan(
        &mut self,
        pair: Pair,
        original: &'m Node,
        update: &'m Node,
        actions: &mut Vec<Action<'m>>,
    ) -> Result<(), Abandoned> {
        match (&original.class, &update.class) {
            (Class::String(a), Class::String(b)) => strings(a, b, actions),
            (Class::Number(a), Class::Number(b)) => {
                let length = |rules: &NumberRules| rules.multiple_of.as_ref().map_or(0, |text| text.len());
                self.work.spend(4 * (length(a) + length(b)))?;
                numbers(a, b, actions);
            }
            (Class::Enum(a), Class::Enum(b)) => {
                self.work.spend(8 * (a.len() + b.len()))?;
                let rule = match sets(a, b) {
                    Sets::Same => return Ok(()),
                    Sets::Extended => Rule::EnumArrayExtended,
                    Sets::Narrowed => Rule::EnumArrayNarrowed,
                    Sets::Changed => Rule::EnumArrayChanged,
                };
                actions.push(Action::Tell(rule, Some(Step::to("enum"))));
            }
            (Class::Const(a), Class::Const(b)) if a != b => {
                actions.push(Action::Tell(Rule::EnumArrayChanged, Some(Step::to("const"))));
            }
            (Class::Not(a), Class::Not(b)) => {
                actions.push(Action::Not(Pair { original: pair.update.inner(*b), update: pair.original.inner(*a) }));
            }
            (Class::Array(a), Class::Array(b)) => self.arrays(pair, a, b, actions),
            (Class::Object(a), Class::Object(b)) => self.objects(pair, a, b, actions)?,
            _ => {}
        }
        Ok(())
    }

    fn objects(
        &mut self,
        pair: Pair,
        original: &'m ObjectRules,
        update: &'m ObjectRules,
        actions: &mut Vec<Action<'m>>,
    ) -> Result<(), Abandoned> {
        self.work.spend(8 * (original.properties.len() + update.properties.len()))?;
        let names = |rules: &'m ObjectRules| -> Vec<&'m str> { rules.properties.iter().map(|p| &*p.name).collect() };
        let all = union(&names(original), &names(update), |name| original.property(name).is_some());
        for name in &all {
            if let (Some(_), Some(schema)) = (original.property(name), update.property(name)) {
                let step = Some(Step::name("required", name));
                match (original.requires(name), update.requires(name)) {
                    (true, false) => actions.push(Action::Tell(Rule::RequiredAttributeRemoved, step)),
                    (false, true) if self.has_default(pair.update.inner(schema)) => {
                        actions.push(Action::Tell(Rule::RequiredAttributeWithDefaultAdded, step));
                    }
                    (false, true) => actions.push(Action::Tell(Rule::RequiredAttributeAdded, step)),
                    _ => {}
                }
            }
        }
        for name in all {
            let step = Step::name("properties", name);
            match (original.property(name), update.property(name)) {
                (Some(a), Some(b)) => {
                    let inner = Pair { original: pair.original.inner(a), update: pair.update.inner(b) };
                    actions.push(Action::Compare(inner, Some(step)));
                }
                (Some(a), None) => self.removed_property(pair, a, update, step, name, actions)?,
                (None, Some(b)) => self.added_property(pair, b, (original, update), step, name, actions)?,
                (None, None) => {}
            }
        }
        self.dependencies(pair, original, update, actions)?;
        let (a, b) = (original.additional, update.additional);
        rest(&ADDITIONAL_PROPERTIES, pair, a, b, actions);
        self.unevaluated(&UNEVALUATED_PROPERTIES, pair, original.unevaluated, update.unevaluated, actions);
        limit("maxProperties", MAX_PROPERTIES, original.max_properties, update.max_properties, actions);
        limit("minProperties", MIN_PROPERTIES, original.min_properties, update.min_properties, actions);
        Ok(())
    }

    fn has_default(&self, at: At) -> bool {
        self.node(at).notes.as_ref().is_some_and(|notes| notes.default.is_some())
    }

    fn removed_property(
        &mut self,
        pair: Pair,
        schema: NodeId,
        update: &'m ObjectRules,
        step: Step<'m>,
        name: &str,
        actions: &mut Vec<Action<'m>>,
    ) -> Result<(), Abandoned> {
        let old = pair.original.inner(schema);
        if self.is_open(pair.update, update) {
            actions.push(Action::Tell(Rule::PropertyRemovedFromOpen, Some(step)));
        } else if let Some(covering) = self.covering(pair.update, update, name)? {
            actions.push(Action::Cover {
                pair: Pair { original: old, update: covering },
                step,
                covered: Rule::PropertyRemovedIsCovered,
                uncovered: Rule::PropertyRemovedNotCovered,
            });
        } else if let Class::False = self.node(old).class {
            actions.push(Action::Tell(Rule::PropertyWithFalseRemovedFromClosed, Some(step)));
        } else {
            actions.push(Action::Tell(Rule::PropertyRemovedFromClosed, Some(step)));
        }
        Ok(())
    }

    fn added_property(
        &mut self,
        pair: Pair,
        schema: NodeId,
        (original, update): (&'m ObjectRules, &'m ObjectRules),
        step: Step<'m>,
        name: &str,
        actions: &mut Vec<Action<'m>>,
    ) -> Result<(), Abandoned> {
        let new = pair.update.inner(schema);
        let required = update.requires(name).then(|| self.has_default(new));
        if self.is_open(pair.original, original) {
            let rule = match (&self.node(new).class, required) {
                (Class::Empty | Class::True, _) => Rule::PropertyWithEmptySchemaAddedToOpen,
                (_, Some(true)) => Rule::RequiredPropertyWithDefaultAddedToOpen,
                (_, Some(false)) => Rule::RequiredPropertyAddedToOpen,
                (_, None) => Rule::OptionalPropertyAddedToOpen,
            };
            actions.push(Action::Tell(rule, Some(step)));
            return Ok(());
        }
        if let Some(covering) = self.covering(pair.original, original, name)? {
            actions.push(Action::Cover {
                pair: Pair { original: covering, update: new },
                step,
                covered: Rule::PropertyAddedIsCovered,
                uncovered: Rule::PropertyAddedNotCovered,
            });
        }
        let rule = match required {
            Some(true) => Rule::RequiredPropertyWithDefaultAddedToUnopen,
            Some(false) => Rule::RequiredPropertyAddedToUnopen,
            None => Rule::OptionalPropertyAddedToUnopen,
        };
        actions.push(Action::Tell(rule, Some(step)));
        Ok(())
    }

    /// May an object have any other properties?
    fn is_open(&self, at: At, rules: &ObjectRules) -> bool {
        rules.additional == Rest::Open
            && rules.patterns.is_empty()
            && rules.unevaluated.is_none_or(|schema| self.asks_nothing(at.inner(schema)))
    }

    fn asks_nothing(&self, at: At) -> bool {
        matches!(self.node(at).class, Class::True | Class::Empty)
    }

    /// The schema that an object has for a property that it does not name.
    fn covering(&mut self, at: At, rules: &'m ObjectRules, name: &str) -> Result<Option<At>, Abandoned> {
        for (expression, schema) in &rules.patterns {
            if self.is_found(expression, name)? {
                return Ok(Some(at.inner(*schema)));
            }
        }
        Ok(match rules.additional {
            Rest::Of(schema) => Some(at.inner(schema)),
            Rest::Closed => None,
            Rest::Open => self.said(at, rules.unevaluated),
        })
    }

    /// An unevaluated schema that neither permits nor refuses everything.
    fn said(&self, at: At, unevaluated: Option<NodeId>) -> Option<At> {
        let schema = at.inner(unevaluated?);
        let class = &self.node(schema).class;
        (!matches!(class, Class::True | Class::False | Class::Empty)).then_some(schema)
    }

    fn dependencies(
        &mut self,
        pair: Pair,
        original: &'m ObjectRules,
        update: &'m ObjectRules,
        actions: &mut Vec<Action<'m>>,
    ) -> Result<(), Abandoned> {
        type Lists = [(Box<str>, Box<[Box<str>]>)];
        fn map(lists: &Lists) -> std::collections::HashMap<&str, &[Box<str>]> {
            lists.iter().map(|(key, names)| (&**key, &**names)).collect()
        }
        fn keys(lists: &Lists) -> Vec<&str> {
            lists.iter().map(|(key, _)| &**key).collect()
        }
        let (a, b) = (map(&original.dependencies), map(&update.dependencies));
        self.work.spend(4 * (a.len() + b.len()))?;
        let all = union(&keys(&original.dependencies), &keys(&update.dependencies), |key| a.contains_key(key));
        for key in all {
            let rule = match (a.get(key), b.get(key)) {
                (None, None) => continue,
                (None, Some(_)) => Rule::DependencyArrayAdded,
                (Some(_), None) => Rule::DependencyArrayRemoved,
                (Some(a), Some(b)) => {
                    self.work.spend(8 * (a.len() + b.len()))?;
                    match sets(a, b) {
                        Sets::Same => continue,
                        Sets::Extended => Rule::DependencyArrayExtended,
                        Sets::Narrowed => Rule::DependencyArrayNarrowed,
                        Sets::Changed => Rule::DependencyArrayChanged,
                    }
                }
            };
            actions.push(Action::Tell(rule, Some(Step::name("dependencies", key))));
        }
        let schemas = |rules: &'m ObjectRules| -> std::collections::HashMap<&'m str, NodeId> {
            rules.dependent_schemas.iter().map(|p| (&*p.name, p.schema)).collect()
        };
        let names =
            |rules: &'m ObjectRules| -> Vec<&'m str> { rules.dependent_schemas.iter().map(|p| &*p.name).collect() };
        let (a, b) = (schemas(original), schemas(update));
        self.work.spend(4 * (a.len() + b.len()))?;
        for key in union(&names(original), &names(update), |key| a.contains_key(key)) {
            let step = Some(Step::name("dependencies", key));
            actions.push(match (a.get(key), b.get(key)) {
                (None, None) => continue,
                (None, Some(_)) => Action::Tell(Rule::DependencySchemaAdded, step),
                (Some(_), None) => Action::Tell(Rule::DependencySchemaRemoved, step),
                (Some(&a), Some(&b)) => {
                    Action::Compare(Pair { original: pair.original.inner(a), update: pair.update.inner(b) }, step)
                }
            });
        }
        Ok(())
    }

    fn unevaluated(
        &self,
        rules: &RestRules,
        pair: Pair,
        original: Option<NodeId>,
        update: Option<NodeId>,
        actions: &mut Vec<Action<'m>>,
    ) {
        let (a, b) = (original.map(|id| pair.original.inner(id)), update.map(|id| pair.update.inner(id)));
        let closed = |at: At| matches!(self.node(at).class, Class::False);
        let open = |at: At| self.asks_nothing(at);
        let rule = match (a, b) {
            (None, None) => return,
            (None, Some(b)) => Some(if closed(b) { rules.removed } else { rules.narrowed }),
            (Some(a), None) => Some(if closed(a) { rules.added } else { rules.extended }),
            (Some(a), Some(b)) => match (closed(a), closed(b)) {
                (true, false) => Some(rules.added),
                (false, true) => Some(rules.removed),
                _ => match (open(a), open(b)) {
                    (true, false) => Some(rules.narrowed),
                    (false, true) => Some(rules.extended),
                    _ => None,
                },
            },
        };
        let step = Some(Step::to(rules.keyword));
        match (rule, a, b) {
            (Some(rule), _, _) => actions.push(Action::Tell(rule, step)),
            (None, Some(a), Some(b)) => actions.push(Action::Compare(Pair { original: a, update: b }, step)),
            _ => {}
        }
    }

    fn arrays(&mut self, pair: Pair, original: &'m ArrayRules, update: &'m ArrayRules, actions: &mut Vec<Action<'m>>) {
        let step = Some(Step::to("items"));
        match (original.items, update.items) {
            (None, None) => {}
            (None, Some(_)) => actions.push(Action::Tell(Rule::SchemaAdded, step)),
            (Some(_), None) => actions.push(Action::Tell(Rule::SchemaRemoved, step)),
            (Some(a), Some(b)) => {
                let inner = Pair { original: pair.original.inner(a), update: pair.update.inner(b) };
                actions.push(Action::Compare(inner, step));
            }
        }
        for at in 0..original.tuple.len().max(update.tuple.len()) {
            let step = Step::index("items", at);
            match (original.tuple.get(at), update.tuple.get(at)) {
                (Some(&a), Some(&b)) => {
                    let inner = Pair { original: pair.original.inner(a), update: pair.update.inner(b) };
                    actions.push(Action::Compare(inner, Some(step)));
                }
                (Some(&a), None) => actions.push(self.removed_item(pair, a, update, step)),
                (None, Some(&b)) => actions.push(self.added_item(pair, b, original, step)),
                (None, None) => {}
            }
        }
        rest(&ADDITIONAL_ITEMS, pair, original.additional, update.additional, actions);
        self.unevaluated(&UNEVALUATED_ITEMS, pair, original.unevaluated, update.unevaluated, actions);
        limit("maxItems", MAX_ITEMS, original.max_items, update.max_items, actions);
        limit("minItems", MIN_ITEMS, original.min_items, update.min_items, actions);
        match (original.unique, update.unique) {
            (false, true) => actions.push(Action::Tell(Rule::UniqueItemsAdded, Some(Step::to("uniqueItems")))),
            (true, false) => actions.push(Action::Tell(Rule::UniqueItemsRemoved, Some(Step::to("uniqueItems")))),
            _ => {}
        }
        limit("maxContains", MAX_CONTAINS, original.max_contains, update.max_contains, actions);
        limit("minContains", MIN_CONTAINS, original.min_contains, update.min_contains, actions);
    }

    fn removed_item(&self, pair: Pair, schema: NodeId, update: &ArrayRules, step: Step<'m>) -> Action<'m> {
        let old = pair.original.inner(schema);
        if self.is_open_array(pair.update, update) {
            return Action::Tell(Rule::ItemRemovedFromOpen, Some(step));
        }
        if let Some(covering) = self.covering_items(pair.update, update) {
            return Action::Cover {
                pair: Pair { original: old, update: covering },
                step,
                covered: Rule::ItemRemovedIsCovered,
                uncovered: Rule::ItemRemovedNotCovered,
            };
        }
        let denied = matches!(self.node(old).class, Class::False);
        let rule = if denied { Rule::ItemWithFalseRemovedFromClosed } else { Rule::ItemRemovedFromClosed };
        Action::Tell(rule, Some(step))
    }

    fn added_item(&self, pair: Pair, schema: NodeId, original: &ArrayRules, step: Step<'m>) -> Action<'m> {
        let new = pair.update.inner(schema);
        if self.is_open_array(pair.original, original) {
            let empty = self.asks_nothing(new);
            let rule = if empty { Rule::ItemWithEmptySchemaAddedToOpen } else { Rule::ItemAddedToOpen };
            return Action::Tell(rule, Some(step));
        }
        match self.covering_items(pair.original, original) {
            Some(covering) => Action::Cover {
                pair: Pair { original: covering, update: new },
                step,
                covered: Rule::ItemAddedIsCovered,
                uncovered: Rule::ItemAddedNotCovered,
            },
            None => Action::Tell(Rule::ItemAddedToClosed, Some(step)),
        }
    }

    /// May an array have any further items?
    fn is_open_array(&self, at: At, rules: &ArrayRules) -> bool {
        rules.additional == Rest::Open && rules.unevaluated.is_none_or(|schema| self.asks_nothing(at.inner(schema)))
    }

    /// The schema that an array has for further items.
    fn covering_items(&self, at: At, rules: &ArrayRules) -> Option<At> {
        match rules.additional {
            Rest::Of(schema) => Some(at.inner(schema)),
            Rest::Closed => None,
            Rest::Open => self.said(at, rules.unevaluated),
        }
    }
}

fn rest<'m>(rules: &RestRules, pair: Pair, original: Rest, update: Rest, actions: &mut Vec<Action<'m>>) {
    let step = Some(Step::to(rules.keyword));
    actions.push(match (original, update) {
        (Rest::Closed, Rest::Closed) | (Rest::Open, Rest::Open) => return,
        (Rest::Closed, _) => Action::Tell(rules.added, step),
        (_, Rest::Closed) => Action::Tell(rules.removed, step),
        (Rest::Open, Rest::Of(_)) => Action::Tell(rules.narrowed, step),
        (Rest::Of(_), Rest::Open) => Action::Tell(rules.extended, step),
        (Rest::Of(a), Rest::Of(b)) => {
            Action::Compare(Pair { original: pair.original.inner(a), update: pair.update.inner(b) }, step)
        }
    });
}

fn strings(original: &StringRules, update: &StringRules, actions: &mut Vec<Action<'_>>) {
    limit("maxLength", MAX_LENGTH, original.max_length, update.max_length, actions);
    limit("minLength", MIN_LENGTH, original.min_length, update.min_length, actions);
    let rule = match (&original.pattern, &update.pattern) {
        (None, Some(_)) => Rule::PatternAdded,
        (Some(_), None) => Rule::PatternRemoved,
        (Some(a), Some(b)) if a != b => Rule::PatternChanged,
        _ => return,
    };
    actions.push(Action::Tell(rule, Some(Step::to("pattern"))));
}

fn numbers(original: &NumberRules, update: &NumberRules, actions: &mut Vec<Action<'_>>) {
    limit("maximum", MAXIMUM, original.maximum, update.maximum, actions);
    limit("minimum", MINIMUM, original.minimum, update.minimum, actions);
    let exclusive = (original.exclusive_maximum, update.exclusive_maximum);
    limit("exclusiveMaximum", EXCLUSIVE_MAXIMUM, exclusive.0, exclusive.1, actions);
    let exclusive = (original.exclusive_minimum, update.exclusive_minimum);
    limit("exclusiveMinimum", EXCLUSIVE_MINIMUM, exclusive.0, exclusive.1, actions);
    let rule = match (&original.multiple_of, &update.multiple_of) {
        (None, Some(_)) => Some(Rule::MultipleOfAdded),
        (Some(_), None) => Some(Rule::MultipleOfRemoved),
        (Some(a), Some(b)) if !same(a, b) => Some(if is_multiple(b, a) {
            Rule::MultipleOfExpanded
        } else if is_multiple(a, b) {
            Rule::MultipleOfReduced
        } else {
            Rule::MultipleOfChanged
        }),
        _ => None,
    };
    actions.extend(rule.map(|rule| Action::Tell(rule, Some(Step::to("multipleOf")))));
    match (original.integer, update.integer) {
        (true, false) => actions.push(Action::Tell(Rule::TypeExtended, None)),
        (false, true) => actions.push(Action::Tell(Rule::TypeNarrowed, None)),
        _ => {}
    }
}
