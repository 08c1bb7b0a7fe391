//! The normalised form: one spelling for files that mean the same. The order of messages, enums, services and their methods
//! stays, since what is on the wire depends on it.

use super::literal;
use super::model::*;
use super::names::{Found, Names, NodeId};
use super::print::{Audience, with_special};
use super::{Schema, Unfinished, unresolved};
use crate::Work;
use std::collections::{HashMap, HashSet};

/// The normalised file of a schema.
///
/// # Errors
/// A type is not known, or the result would be too long; or the work ended.
pub(super) fn normalize(schema: &Schema, work: &Work) -> Result<File, Unfinished> {
    let mut normal = of_file(schema, 0, Audience::Everybody, work)?;
    normal.syntax = normal.syntax.filter(|&syntax| syntax == Syntax::Proto3);
    Ok(normal)
}

/// One of the files of a schema, normalised.
///
/// # Errors
/// As `normalize`.
pub(super) fn of_file(schema: &Schema, at: u32, audience: Audience, work: &Work) -> Result<File, Unfinished> {
    let file = &*schema.files[at as usize];
    let left = super::MOST_TEXT;
    let mut normalizer = Normalizer { schema, at, audience, work, left, folded: HashMap::new() };
    let package = Found::Here(schema.names.table.of_file(at));
    let mut normal = File {
        syntax: file.syntax,
        package: file.package.clone(),
        imports: sorted(&file.imports),
        public_imports: sorted(&file.public_imports),
        weak_imports: file.weak_imports.clone(),
        options: normalizer.options(package, &file.options)?,
        top_messages: file.top_messages.clone(),
        top_enums: file.top_enums.clone(),
        ..File::default()
    };
    // What a field refers to may stand anywhere, so that entries are known before fields are looked at.
    normalizer.fold()?;
    for (id, message) in (0..).zip(&file.messages) {
        normal.messages.push(normalizer.message(id, message)?);
    }
    for (id, symbols) in (0..).zip(&file.enums) {
        normal.enums.push(normalizer.symbols(id, symbols)?);
    }
    normal.extends = normalizer.extends(package, &file.extends)?;
    normal.services =
        file.services.iter().map(|service| normalizer.service(package, service)).collect::<Result<_, _>>()?;
    Ok(normal)
}

struct Normalizer<'s> {
    schema: &'s Schema,
    /// The file, by its place.
    at: u32,
    audience: Audience,
    work: &'s Work,
    /// How many bytes full names may still take.
    left: usize,
    /// The types of keys and values by the messages that stand for the entries of maps.
    folded: HashMap<Id, (Box<str>, Box<str>)>,
}

fn sorted(paths: &[Box<str>]) -> Vec<Box<str>> {
    let mut paths = paths.to_vec();
    paths.sort();
    paths.dedup();
    paths
}

