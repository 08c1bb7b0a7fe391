//! Text to tree.
//!
//! As lax as the reference: names may have dashes, tags any value, and what a name means is not asked here. What is refused is
//! said in the reference's words, with its places.

use super::lexer::{Problem, Reader, problem, quoted};
use super::model::*;
use super::names::SCOPE;
use super::options::{self, take};
use crate::json::{Memory, SMALL};
use std::borrow::Cow;
use std::collections::HashMap;

/// How deep messages may nest.
pub(crate) const NESTING: usize = 64;

const MESSAGE: usize = size_of::<Message>() + 4 * SMALL;
const FIELD: usize = size_of::<Field>() + 3 * SMALL;
const ENUM: usize = size_of::<Enum>() + 4 * SMALL;
const OTHER: usize = size_of::<Rpc>() + 4 * SMALL;
const VALUE: usize = size_of::<Reserved>() + SMALL;

/// Parses a text.
///
/// # Errors
/// It is not in the syntax of the language, or exceeds a bound.
pub(super) fn parse(text: &str, memory: &mut Memory) -> Result<File, Problem> {
    let mut parser = Parser { reader: Reader::new(text), file: File::default(), declared: 0, memory };
    parser.file()?;
    Ok(parser.file)
}

struct Parser<'t, 'm> {
    reader: Reader<'t>,
    file: File,
    /// How many declarations there were, anywhere.
    declared: usize,
    memory: &'m mut Memory,
}

