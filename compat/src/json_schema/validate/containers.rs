//! Keywords that go into objects and arrays.

use super::place::Place;
use super::values::worth;
use super::{Outcome, Seen, Stop, Validator};
use crate::json::{Member, Node as Tree, Tree as Value};
use crate::json_schema::dialect::{Dialect, Keyword};
use crate::json_schema::documents::Cursor;
use crate::json_schema::shown;
use std::collections::HashSet;

impl<'d, 't: 'd> Validator<'d, 't> {
    pub(super) fn object(
        &mut self,
        cursor: Cursor<'t>,
        dialect: Dialect,
        value: &'d Tree<'d>,
        members: &'d [Member<'d>],
        own: &mut Seen,
    ) -> Outcome<'t> {
        self.work.spend(members.len())?;
        self.limits(cursor, members.len(), "properties", Keyword::MinProperties, Keyword::MaxProperties)?;
        for name in self.list(cursor, dialect, Keyword::Required).iter().filter_map(Tree::as_str) {
            self.work.spend(1 + members.len() / 8)?;
            if value.get(name).is_none() {
                return self.misfit(
                    cursor,
                    Some(Keyword::Required),
                    format!("the property '{}' is missing", shown(name)),
                );
            }
        }
        self.dependencies(cursor, dialect, value, own)?;
        if let Some(names) = self.schema(cursor, dialect, Keyword::PropertyNames) {
            self.names(names, members)?;
        }
        let named = self.map(cursor, Keyword::Properties);
        let patterns = self.map(cursor, Keyword::PatternProperties);
        let additional = self.schema(cursor, dialect, Keyword::AdditionalProperties);
        for (at, member) in members.iter().enumerate() {
            self.work.spend(1 + named.len() / 8)?;
            let mut known = false;
            if let Some(schema) = named.iter().find(|schema| *schema.key == *member.key) {
                known = true;
                self.member(Cursor { tree: &schema.value, ..cursor }, member)?;
            }
            for pattern in patterns {
                if self.is_found(&pattern.key, &member.key)? == Some(true) {
                    known = true;
                    self.member(Cursor { tree: &pattern.value, ..cursor }, member)?;
                }
            }
            match additional {
                Some(Cursor { tree: Tree { tree: Value::Bool(false), .. }, .. }) if !known => {
                    let message = format!("the property '{}' is not permitted", shown(&member.key));
                    return self.misfit(cursor, Some(Keyword::AdditionalProperties), message);
                }
                Some(schema) if !known => {
                    known = true;
                    self.member(schema, member)?;
                }
                _ => {}
            }
            if known {
                own.member(at);
            }
        }
        let Some(schema) = self.schema(cursor, dialect, Keyword::UnevaluatedProperties) else { return Ok(()) };
        for (at, member) in members.iter().enumerate() {
            if own.members.get(at) == Some(&false) {
                if let Value::Bool(false) = schema.tree.tree {
                    let message = format!("the property '{}' is not permitted", shown(&member.key));
                    return self.misfit(cursor, Some(Keyword::UnevaluatedProperties), message);
                }
                self.member(schema, member)?;
                own.member(at);
            }
        }
        Ok(())
    }

    fn names(&mut self, schema: Cursor<'t>, members: &'d [Member<'d>]) -> Outcome<'t> {
        for member in members {
            // A name is a value at the place of its property.
            let name = Tree::of_text(member.value.at, &member.key);
            self.path.push(Place::Member(&member.key));
            self.name(schema, &name)?;
            self.path.pop();
        }
        Ok(())
    }

    /// Applies a schema to a name, which lives no longer than that.
    fn name(&mut self, schema: Cursor<'t>, name: &Tree<'_>) -> Outcome<'t> {
        let mut inner = Validator {
            documents: self.documents,
            vocabularies: self.vocabularies,
            work: self.work,
            tracks: self.tracks,
            patterns: std::mem::take(&mut self.patterns),
            path: Vec::new(),
            scope: self.scope.clone(),
            applied: self.applied.clone(),
        };
        self.work.spend(self.scope.len() + self.applied.len())?;
        let outcome = inner.apply(schema, name, &mut Seen::default());
        self.patterns = inner.patterns;
        match outcome {
            Err(Stop::Misfit(misfit)) => {
                let message = format!("the name of the property does not fit: {}", misfit.message);
                self.misfit(misfit.schema, misfit.keyword, message)
            }
            outcome => outcome,
        }
    }

    /// Applies a schema to a member.
    fn member(&mut self, schema: Cursor<'t>, member: &'d Member<'d>) -> Outcome<'t> {
        self.path.push(Place::Member(&member.key));
        self.deeper(schema)?;
        self.apply(schema, &member.value, &mut Seen::default())?;
        self.path.pop();
        Ok(())
    }

    /// Applies a schema to an item.
    fn item(&mut self, schema: Cursor<'t>, at: usize, item: &'d Tree<'d>) -> Outcome<'t> {
        self.path.push(Place::Item(at));
        self.deeper(schema)?;
        self.apply(schema, item, &mut Seen::default())?;
        self.path.pop();
        Ok(())
    }

    fn deeper(&self, schema: Cursor<'t>) -> Outcome<'t> {
        if self.path.len() <= super::MOST_DEPTH {
            return Ok(());
        }
        self.misfit(schema, None, format!("The sample nests deeper than the {} levels allowed", super::MOST_DEPTH))
    }

    fn dependencies(
        &mut self,
        cursor: Cursor<'t>,
        dialect: Dialect,
        value: &'d Tree<'d>,
        own: &mut Seen,
    ) -> Outcome<'t> {
        let keywords: &[Keyword] = if dialect.is_old() {
            &[Keyword::Dependencies]
        } else {
            &[Keyword::DependentRequired, Keyword::DependentSchemas]
        };
        for keyword in keywords {
            for dependency in self.map(cursor, *keyword) {
                self.work.spend(1)?;
                if value.get(&dependency.key).is_none() {
                    continue;
                }
                let Value::Array(names) = &dependency.value.tree else {
                    self.apply(Cursor { tree: &dependency.value, ..cursor }, value, own)?;
                    continue;
                };
                for name in names.iter().filter_map(Tree::as_str) {
                    self.work.spend(1)?;
                    if value.get(name).is_none() {
                        let (name, key) = (shown(name), shown(&dependency.key));
                        let message = format!("the property '{name}' is missing, which '{key}' needs");
                        return self.misfit(cursor, Some(*keyword), message);
                    }
                }
            }
        }
        Ok(())
    }

    pub(super) fn array(
        &mut self,
        cursor: Cursor<'t>,
        dialect: Dialect,
        items: &'d [Tree<'d>],
        own: &mut Seen,
    ) -> Outcome<'t> {
        self.work.spend(items.len())?;
        self.limits(cursor, items.len(), "items", Keyword::MinItems, Keyword::MaxItems)?;
        if matches!(self.get(cursor, Keyword::UniqueItems).map(|flag| &flag.tree), Some(Value::Bool(true))) {
            let mut met = HashSet::new();
            for item in items {
                if !met.insert(worth(item, self.work)?) {
                    return self.misfit(cursor, Some(Keyword::UniqueItems), "has the same item twice");
                }
            }
        }
        // The fourth last draft had tuples under `items`, the last one has them under `prefixItems`.
        let items_list = match self.get(cursor, Keyword::Items).map(|items| &items.tree) {
            Some(Value::Array(tuple)) if dialect != Dialect::Draft2020 => Some(&**tuple),
            _ => None,
        };
        let prefix = match dialect {
            Dialect::Draft2020 => self.list(cursor, dialect, Keyword::PrefixItems),
            _ => items_list.unwrap_or_default(),
        };
        let keyword = if items_list.is_some() { Keyword::AdditionalItems } else { Keyword::Items };
        let rest = self.get(cursor, keyword).filter(|tree| matches!(tree.tree, Value::Bool(_) | Value::Object(_)));
        for (at, item) in items.iter().enumerate() {
            if let Some(tree) = prefix.get(at) {
                self.item(Cursor { tree, ..cursor }, at, item)?;
            } else if let Some(tree) = rest {
                if let Value::Bool(false) = tree.tree {
                    return self.misfit(cursor, Some(keyword), format!("item {at} is not permitted"));
                }
                self.item(Cursor { tree, ..cursor }, at, item)?;
            } else {
                break;
            }
            own.item(at);
        }
        self.contains(cursor, dialect, items, own)?;
        let Some(schema) = self.schema(cursor, dialect, Keyword::UnevaluatedItems) else { return Ok(()) };
        for (at, item) in items.iter().enumerate() {
            if own.items.get(at) == Some(&false) {
                if let Value::Bool(false) = schema.tree.tree {
                    return self.misfit(cursor, Some(Keyword::UnevaluatedItems), format!("item {at} is not permitted"));
                }
                self.item(schema, at, item)?;
                own.item(at);
            }
        }
        Ok(())
    }

    fn contains(&mut self, cursor: Cursor<'t>, dialect: Dialect, items: &'d [Tree<'d>], own: &mut Seen) -> Outcome<'t> {
        let Some(schema) = self.schema(cursor, dialect, Keyword::Contains) else { return Ok(()) };
        let mut found = 0;
        for (at, item) in items.iter().enumerate() {
            self.path.push(Place::Item(at));
            let fits = self.fits(schema, item, &mut Seen::default())?;
            self.path.pop();
            if fits {
                found += 1;
                if dialect == Dialect::Draft2020 {
                    own.item(at);
                }
            }
        }
        let counted = !dialect.is_old();
        if found == 0 && !(counted && self.get(cursor, Keyword::MinContains).is_some()) {
            return self.misfit(cursor, Some(Keyword::Contains), "has no item that fits");
        }
        if counted {
            self.limits(cursor, found, "items that fit", Keyword::MinContains, Keyword::MaxContains)?;
        }
        Ok(())
    }

    /// The members of a keyword.
    fn map(&self, cursor: Cursor<'t>, keyword: Keyword) -> &'t [Member<'t>] {
        match self.get(cursor, keyword).map(|tree| &tree.tree) {
            Some(Value::Object(members)) => members,
            _ => &[],
        }
    }
}
