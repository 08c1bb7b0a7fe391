//! JSON tree to nodes.
//!
//! Follows the order in which the reference looks at things, since that decides what a name means: a definition is known
//! from the moment it ends, so a use inside it (or before it) waits until the text has ended (`resolve`). What a rule
//! refuses is said in the reference's words; the place is added by whoever turns a `Problem` into an error.

use super::logical;
use super::members::{
    Problem, QUOTED, alias_list, cut, echo, problem, props, required, shorten, take, text, type_props, value,
};
use super::model::*;
use super::names::{self, Name};
use super::resolve::{self, Unresolved};
use crate::json::{Flavor, Json, Member, Memory, Node as Tree, SMALL, Tree as Value, parse_java_double};
use crate::{Dependency, Error, Place, Strictness, Work};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// Parses the referenced texts, then the schema itself, into one arena.
///
/// # Errors
/// One of them is not a schema; or the work ended.
pub(super) fn parse(
    text: &str,
    dependencies: &[Dependency],
    strictness: Strictness,
    work: &Work,
) -> Result<Model, Error> {
    let mut arena = Arena::default();
    let mut referenced = Vec::with_capacity(dependencies.len());
    for dependency in dependencies {
        // Referenced schemas are stored ones: their registration judged them, by the rules of then and there.
        let root = match parse_text(&dependency.text, Strictness::Stored, &mut arena, work) {
            Ok(root) => root,
            Err(Error::Spent(spent)) => return Err(spent.into()),
            Err(source) => {
                return Err(Error::Dependency {
                    name: dependency.name.clone(),
                    subject: dependency.subject.to_string(),
                    version: dependency.version,
                    source: Box::new(source),
                });
            }
        };
        if let Some(named) = arena.nodes[root as usize].named() {
            referenced.push(named.name.clone());
        }
    }
    let own = NodeId::try_from(arena.nodes.len()).expect("texts of 4 GiB never get here");
    let root = parse_text(text, strictness, &mut arena, work)?;
    Ok(Model { nodes: arena.nodes, root, referenced, own })
}

/// The nodes of all texts so far, and the names that are defined.
#[derive(Default)]
pub(super) struct Arena {
    pub(super) nodes: Vec<Node>,
    pub(super) names: HashMap<Name, NodeId>,
    /// Bytes that may still be built.
    memory: Memory,
}

/// What is built for a definition beside its node, for a field, for a symbol, and for a use of a name that is not known yet:
/// what stays, and what is needed to find duplicates and definitions. Of an alias its namespace is counted too, since its full
/// name is written where aliases are sorted.
const DEFINITION: usize = size_of::<Record>() + 2 * size_of::<(Name, NodeId)>() + 4 * SMALL;
const FIELD: usize = size_of::<Field>() + 4 * SMALL;
const SYMBOL: usize = size_of::<Box<str>>() + SMALL;
const USE: usize = size_of::<(NodeId, Name, usize)>() + 2 * SMALL;
const ALIAS: usize = 2 * size_of::<Name>() + 2 * SMALL;

fn parse_text(text: &str, strictness: Strictness, arena: &mut Arena, work: &Work) -> Result<NodeId, Error> {
    // All that is done but for what is paid for apart takes time in proportion to the text.
    work.spend(text.len() / super::READ)?;
    let invalid = |p: Problem| Error::Invalid { message: cut(&p.message, 5 * QUOTED), place: Place::of(text, p.at) };
    let before = arena.memory.left();
    let read = crate::json::rest(text, Flavor::Commented, &mut arena.memory);
    let (tree, end) = match read.map_err(|e| Error::Syntax { message: e.message, place: Place::of(text, e.at) })? {
        None => return Err(Error::Empty),
        Some(read) => read,
    };
    let of_tree = before - arena.memory.left();
    let open = Open { first: arena.nodes.len(), ..Open::default() };
    let mut parser = Parser { strictness, open, arena };
    let root = parser.schema(&tree, None, 0).map_err(invalid)?;
    let open = parser.open;
    drop(tree);
    arena.memory.give(of_tree);
    let root = resolve::resolve(arena, root, open, strictness, work).map_err(|why| match why {
        Unresolved::Problem(problem) => invalid(problem),
        Unresolved::Spent(spent) => spent.into(),
    })?;
    let blank = |c: char| c <= ' ';
    let dangling = text[end..].trim_start_matches(blank);
    if !dangling.is_empty() {
        let place = Place::of(text, text.len() - dangling.len());
        let message = format!("dangling content after end of schema: {}", shorten(dangling.trim_end_matches(blank)));
        return Err(Error::Syntax { message, place });
    }
    Ok(root)
}