impl Normalizer<'_> {
    fn names(&self) -> &Names {
        &self.schema.names
    }

    fn scope(&self, message: Id) -> Found {
        Found::Here(self.names().table.of_message(self.at, message))
    }

    /// The full name of a type, with a dot before it.
    fn qualified(&mut self, scope: Found, name: &str, at: u32) -> Result<Box<str>, Unfinished> {
        if scalar(name).is_some() {
            return Ok(name.into());
        }
        let Some(found) = self.names().resolve(scope, name, self.work)? else { return Err(unresolved(name, at)) };
        let full = format!(".{}", self.names().full(found));
        self.left = self.left.checked_sub(full.len()).ok_or(Unfinished::TooLong)?;
        Ok(full.into())
    }

    /// Notes the entries that become maps. One stays a message if it has types inside, which would go with it, or if its full
    /// name is also that of a type that stays, which fields of the entry would come to mean.
    fn fold(&mut self) -> Result<(), Unfinished> {
        let file = &*self.schema.files[self.at as usize];
        let table = &self.schema.names.table;
        let at = self.at;
        let inside = |message| table.get(table.of_message(at, message)).inside;
        let inner: HashSet<Id> = file.messages.iter().flat_map(|message| &message.messages).copied().collect();
        let (entries, others): (Vec<_>, Vec<_>) = (0..)
            .zip(&file.messages)
            .map(|(id, message)| (id, message.entry().filter(|_| inner.contains(&id))))
            .partition(|(_, entry)| entry.is_some());
        if entries.is_empty() {
            return Ok(());
        }
        let enums = (0..).zip(&file.enums).map(|(id, _)| table.get(table.of_enum(at, id)).inside);
        let staying: HashSet<NodeId> = others.into_iter().map(|(id, _)| inside(id)).chain(enums).collect();
        for (id, entry) in entries {
            if let Some((key, value)) = entry.filter(|_| !staying.contains(&inside(id))) {
                let value = self.qualified(self.scope(id), value.kind.name(), value.at)?;
                self.folded.insert(id, (key.into(), value));
            }
        }
        Ok(())
    }

    /// The entry of a map that a name means.
    fn entry(&self, scope: Found, name: &str) -> Result<Option<Type>, Unfinished> {
        if self.folded.is_empty() || scalar(name).is_some() {
            return Ok(None);
        }
        let Some(Found::Here(node)) = self.names().resolve(scope, name, self.work)? else { return Ok(None) };
        let entry = match self.names().table.get(node) {
            node if node.file == self.at => match node.kind {
                super::names::Kind::Message(id) => self.folded.get(&id),
                _ => None,
            },
            _ => None,
        };
        Ok(entry.map(|(key, value)| Type::Map(key.clone(), value.clone())))
    }

    fn options(&self, scope: Found, options: &[Opt]) -> Result<Vec<Opt>, Unfinished> {
        literal::normalize(self.schema, scope, options, self.work)
    }

    fn message(&mut self, id: Id, message: &Message) -> Result<Message, Unfinished> {
        let scope = self.scope(id);
        let mut oneofs = Vec::new();
        for oneof in message.oneofs.iter().filter(|oneof| !(oneof.fields.is_empty() && oneof.groups.is_empty())) {
            oneofs.push(Oneof {
                name: oneof.name.clone(),
                at: oneof.at,
                options: self.options(scope, &oneof.options)?,
                fields: self.fields(scope, &oneof.fields)?,
                groups: self.groups(scope, &oneof.groups)?,
            });
        }
        oneofs.sort_by_key(Oneof::first_tag);
        Ok(Message {
            name: message.name.clone(),
            at: message.at,
            reserved: reserved(&message.reserved),
            options: self.options(scope, &message.options)?,
            fields: self.fields(scope, &message.fields)?,
            oneofs_dropped: oneofs.is_empty() && (message.oneofs_dropped || !message.oneofs.is_empty()),
            oneofs,
            groups: self.groups(scope, &message.groups)?,
            extensions: self.extensions(scope, &message.extensions)?,
            extends: self.extends(scope, &message.extends)?,
            messages: message.messages.iter().copied().filter(|id| !self.folded.contains_key(id)).collect(),
            enums: message.enums.clone(),
        })
    }

    fn fields(&mut self, scope: Found, fields: &[Field]) -> Result<Vec<Field>, Unfinished> {
        let mut normal = fields.iter().map(|field| self.field(scope, field)).collect::<Result<Vec<_>, _>>()?;
        normal.sort_by_key(|field| field.tag);
        Ok(normal)
    }

    fn field(&mut self, scope: Found, field: &Field) -> Result<Field, Unfinished> {
        let entry = match &field.kind {
            Type::Plain(name) => self.entry(scope, name)?,
            Type::Map(..) => None,
        };
        let (label, kind) = match (entry, &field.kind) {
            (Some(map), _) => (None, map),
            (None, Type::Plain(name)) => (field.label, Type::Plain(self.qualified(scope, name, field.at)?)),
            (None, Type::Map(key, value)) => {
                (field.label, Type::Map(key.clone(), self.qualified(scope, value, field.at)?))
            }
        };
        // Those that the tree keeps apart are sorted among the others.
        let options = self.options(scope, &with_special(field, self.audience))?;
        let (name, at, tag) = (field.name.clone(), field.at, field.tag);
        Ok(Field { name, at, label, kind, tag, options, default: None, json_name: None })
    }

    fn groups(&mut self, scope: Found, groups: &[Group]) -> Result<Vec<Group>, Unfinished> {
        let mut normal = Vec::new();
        for group in groups {
            let fields = self.fields(scope, &group.fields)?;
            normal.push(Group { name: group.name.clone(), label: group.label, tag: group.tag, fields });
        }
        normal.sort_by_key(|group| group.tag);
        Ok(normal)
    }

    fn extensions(&mut self, scope: Found, extensions: &[Extensions]) -> Result<Vec<Extensions>, Unfinished> {
        let mut normal = Vec::new();
        for each in extensions {
            let options = self.options(scope, &each.options)?;
            let single = |range: &Reserved| Extensions { ranges: vec![plain(range)], options: options.clone() };
            // They are written again for each.
            let weight: usize = options.iter().map(|option| option.name.len() + literal::weight(&option.value)).sum();
            self.work.spend(each.ranges.len())?;
            self.left = self.left.checked_sub(each.ranges.len() * weight).ok_or(Unfinished::TooLong)?;
            normal.extend(each.ranges.iter().map(single));
        }
        normal.sort_by(|a, b| order(&a.ranges[0], &b.ranges[0]));
        Ok(normal)
    }

    /// Blocks of one target become one.
    fn extends(&mut self, scope: Found, extends: &[Extend]) -> Result<Vec<Extend>, Unfinished> {
        let mut blocks: Vec<Extend> = Vec::new();
        let mut known: HashMap<Box<str>, usize> = HashMap::new();
        for extend in extends {
            let name = self.qualified(scope, &extend.name, extend.at)?;
            let fields = self.fields(scope, &extend.fields)?;
            match known.get(&name) {
                Some(&block) => blocks[block].fields.extend(fields),
                None => {
                    known.insert(name.clone(), blocks.len());
                    blocks.push(Extend { name, at: extend.at, fields });
                }
            }
        }
        blocks.iter_mut().for_each(|block| block.fields.sort_by_key(|field| field.tag));
        Ok(blocks)
    }

    fn symbols(&mut self, id: Id, symbols: &Enum) -> Result<Enum, Unfinished> {
        let scope = Found::Here(self.enum_scope(id));
        let mut constants = Vec::new();
        for constant in &symbols.constants {
            let options = self.options(scope, &constant.options)?;
            constants.push(Constant { name: constant.name.clone(), at: constant.at, tag: constant.tag, options });
        }
        constants.sort_by(|a, b| (a.tag, &a.name).cmp(&(b.tag, &b.name)));
        let options = self.options(scope, &symbols.options)?;
        Ok(Enum {
            name: symbols.name.clone(),
            at: symbols.at,
            reserved: reserved(&symbols.reserved),
            options,
            constants,
        })
    }

    fn enum_scope(&self, id: Id) -> NodeId {
        self.names().table.get(self.names().table.of_enum(self.at, id)).parent
    }

    fn service(&mut self, scope: Found, service: &Service) -> Result<Service, Unfinished> {
        let mut rpcs = Vec::new();
        for rpc in &service.rpcs {
            let request = self.streamed(scope, &rpc.request, rpc.at)?;
            let response = self.streamed(scope, &rpc.response, rpc.at)?;
            let options = self.options(scope, &rpc.options)?;
            rpcs.push(Rpc { name: rpc.name.clone(), at: rpc.at, request, response, options });
        }
        let options = self.options(scope, &service.options)?;
        Ok(Service { name: service.name.clone(), at: service.at, options, rpcs })
    }

    fn streamed(&mut self, scope: Found, streamed: &Streamed, at: u32) -> Result<Streamed, Unfinished> {
        Ok(Streamed { name: self.qualified(scope, &streamed.name, at)?, stream: streamed.stream })
    }
}

/// Each value alone, numbers before names.
fn reserved(lines: &[Vec<Reserved>]) -> Vec<Vec<Reserved>> {
    let mut values: Vec<Reserved> = lines.iter().flatten().map(plain).collect();
    values.sort_by(order);
    values.into_iter().map(|value| vec![value]).collect()
}

/// A range of one number is that number.
fn plain(value: &Reserved) -> Reserved {
    match value {
        Reserved::Range(start, end) if end <= start && *end < MAX_TAG => Reserved::Number(*start),
        other => other.clone(),
    }
}

fn order(a: &Reserved, b: &Reserved) -> std::cmp::Ordering {
    fn key(value: &Reserved) -> (i32, i64, &str) {
        match value {
            Reserved::Number(number) => (*number, i64::MIN, ""),
            Reserved::Range(start, end) => (*start, i64::from(*end), ""),
            Reserved::Name(name) => (i32::MAX, i64::MAX, name),
        }
    }
    key(a).cmp(&key(b))
}
