//! What a person can do about a difference, in one sentence, for both directions.

use super::rule::Rule;
use crate::Direction::{self, Backward, Forward};
use crate::finding::abridged;

/// The sentence about a difference at this path of the reference.
pub(super) fn advice(rule: Rule, direction: Direction, path: &str) -> Option<String> {
    let name = abridged(path.rsplit('/').next().unwrap_or_default());
    let said = match direction {
        Backward => new_reads_old(rule, &name),
        Forward => old_reads_new(rule, &name),
    };
    (!said.is_empty()).then_some(said)
}

/// The new schema has to accept what the old one let through.
fn new_reads_old(rule: Rule, name: &str) -> String {
    match rule {
        Rule::OptionalPropertyAddedToOpen => format!(
            "Old data may hold anything under '{name}', since the old schema is open: close the content model with \
             additionalProperties: false, or set the policy LENIENT."
        ),
        Rule::RequiredPropertyWithDefaultAddedToOpen => format!(
            "Close the content model with additionalProperties: false in a version before '{name}' is added, or set the \
             policy LENIENT."
        ),
        Rule::RequiredPropertyAddedToOpen => format!(
            "Leave '{name}' out of required, and close the content model with additionalProperties: false or set the policy \
             LENIENT; or give '{name}' a default and set the policy LENIENT."
        ),
        Rule::RequiredPropertyAddedToUnopen => format!("Give '{name}' a default, or leave it out of required."),
        Rule::RequiredAttributeAdded => format!("Leave '{name}' out of required, or give it a default where it is declared."),
        Rule::PropertyRemovedFromClosed => format!(
            "Keep '{name}', open the content model by leaving out additionalProperties: false, or set the policy LENIENT."
        ),
        Rule::PropertyRemovedNotCovered | Rule::ItemRemovedNotCovered => format!(
            "Keep '{name}', or widen the schema that stands for what is not named so that it takes the old values."
        ),
        Rule::PropertyAddedNotCovered | Rule::ItemAddedNotCovered => format!(
            "Let '{name}' take all that the old schema's patternProperties or additionalProperties took in its place."
        ),
        Rule::ItemAddedToOpen => "Old arrays may hold anything at this place: close the old tuple before items are added."
            .to_owned(),
        Rule::ItemRemovedFromClosed => "Keep the item, or permit additional items.".to_owned(),
        Rule::AdditionalPropertiesRemoved | Rule::UnevaluatedPropertiesRemoved => {
            "Old data may have properties that are not named: leave the content model open, or set the policy LENIENT.".to_owned()
        }
        Rule::AdditionalPropertiesNarrowed | Rule::UnevaluatedPropertiesNarrowed => {
            "Old data may have other values under names that are not declared: leave the schema for them out, or set the policy \
             LENIENT."
                .to_owned()
        }
        Rule::AdditionalItemsRemoved | Rule::UnevaluatedItemsRemoved => {
            "Old arrays may have more items: go on permitting them.".to_owned()
        }
        Rule::AdditionalItemsNarrowed | Rule::UnevaluatedItemsNarrowed => {
            "Old arrays may have other items: leave the schema for further items out.".to_owned()
        }
        rule => general(rule, "old", "new", name),
    }
}

/// The old schema has to accept what the new one lets through.
fn old_reads_new(rule: Rule, name: &str) -> String {
    match rule {
        Rule::OptionalPropertyAddedToOpen
        | Rule::RequiredPropertyWithDefaultAddedToOpen
        | Rule::RequiredPropertyAddedToOpen => format!(
            "New data may hold anything under '{name}', since the new schema is open and does not name it: keep '{name}', or \
             close the content model with additionalProperties: false{}.",
            if rule == Rule::RequiredPropertyAddedToOpen { "" } else { ", or set the policy LENIENT" }
        ),
        Rule::RequiredPropertyAddedToUnopen => {
            format!("Keep '{name}': the old schema requires it and has no default for it.")
        }
        Rule::RequiredAttributeAdded => {
            format!("Keep '{name}' in required: the old schema requires it and has no default for it.")
        }
        Rule::PropertyRemovedFromClosed => format!(
            "The old schema is closed and does not know '{name}': open it in a version of its own first, by leaving out \
             additionalProperties: false, or set the policy LENIENT."
        ),
        Rule::PropertyRemovedNotCovered | Rule::ItemRemovedNotCovered => {
            format!("Give '{name}' a schema whose values the old schema takes for what it does not name.")
        }
        Rule::PropertyAddedNotCovered | Rule::ItemAddedNotCovered => {
            format!("Keep '{name}', or narrow the schema for what is not named to what the old schema takes there.")
        }
        Rule::ItemAddedToOpen => "Keep the item: new arrays may hold anything in its place.".to_owned(),
        Rule::ItemRemovedFromClosed => {
            "The old schema permits no further items: permit them in a version of its own first.".to_owned()
        }
        Rule::AdditionalPropertiesRemoved | Rule::UnevaluatedPropertiesRemoved => {
            "The old schema is closed: keep the content model closed, or set the policy LENIENT.".to_owned()
        }
        Rule::AdditionalPropertiesNarrowed | Rule::UnevaluatedPropertiesNarrowed => {
            "Keep the schema for properties that are not named, or set the policy LENIENT.".to_owned()
        }
        Rule::AdditionalItemsRemoved | Rule::UnevaluatedItemsRemoved => {
            "The old schema permits no further items: go on refusing them.".to_owned()
        }
        Rule::AdditionalItemsNarrowed | Rule::UnevaluatedItemsNarrowed => {
            "Keep the schema for further items.".to_owned()
        }
        rule => general(rule, "new", "old", name),
    }
}