/// What has to wait for the end of the text.
#[derive(Default)]
pub(super) struct Open {
    /// The first node of the text.
    pub(super) first: usize,
    /// Uses of names not known at their place: the node that stands there, the name, the offset.
    pub(super) uses: Vec<(NodeId, Name, usize)>,
    /// Unions that hold such a use, and their offsets.
    pub(super) unions: Vec<(NodeId, usize)>,
    /// Definitions of names already defined, and their offsets.
    pub(super) redefinitions: Vec<(NodeId, usize)>,
    /// Fields with defaults: record, index of the field, offset of the default.
    pub(super) defaults: Vec<(NodeId, usize, usize)>,
}

struct Parser<'a> {
    strictness: Strictness,
    open: Open,
    arena: &'a mut Arena,
}

impl Parser<'_> {
    fn add(&mut self, node: Node, at: usize) -> Result<NodeId, Problem> {
        self.take(size_of::<Node>(), at)?;
        let id = NodeId::try_from(self.arena.nodes.len()).expect("a text of 4 GiB never gets here");
        self.arena.nodes.push(node);
        Ok(id)
    }

    /// Counts what is built for what stands at this offset.
    fn take(&mut self, bytes: usize, at: usize) -> Result<(), Problem> {
        take(bytes, at, &mut self.arena.memory)
    }

    fn schema(&mut self, tree: &Tree<'_>, namespace: Option<&Arc<str>>, depth: usize) -> Result<NodeId, Problem> {
        if depth > super::STRUCTURE_DEPTH {
            return problem(tree.at, super::too_deep());
        }
        match &tree.tree {
            Value::String(name) => self.find(name, namespace, tree.at),
            Value::Array(branches) => self.union(tree, branches, namespace, depth),
            Value::Object(_) => {
                let word = required(tree, "type", "No type")?;
                if let Some(primitive) = Primitive::of(word) {
                    let props = type_props(tree, false, &mut self.arena.memory)?;
                    return self.add(Node::Primitive { primitive, props }, tree.at);
                }
                match word {
                    "record" => self.record(tree, RecordWord::Record, namespace, depth),
                    "error" => self.record(tree, RecordWord::Error, namespace, depth),
                    "enum" => self.symbols(tree, namespace),
                    "fixed" => self.fixed(tree, namespace),
                    "array" => self.array(tree, namespace, depth),
                    "map" => self.map(tree, namespace, depth),
                    name => self.find(name, namespace, tree.get("type").map_or(tree.at, |node| node.at)),
                }
            }
            _ => problem(tree.at, format!("Schema not yet supported: {}", echo(tree))),
        }
    }

    /// A use of a name: a primitive, a type known by now (in this namespace, else as written), or one yet to come.
    fn find(&mut self, written: &str, namespace: Option<&Arc<str>>, at: usize) -> Result<NodeId, Problem> {
        if let Some(primitive) = Primitive::of(written) {
            return self.add(Node::Primitive { primitive, props: Vec::new() }, at);
        }
        if written.starts_with('.') {
            // The null namespace in a definition; in a use it means nothing.
            return problem(at, shorten(&format!("Undefined schema: {written}")));
        }
        let name = Name::new(written, namespace);
        let known = self.arena.names.get(&name);
        let known = known.or_else(|| self.arena.names.get(&Name::new(written, None)));
        if let Some(&id) = known {
            return Ok(id);
        }
        self.take(USE, at)?;
        let id = self.add(Node::Unresolved, at)?;
        self.open.uses.push((id, name, at));
        Ok(id)
    }

    fn union(
        &mut self,
        tree: &Tree<'_>,
        branches: &[Tree<'_>],
        namespace: Option<&Arc<str>>,
        depth: usize,
    ) -> Result<NodeId, Problem> {
        self.take(branches.len() * size_of::<NodeId>(), tree.at)?;
        let ids =
            branches.iter().map(|branch| self.schema(branch, namespace, depth + 1)).collect::<Result<Box<[_]>, _>>()?;
        if let Some(nested) = ids.iter().position(|&id| matches!(self.arena.nodes[id as usize], Node::Union(_))) {
            return problem(branches[nested].at, format!("Nested union: {}", echo(tree)));
        }
        if let Some((at, name)) = resolve::duplicate_branch(&self.arena.nodes, &ids) {
            return problem(branches[at].at, format!("Duplicate in union:{name}"));
        }
        let unfinished = ids.iter().any(|&id| matches!(self.arena.nodes[id as usize], Node::Unresolved));
        let id = self.add(Node::Union(ids), tree.at)?;
        if unfinished {
            self.open.unions.push((id, tree.at));
        }
        Ok(id)
    }

    fn array(&mut self, tree: &Tree<'_>, namespace: Option<&Arc<str>>, depth: usize) -> Result<NodeId, Problem> {
        let Some(items) = tree.get("items") else {
            return problem(tree.at, format!("Array has no items type: {}", echo(tree)));
        };
        let items = self.schema(items, namespace, depth + 1)?;
        let mut props = type_props(tree, false, &mut self.arena.memory)?;
        if logical::is_map(&self.arena.nodes[items as usize], &props) {
            logical::put_first(&mut props);
        }
        self.add(Node::Array { items, props }, tree.at)
    }

    fn map(&mut self, tree: &Tree<'_>, namespace: Option<&Arc<str>>, depth: usize) -> Result<NodeId, Problem> {
        let Some(values) = tree.get("values") else {
            return problem(tree.at, format!("Map has no values type: {}", echo(tree)));
        };
        let values = self.schema(values, namespace, depth + 1)?;
        let props = type_props(tree, false, &mut self.arena.memory)?;
        self.add(Node::Map { values, props }, tree.at)
    }

    fn record(
        &mut self,
        tree: &Tree<'_>,
        word: RecordWord,
        namespace: Option<&Arc<str>>,
        depth: usize,
    ) -> Result<NodeId, Problem> {
        let name = self.name(tree, namespace)?;
        let Some(Value::Array(list)) = tree.get("fields").map(|fields| &fields.tree) else {
            return problem(tree.at, format!("Record has no fields: {}", echo(tree)));
        };
        self.take(list.len() * FIELD, tree.at)?;
        let mut fields = Vec::with_capacity(list.len());
        let mut defaults = Vec::new();
        for (at, field) in list.iter().enumerate() {
            fields.push(self.field(field, name.namespace(), depth + 3)?);
            if let Some(default) = field.get("default") {
                defaults.push((at, default.at));
            }
        }
        self.unique_fields(&name, &fields, list)?;
        let mut named = self.named(tree, name, false)?;
        if logical::is_variant(&self.arena.nodes, &fields, &named.props) {
            logical::put_first(&mut named.props);
        }
        let id = self.define(Node::Record(Box::new(Record { named, word, fields })), tree)?;
        self.open.defaults.extend(defaults.into_iter().map(|(index, at)| (id, index, at)));
        Ok(id)
    }

    fn field(&mut self, tree: &Tree<'_>, namespace: Option<&Arc<str>>, depth: usize) -> Result<Field, Problem> {
        let name = required(tree, "name", "No field name")?;
        let Some(schema) = tree.get("type") else {
            return problem(tree.at, format!("No field type: {}", echo(tree)));
        };
        let schema = self.schema(schema, namespace, depth)?;
        let order = match tree.get("order") {
            None => Order::Ascending,
            Some(order) => match order.as_str().map(str::to_uppercase).as_deref() {
                Some("ASCENDING") => Order::Ascending,
                Some("DESCENDING") => Order::Descending,
                Some("IGNORE") => Order::Ignore,
                Some(other) => {
                    return problem(
                        order.at,
                        format!("No enum constant org.apache.avro.Schema.Field.Order.{}", shorten(other)),
                    );
                }
                None => return problem(order.at, format!("Field order is not a string: {}", echo(order))),
            },
        };
        let default = match tree.get("default") {
            None => None,
            Some(default) => Some(self.default(default, schema)?),
        };
        self.check_name(name, tree.get("name").map_or(tree.at, |node| node.at))?;
        let mut aliases: Vec<Box<str>> = Vec::new();
        let mut seen = HashSet::new();
        for (alias, _) in alias_list(tree)? {
            self.take(ALIAS, tree.at)?;
            if seen.insert(alias) {
                aliases.push(alias.into());
            }
        }
        let reserved = |key: &str| matches!(key, "name" | "type" | "doc" | "default" | "order" | "aliases");
        Ok(Field {
            name: name.into(),
            schema,
            doc: text(tree, "doc"),
            default,
            order,
            aliases,
            props: props(tree, reserved, &mut self.arena.memory)?,
        })
    }

    /// A default. A text on a float or double is read as Java reads doubles, whatever the strictness.
    fn default(&mut self, tree: &Tree<'_>, schema: NodeId) -> Result<Json, Problem> {
        let floating = Kind::Primitive(Primitive::Float);
        let double = Kind::Primitive(Primitive::Double);
        let node = &self.arena.nodes[schema as usize];
        if let Some(text) = tree.as_str()
            && !matches!(node, Node::Unresolved)
            && (node.kind() == floating || node.kind() == double)
        {
            return match parse_java_double(text) {
                Some(value) => Ok(Json::Double(value)),
                None if text.trim().is_empty() => problem(tree.at, "empty String"),
                None => problem(tree.at, format!("For input string: \"{}\"", shorten(text))),
            };
        }
        value(tree, &mut self.arena.memory)
    }

    fn unique_fields(&self, name: &Name, fields: &[Field], trees: &[Tree<'_>]) -> Result<(), Problem> {
        let mut seen: HashMap<&str, usize> = HashMap::with_capacity(fields.len());
        for (at, field) in fields.iter().enumerate() {
            if let Some(before) = seen.insert(&field.name, at) {
                let kind = |at: usize| match &self.arena.nodes[fields[at].schema as usize] {
                    Node::Unresolved => Kind::Record.shout(),
                    node => node.kind().shout(),
                };
                return problem(
                    trees[at].at,
                    format!(
                        "Duplicate field {0} in record {1}: {0} type:{2} pos:{at} and {0} type:{3} pos:{before}.",
                        field.name,
                        name,
                        kind(at),
                        kind(before)
                    ),
                );
            }
        }
        Ok(())
    }

    fn symbols(&mut self, tree: &Tree<'_>, namespace: Option<&Arc<str>>) -> Result<NodeId, Problem> {
        let name = self.name(tree, namespace)?;
        let Some(Value::Array(list)) = tree.get("symbols").map(|symbols| &symbols.tree) else {
            return problem(tree.at, format!("Enum has no symbols: {}", echo(tree)));
        };
        let mut seen = HashSet::with_capacity(list.len());
        for symbol in list {
            let Some(text) = symbol.as_str() else { return problem(symbol.at, "Null name") };
            self.check_name(text, symbol.at)?;
            if !seen.insert(text) {
                return problem(symbol.at, format!("Duplicate enum symbol: {text}"));
            }
        }
        let symbols = || list.iter().filter_map(Tree::as_str);
        let default = match tree.get("default").and_then(|default| Some((default.as_str()?, default.at))) {
            Some((default, at)) if !seen.contains(default) => {
                let all = shorten(&symbols().collect::<Vec<_>>().join(", "));
                return problem(at, format!("The Enum Default: {default} is not in the enum symbol set: [{all}]"));
            }
            default => default.map(|(default, _)| default.into()),
        };
        // What is sought in is not held beside what is copied.
        drop(seen);
        self.take(list.len() * SYMBOL, tree.at)?;
        let symbols = symbols().map(Into::into).collect();
        let named = self.named(tree, name, true)?;
        self.define(Node::Enum(Box::new(Enum { named, symbols, default })), tree)
    }

    fn fixed(&mut self, tree: &Tree<'_>, namespace: Option<&Arc<str>>) -> Result<NodeId, Problem> {
        /// What a Java array can hold.
        const MAX_SIZE: i32 = i32::MAX - 8;
        let name = self.name(tree, namespace)?;
        let size = tree.get("size");
        let digits = size.and_then(|size| if let Value::Int(digits) = size.tree { Some(digits) } else { None });
        let Some(number) = digits.and_then(|digits| digits.parse::<i32>().ok()) else {
            return problem(size.map_or(tree.at, |size| size.at), format!("Invalid or no size: {}", echo(tree)));
        };
        let at = size.map_or(tree.at, |size| size.at);
        if number > MAX_SIZE {
            return problem(at, format!("Cannot read arrays longer than {MAX_SIZE} bytes"));
        }
        let Ok(size) = u32::try_from(number) else {
            return problem(at, format!("Malformed data. Length is negative: {number}"));
        };
        let named = self.named(tree, name, false)?;
        self.define(Node::Fixed(Box::new(Fixed { named, size })), tree)
    }

    /// The name of a definition.
    fn name(&mut self, tree: &Tree<'_>, namespace: Option<&Arc<str>>) -> Result<Name, Problem> {
        if tree.get("namespace").is_none() {
            // The canonical text may have one here, and must not take more when it is read again.
            self.take(size_of::<Member<'_>>(), tree.at)?;
        }
        let own: Option<Arc<str>> = tree.get("namespace").and_then(Tree::as_str).map(Arc::from);
        let written = required(tree, "name", "No name in schema")?;
        let name = Name::new(written, own.as_ref().or(namespace));
        let at = tree.get("name").map_or(tree.at, |node| node.at);
        self.check_name(name.short(), at)?;
        if names::is_primitive(&name.full()) {
            return problem(at, format!("Schemas may not be named after primitives: {name}"));
        }
        Ok(name)
    }

    fn named(&mut self, tree: &Tree<'_>, name: Name, has_default: bool) -> Result<Named, Problem> {
        self.take(DEFINITION, tree.at)?;
        let props = type_props(tree, has_default, &mut self.arena.memory)?;
        let mut aliases = Vec::new();
        let mut seen = HashSet::new();
        for (alias, at) in alias_list(tree)? {
            let alias = Name::new(alias, name.namespace());
            if self.strictness == Strictness::New {
                self.check_name(alias.short(), at)?;
            }
            self.take(ALIAS + alias.namespace().map_or(0, |space| space.len()), at)?;
            if seen.insert(alias.clone()) {
                aliases.push(alias);
            }
        }
        Ok(Named { name, doc: text(tree, "doc"), aliases, props, representative: 0 })
    }

    /// Adds a definition and makes its name known, unless it is known already.
    fn define(&mut self, node: Node, tree: &Tree<'_>) -> Result<NodeId, Problem> {
        let id = self.add(node, tree.at)?;
        let named = match &mut self.arena.nodes[id as usize] {
            Node::Record(record) => &mut record.named,
            Node::Enum(symbols) => &mut symbols.named,
            Node::Fixed(fixed) => &mut fixed.named,
            _ => unreachable!("only named types are defined"),
        };
        named.representative = id;
        if let Some(namespace) = named.name.namespace() {
            let at = tree.get("namespace").or_else(|| tree.get("name")).map_or(tree.at, |node| node.at);
            names::check_namespace(namespace, self.strictness).or_else(|message| problem(at, message))?;
        }
        if self.arena.names.contains_key(&named.name) {
            self.open.redefinitions.push((id, tree.at));
        } else {
            self.arena.names.insert(named.name.clone(), id);
        }
        Ok(id)
    }

    fn check_name(&self, name: &str, at: usize) -> Result<(), Problem> {
        names::check(name, self.strictness).or_else(|message| problem(at, shorten(&message)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::avro::print;

    /// What is built from a text: its tree, and what stays. And its canonical text.
    fn built(text: &str, strictness: Strictness) -> (usize, usize, String) {
        let mut memory = Memory::default();
        let all = memory.left();
        crate::json::rest(text, Flavor::Commented, &mut memory).unwrap();
        let mut arena = Arena::default();
        let root = parse_text(text, strictness, &mut arena, &Work::unlimited()).unwrap();
        let stays = all - arena.memory.left();
        let model = Model { nodes: arena.nodes, root, referenced: Vec::new(), own: 0 };
        (all - memory.left(), stays, print::canonical(&model).unwrap())
    }

    #[test]
    fn what_was_accepted_takes_no_more_when_it_is_read_again() {
        for text in [
            r#""int""#,
            r#"{"type":"int"}"#,
            r#"["null",{"type":"map","values":"string","p":[1e999,-0,1e3,"\u0041"]}]"#,
            r#"{"type":"record","name":"x.A","fields":[{"name":"f","type":"B"},{"name":"g","type":
                {"type":"record","name":"y.C","fields":[{"name":"h","type":{"type":"fixed","name":"x.B","size":1}}]}}]}"#,
            r#"{"type":"record","name":"A","namespace":"n","aliases":["B","m.C","B"],"fields":[
                {"name":"f","type":{"type":"enum","name":".E","symbols":["A"],"default":"A"},"aliases":["g","g"]},
                {"name":"h","type":"float","default":"NaN","order":"ASCENDING","doc":"\u0041"}]}"#,
        ] {
            let (tree, stays, canonical) = built(text, Strictness::New);
            let (tree_again, stays_again, _) = built(&canonical, Strictness::Stored);
            assert!(tree_again + stays_again <= tree + stays, "{text} and {canonical}");
        }
    }
}