impl<'t> Parser<'t, '_> {
    fn take(&mut self, bytes: usize) -> Result<(), Problem> {
        take(bytes, self.reader.at(), self.memory)
    }

    fn offset(at: usize) -> u32 {
        u32::try_from(at).expect("texts of 4 GiB never get here")
    }

    fn option(&mut self) -> Result<Opt, Problem> {
        let option = options::option(&mut self.reader, '=', self.memory)?;
        self.reader.require(';')?;
        Ok(option)
    }

    fn options(&mut self) -> Result<Vec<Opt>, Problem> {
        options::list(&mut self.reader, self.memory)
    }

    /// The first word of a declaration and its offset; `None` for a semicolon that stands alone.
    fn declaration(&mut self) -> Result<Option<(&'t str, usize)>, Problem> {
        self.declared += 1;
        if self.reader.takes(';')? {
            return Ok(None);
        }
        let at = self.reader.at();
        Ok(Some((self.reader.word()?, at)))
    }

    fn file(&mut self) -> Result<(), Problem> {
        let (mut types, mut services) = (HashMap::new(), HashMap::new());
        while !self.reader.ended()? {
            let Some((word, at)) = self.declaration()? else { continue };
            match word {
                "package" => {
                    if self.file.package.is_some() {
                        return problem(at, "too many package names");
                    }
                    let name = self.reader.name()?;
                    self.file.package = Some(name.into());
                    self.reader.require(';')?;
                }
                "import" => self.import()?,
                "syntax" => self.syntax(at)?,
                "edition" => return problem(self.reader.at(), "edition is not currently supported"),
                "option" => {
                    let option = self.option()?;
                    self.file.options.push(option);
                }
                "message" => {
                    let id = self.message(at, 0)?;
                    unique(&mut types, &self.file.messages[id as usize].name, at, &self.reader)?;
                    self.file.top_messages.push(id);
                }
                "enum" => {
                    let id = self.symbols(at)?;
                    unique(&mut types, &self.file.enums[id as usize].name, at, &self.reader)?;
                    self.file.top_enums.push(id);
                }
                "service" => {
                    let service = self.service(at)?;
                    unique(&mut services, &service.name, at, &self.reader)?;
                    self.file.services.push(service);
                }
                "extend" => {
                    let extend = self.extend(at)?;
                    self.file.extends.push(extend);
                }
                other => return problem(at, format!("unexpected label: {}", quoted(other))),
            }
        }
        Ok(())
    }

    fn syntax(&mut self, at: usize) -> Result<(), Problem> {
        let first = self.declared == 1;
        if self.file.syntax.is_some() {
            return problem(at, "too many syntax or edition definitions");
        }
        self.reader.require('=')?;
        if !first {
            return problem(at, "'syntax' element must be the first declaration in a file");
        }
        self.file.syntax = Some(match &*self.reader.text()? {
            "proto2" => Syntax::Proto2,
            "proto3" => Syntax::Proto3,
            other => return problem(at, format!("unexpected syntax: {}", quoted(other))),
        });
        self.reader.require(';')
    }

    fn import(&mut self) -> Result<(), Problem> {
        self.take(OTHER)?;
        let (kind, path) = match self.reader.peek()? {
            '"' | '\'' => ("", self.reader.text()?),
            _ => match self.reader.word()? {
                kind @ ("public" | "weak") => (kind, self.path()?),
                path => ("", path.to_owned()),
            },
        };
        let list = match kind {
            "public" => &mut self.file.public_imports,
            "weak" => &mut self.file.weak_imports,
            _ => &mut self.file.imports,
        };
        list.push(clean(&path).into());
        self.reader.require(';')
    }

    fn path(&mut self) -> Result<String, Problem> {
        match self.reader.peek()? {
            '"' | '\'' => self.reader.text(),
            _ => self.reader.word().map(str::to_owned),
        }
    }

    /// The name of a type where it is declared, which may have dots.
    ///
    /// One at its end is refused: where a field is of this type, the name of the field would be read as a part of it.
    fn type_name(&mut self) -> Result<Box<str>, Problem> {
        let name = self.reader.name()?;
        if name.ends_with('.') {
            return problem(self.reader.at(), format!("expected a name but was {}", quoted(name)));
        }
        self.take(SCOPE * name.matches('.').count())?;
        Ok(name.into())
    }

    fn message(&mut self, at: usize, depth: usize) -> Result<Id, Problem> {
        if depth == NESTING {
            return problem(at, format!("messages nest deeper than the {NESTING} levels allowed"));
        }
        self.take(MESSAGE)?;
        let mut message = Message { name: self.type_name()?, at: Self::offset(at), ..Message::default() };
        self.reader.require('{')?;
        while !self.reader.takes('}')? {
            let Some((word, at)) = self.declaration()? else { continue };
            match word {
                "option" => message.options.push(self.option()?),
                "reserved" => message.reserved.push(self.reserved(at)?),
                "message" => message.messages.push(self.message(at, depth + 1)?),
                "enum" => message.enums.push(self.symbols(at)?),
                "extend" => message.extends.push(self.extend(at)?),
                "oneof" => message.oneofs.push(self.oneof(at)?),
                "extensions" => message.extensions.push(self.extensions(at)?),
                word => match self.field(word, at)? {
                    Member::Field(field) => message.fields.push(field),
                    Member::Group(group) => message.groups.push(group),
                },
            }
        }
        let id = Self::offset(self.file.messages.len());
        self.file.messages.push(message);
        Ok(id)
    }

    /// A field or group, whose first word is its label or type.
    fn field(&mut self, word: &'t str, at: usize) -> Result<Member, Problem> {
        let (label, kind) = self.label_and_type(word, at)?;
        Ok(if is_group(&kind) {
            Member::Group(self.group(label)?)
        } else {
            Member::Field(self.rest_of_field(label, kind, at)?)
        })
    }

    fn label_and_type(&mut self, word: &'t str, at: usize) -> Result<(Option<Label>, Type), Problem> {
        let proto3 = self.file.syntax == Some(Syntax::Proto3);
        let label = match word {
            "required" if proto3 => {
                return problem(at, "'required' label forbidden in proto3 field declarations");
            }
            "required" => Some(Label::Required),
            "optional" => Some(Label::Optional),
            "repeated" => Some(Label::Repeated),
            _ => None,
        };
        let kind = match label {
            Some(_) => self.data_type()?,
            None if proto3 || (word == "map" && self.reader.peek()? == '<') => self.data_type_of(word)?,
            None => return problem(at, format!("unexpected label: {}", quoted(word))),
        };
        if label.is_some() && matches!(kind, Type::Map(..)) {
            return problem(at, "'map' type cannot have label");
        }
        Ok((label, kind))
    }

    fn rest_of_field(&mut self, label: Option<Label>, kind: Type, at: usize) -> Result<Field, Problem> {
        self.take(FIELD)?;
        let name = self.reader.name()?.into();
        self.reader.require('=')?;
        let tag = self.reader.integer()?;
        let mut options = self.options()?;
        let default = options::strip(&mut options, "default", at)?;
        let json_name = options::strip(&mut options, "json_name", at)?;
        self.reader.require(';')?;
        Ok(Field { name, at: Self::offset(at), label, kind, tag, options, default, json_name })
    }

    fn data_type(&mut self) -> Result<Type, Problem> {
        let word = self.reader.word()?;
        self.data_type_of(word)
    }

    fn data_type_of(&mut self, word: &'t str) -> Result<Type, Problem> {
        if word != "map" {
            return Ok(Type::Plain(self.joined(word)?.into()));
        }
        let at = self.reader.at();
        self.expect('<')?;
        let key = self.inner_type(at)?;
        self.expect(',')?;
        let value = self.inner_type(at)?;
        self.expect('>')?;
        if !is_key(&key) {
            let message = format!("map key must be non-byte, non-floating point scalar: {}", quoted(&key));
            return Err(Problem { message, at, syntax: false });
        }
        Ok(Type::Map(key.into(), value.into()))
    }

    fn inner_type(&mut self, at: usize) -> Result<Cow<'t, str>, Problem> {
        match self.reader.word()? {
            "map" if self.reader.peek()? == '<' => problem(at, "keys and values of a map cannot be maps"),
            word => self.joined(word),
        }
    }

    /// A name whose parts may stand apart from their dots.
    fn joined(&mut self, word: &'t str) -> Result<Cow<'t, str>, Problem> {
        let mut name = Cow::Borrowed(word);
        while name.ends_with('.') || self.reader.peek()? == '.' {
            let more = self.reader.word()?;
            name.to_mut().push_str(more);
        }
        Ok(name)
    }

    fn expect(&mut self, expected: char) -> Result<(), Problem> {
        if self.reader.character()? == expected {
            return Ok(());
        }
        problem(self.reader.at(), format!("expected '{expected}'"))
    }

    fn oneof(&mut self, at: usize) -> Result<Oneof, Problem> {
        self.take(MESSAGE)?;
        let name = self.reader.name()?.into();
        let mut oneof =
            Oneof { name, at: Self::offset(at), options: Vec::new(), fields: Vec::new(), groups: Vec::new() };
        self.reader.require('{')?;
        while !self.reader.takes('}')? {
            let at = self.reader.at();
            match self.data_type()? {
                Type::Plain(word) if &*word == "group" => oneof.groups.push(self.group(None)?),
                Type::Plain(word) if &*word == "option" => oneof.options.push(self.option()?),
                kind => oneof.fields.push(self.rest_of_field(None, kind, at)?),
            }
        }
        Ok(oneof)
    }

    fn group(&mut self, label: Option<Label>) -> Result<Group, Problem> {
        self.take(FIELD)?;
        let name = self.reader.word()?.into();
        self.reader.require('=')?;
        let tag = self.reader.integer()?;
        self.reader.require('{')?;
        let mut fields = Vec::new();
        while !self.reader.takes('}')? {
            let at = self.reader.at();
            let word = self.reader.word()?;
            let (label, kind) = self.label_and_type(word, at)?;
            if is_group(&kind) {
                return problem(at, "expected field declaration, was a group");
            }
            fields.push(self.rest_of_field(label, kind, at)?);
        }
        Ok(Group { name, label, tag, fields })
    }

    fn reserved(&mut self, at: usize) -> Result<Vec<Reserved>, Problem> {
        let mut values = Vec::new();
        loop {
            self.take(VALUE)?;
            values.push(match self.reader.peek()? {
                '"' | '\'' => Reserved::Name(self.reader.text()?.into()),
                _ => self.range(at)?,
            });
            match self.reader.character()? {
                ';' => return Ok(values),
                ',' => {}
                _ => return problem(self.reader.at(), "expected ',' or ';'"),
            }
        }
    }

    fn range(&mut self, at: usize) -> Result<Reserved, Problem> {
        let start = self.reader.integer()?;
        if self.reader.peek()? != 't' {
            return match self.reader.peek()? {
                ',' | ';' | '[' => Ok(Reserved::Number(start)),
                _ => problem(self.reader.at(), "expected ',', ';', or 'to'"),
            };
        }
        if self.reader.word()? != "to" {
            return problem(at, "expected ',', ';', or 'to'");
        }
        let end = match self.reader.word()? {
            "max" => MAX_TAG,
            word => match word.parse() {
                Ok(end) => end,
                Err(_) => {
                    let message = format!("For input string: \"{}\"", quoted(word));
                    return Err(Problem { message, at: self.reader.at(), syntax: false });
                }
            },
        };
        Ok(Reserved::Range(start, end))
    }

    fn extensions(&mut self, at: usize) -> Result<Extensions, Problem> {
        let mut ranges = Vec::new();
        loop {
            self.take(VALUE)?;
            ranges.push(self.range(at)?);
            if self.reader.peek()? == '[' {
                let options = self.options()?;
                self.reader.require(';')?;
                return Ok(Extensions { ranges, options });
            }
            match self.reader.character()? {
                ';' => return Ok(Extensions { ranges, options: Vec::new() }),
                ',' => {}
                _ => return problem(self.reader.at(), "expected ',' or ';'"),
            }
        }
    }

    fn extend(&mut self, at: usize) -> Result<Extend, Problem> {
        self.take(OTHER)?;
        let name = self.reader.name()?.into();
        let mut extend = Extend { name, at: Self::offset(at), fields: Vec::new() };
        self.reader.require('{')?;
        while !self.reader.takes('}')? {
            let Some((word, at)) = self.declaration()? else { continue };
            if word == "option" {
                self.option()?;
            } else if let Member::Field(field) = self.field(word, at)? {
                extend.fields.push(field);
            }
        }
        Ok(extend)
    }

    fn symbols(&mut self, at: usize) -> Result<Id, Problem> {
        self.take(ENUM)?;
        let mut symbols = Enum { name: self.type_name()?, at: Self::offset(at), ..Enum::default() };
        self.reader.require('{')?;
        while !self.reader.takes('}')? {
            let Some((word, at)) = self.declaration()? else { continue };
            match word {
                "option" => symbols.options.push(self.option()?),
                "reserved" => symbols.reserved.push(self.reserved(at)?),
                name => {
                    self.take(FIELD)?;
                    self.reader.require('=')?;
                    let tag = self.reader.integer()?;
                    let options = self.options()?;
                    self.reader.require(';')?;
                    symbols.constants.push(Constant { name: name.into(), at: Self::offset(at), tag, options });
                }
            }
        }
        let id = Self::offset(self.file.enums.len());
        self.file.enums.push(symbols);
        Ok(id)
    }

    fn service(&mut self, at: usize) -> Result<Service, Problem> {
        self.take(OTHER)?;
        let name = self.reader.name()?.into();
        let mut service = Service { name, at: Self::offset(at), options: Vec::new(), rpcs: Vec::new() };
        self.reader.require('{')?;
        while !self.reader.takes('}')? {
            match self.declaration()? {
                None => {}
                Some(("option", _)) => service.options.push(self.option()?),
                Some(("rpc", at)) => service.rpcs.push(self.rpc(at)?),
                Some((word, at)) => return problem(at, format!("unexpected label: {}", quoted(word))),
            }
        }
        Ok(service)
    }

    fn rpc(&mut self, at: usize) -> Result<Rpc, Problem> {
        self.take(OTHER)?;
        let name = self.reader.name()?.into();
        let request = self.streamed()?;
        if self.reader.word()? != "returns" {
            return problem(self.reader.at(), "expected 'returns'");
        }
        let response = self.streamed()?;
        let mut options = Vec::new();
        if self.reader.takes('{')? {
            while !self.reader.takes('}')? {
                match self.declaration()? {
                    None => {}
                    Some(("option", _)) => options.push(self.option()?),
                    Some((word, at)) => return problem(at, format!("unexpected label: {}", quoted(word))),
                }
            }
        } else {
            self.reader.require(';')?;
        }
        Ok(Rpc { name, at: Self::offset(at), request, response, options })
    }

    fn streamed(&mut self) -> Result<Streamed, Problem> {
        self.reader.require('(')?;
        let word = self.reader.word()?;
        let stream = word == "stream" && self.reader.peek()? != ')';
        let first = if stream { self.reader.word()? } else { word };
        let name = self.joined(first)?.into();
        self.reader.require(')')?;
        Ok(Streamed { name, stream })
    }
}

fn is_group(kind: &Type) -> bool {
    matches!(kind, Type::Plain(name) if &**name == "group")
}

enum Member {
    Field(Field),
    Group(Group),
}

/// Notes a definition.
fn unique(known: &mut HashMap<Box<str>, usize>, name: &str, at: usize, reader: &Reader<'_>) -> Result<(), Problem> {
    let Some(first) = known.insert(name.into(), at) else { return Ok(()) };
    let (second, first) = (reader.place(at), reader.place(first));
    let message = format!(
        "{} (:{}:{}) is already defined at :{}:{}",
        quoted(name),
        second.line,
        second.column,
        first.line,
        first.column
    );
    Err(Problem { message, at, syntax: false })
}

/// An import path without steps that lead nowhere.
fn clean(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    let joined = parts.join("/");
    if path.starts_with('/') { format!("/{joined}") } else { joined }
}