/// What is to be done about a rule in either direction; `writer` is the schema of the data.
fn general(rule: Rule, writer: &str, reader: &str, name: &str) -> String {
    match rule {
        Rule::TypeChanged => format!(
            "Let the {reader} schema keep the type of the {writer} one, or take both: with anyOf, oneOf or a list of types."
        ),
        Rule::TypeNarrowed => {
            format!("The {writer} schema lets fractions through: both have to be number, or both integer.")
        }
        Rule::SchemaAdded => format!("Leave the schema for all items out of the {reader} schema, or have it in both."),
        Rule::EnumArrayNarrowed | Rule::EnumArrayChanged => {
            format!(
                "Every value of the {writer} schema has to be among those of the {reader} one: keep a value and deprecate it."
            )
        }
        Rule::CombinedTypeChanged => {
            "Keep the keyword (allOf, anyOf, oneOf), or change it to anyOf, which takes the most.".to_owned()
        }
        Rule::CombinedTypeSubschemasChanged => format!(
            "Every member of the {writer} schema's combination needs one of the {reader} schema's for itself that takes its \
             values: compare the members one by one."
        ),
        Rule::SumTypeNarrowed => {
            format!("The {writer} schema has alternatives that the {reader} one lacks: keep them.")
        }
        Rule::ProductTypeExtended => {
            format!("The {reader} schema asks for more than the {writer} one: keep allOf as it is.")
        }
        Rule::NotTypeExtended => format!("The {reader} schema refuses more than the {writer} one: keep not as it is."),
        Rule::PatternAdded | Rule::PatternChanged => {
            format!("Keep the pattern, or leave it out of the {reader} schema: patterns are only compared as texts.")
        }
        Rule::MultipleOfAdded | Rule::MultipleOfExpanded | Rule::MultipleOfChanged => {
            format!("The {writer} schema's numbers have to be multiples of the {reader} one's multipleOf.")
        }
        Rule::UniqueItemsAdded => {
            format!("Arrays of the {writer} schema may repeat items: leave uniqueItems as it is.")
        }
        Rule::DependencyArrayAdded
        | Rule::DependencyArrayExtended
        | Rule::DependencyArrayChanged
        | Rule::DependencySchemaAdded => {
            format!("The {reader} schema may ask for no more beside '{name}' than the {writer} one does.")
        }
        Rule::UnsupportedReference => {
            "Nothing is ever fetched: register the schema that the $ref names, and list it among the references."
                .to_owned()
        }
        // Limits.
        rule if rule.name().starts_with("MAX") || rule.name().starts_with("EXCLUSIVE_MAX") => format!(
            "The {reader} schema's {name} may not be lower than the {writer} one's: raise it, or leave it out of the \
             {reader} schema."
        ),
        rule if rule.name().starts_with("MIN") || rule.name().starts_with("EXCLUSIVE_MIN") => format!(
            "The {reader} schema's {name} may not be higher than the {writer} one's: lower it, or leave it out of the \
             {reader} schema."
        ),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::CompatibilityPolicy;

    #[test]
    fn whatever_is_incompatible_has_a_sentence_for_both_directions() {
        let bad = Rule::ALL.iter().filter(|rule| !rule.is_compatible(CompatibilityPolicy::Strict));
        for rule in bad {
            for direction in [Backward, Forward] {
                let said = advice(*rule, direction, "#/properties/a").unwrap_or_else(|| panic!("{rule:?}"));
                assert!(said.ends_with('.'), "{said}");
            }
        }
    }
}
