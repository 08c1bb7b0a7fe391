//! Tree to text: the canonical text, which is stored, hashed and returned. Comments are gone, declarations stand in a fixed
//! order of kinds, and the rest is as it was written.

use super::lexer::is_word;
use super::model::*;
use crate::{Spent, Work};
use std::fmt::Write;

/// Why there is no text.
#[derive(Debug)]
pub(super) enum Unprinted {
    /// It would be longer than is allowed.
    TooLong,
    /// The work ended.
    Spent(Spent),
}

impl From<Spent> for Unprinted {
    fn from(spent: Spent) -> Self {
        Unprinted::Spent(spent)
    }
}

/// For whom a text is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Audience {
    /// The registry's clients.
    Everybody,
    /// A compiler with protoc's rules: defaults of bytes stand in quotes, weak imports are there, nothing is between the
    /// fields of an empty oneof.
    Compiler,
}

/// The text of a file.
///
/// # Errors
/// It would be longer than is allowed; or the work ended.
pub(super) fn print(file: &File, audience: Audience, work: &Work) -> Result<String, Unprinted> {
    let mut printer = Printer { file, audience, work, out: String::new(), depth: 0, paid: 0 };
    printer.file()?;
    printer.pay()?;
    Ok(printer.out)
}

struct Printer<'f> {
    file: &'f File,
    audience: Audience,
    work: &'f Work,
    out: String,
    /// How many levels the next line is indented by.
    depth: usize,
    /// How much of the text is paid for.
    paid: usize,
}

type Printed = Result<(), Unprinted>;

impl Printer<'_> {
    /// Pays for what was printed since. Called for every element.
    fn pay(&mut self) -> Printed {
        if self.out.len() > super::MOST_TEXT {
            return Err(Unprinted::TooLong);
        }
        let units = (self.out.len() - self.paid) / super::PRINTED;
        self.paid += units * super::PRINTED;
        Ok(self.work.spend(1 + units)?)
    }

    /// Adds text. Every line, also an empty one, begins with its indentation.
    fn add(&mut self, text: &str) {
        for piece in text.split_inclusive('\n') {
            if self.out.ends_with('\n') {
                self.indent();
            }
            self.out.push_str(piece);
        }
    }

    fn indent(&mut self) {
        for _ in 0..self.depth {
            self.out.push_str("  ");
        }
    }

    /// The line between two kinds of declarations. It is indented by one level less than they are, as the reference has it.
    fn separate(&mut self) {
        if self.out.ends_with('\n') {
            (1..self.depth).for_each(|_| self.out.push_str("  "));
        }
        self.out.push('\n');
    }

    fn file(&mut self) -> Printed {
        let file = self.file;
        match file.syntax {
            Some(Syntax::Proto2) => self.add("syntax = \"proto2\";\n"),
            Some(Syntax::Proto3) => self.add("syntax = \"proto3\";\n"),
            None => {}
        }
        if let Some(package) = &file.package {
            self.add("package ");
            self.add(package);
            self.add(";\n");
        }
        let weak = if self.audience == Audience::Compiler { &file.weak_imports[..] } else { &[] };
        if !(file.imports.is_empty() && file.public_imports.is_empty() && weak.is_empty()) {
            self.separate();
        }
        let kinds = [("import ", &file.imports[..]), ("import public ", &file.public_imports), ("import weak ", weak)];
        for (words, paths) in kinds {
            for path in paths {
                self.add(words);
                self.quoted(path);
                self.add(";\n");
                self.pay()?;
            }
        }
        self.option_lines(&file.options)?;
        if !(file.top_messages.is_empty() && file.top_enums.is_empty()) {
            self.separate();
        }
        self.types(&file.top_messages, &file.top_enums)?;
        if !file.extends.is_empty() {
            self.separate();
        }
        file.extends.iter().try_for_each(|extend| self.extend(extend))?;
        if !file.services.is_empty() {
            self.separate();
        }
        file.services.iter().try_for_each(|service| self.service(service))
    }

    fn types(&mut self, messages: &[Id], enums: &[Id]) -> Printed {
        let file = self.file;
        messages.iter().try_for_each(|&id| self.message(&file.messages[id as usize]))?;
        enums.iter().try_for_each(|&id| self.symbols(&file.enums[id as usize]))
    }

    /// A declaration with a body.
    fn block(&mut self, word: &str, name: &str, body: impl FnOnce(&mut Self) -> Printed) -> Printed {
        self.pay()?;
        self.add(word);
        self.add(name);
        self.add(" {");
        self.depth += 1;
        let printed = body(self);
        self.depth -= 1;
        self.add("}\n");
        printed
    }

    /// What separates one kind of declarations from those before it.
    fn section<T>(&mut self, items: &[T], mut item: impl FnMut(&mut Self, &T) -> Printed) -> Printed {
        if !items.is_empty() {
            self.separate();
        }
        items.iter().try_for_each(|each| item(self, each))
    }

    fn option_lines(&mut self, options: &[Opt]) -> Printed {
        self.section(options, Self::option_line)
    }

    fn option_line(&mut self, option: &Opt) -> Printed {
        self.add("option ");
        self.option(option)?;
        self.add(";\n");
        self.pay()
    }

    fn message(&mut self, message: &Message) -> Printed {
        self.block("message ", &message.name, |printer| {
            printer.section(&message.reserved, |printer, values| printer.values("reserved ", values, &[]))?;
            printer.option_lines(&message.options)?;
            printer.section(&message.fields, Self::field)?;
            if message.oneofs_dropped {
                printer.separate();
            }
            printer.section(&message.oneofs, Self::oneof)?;
            printer.section(&message.groups, Self::group)?;
            printer.section(&message.extensions, |printer, extensions| {
                printer.values("extensions ", &extensions.ranges, &extensions.options)
            })?;
            printer.section(&message.extends, Self::extend)?;
            if !(message.messages.is_empty() && message.enums.is_empty()) {
                printer.separate();
            }
            printer.types(&message.messages, &message.enums)
        })
    }

    /// A line of reserved values or of extension ranges.
    fn values(&mut self, word: &str, values: &[Reserved], options: &[Opt]) -> Printed {
        self.add(word);
        for (at, value) in values.iter().enumerate() {
            if at > 0 {
                self.add(", ");
            }
            match value {
                Reserved::Number(number) => self.show(number),
                Reserved::Range(start, end) if *end >= MAX_TAG => self.show(&format_args!("{start} to max")),
                Reserved::Range(start, end) => self.show(&format_args!("{start} to {end}")),
                Reserved::Name(name) => self.quoted(name),
            }
            self.pay()?;
        }
        self.bracketed(options)?;
        self.add(";\n");
        self.pay()
    }

    fn show(&mut self, value: &dyn std::fmt::Display) {
        write!(self.out, "{value}").expect("a String takes everything");
    }

    fn field(&mut self, field: &Field) -> Printed {
        if let Some(label) = field.label {
            self.add(label.word());
            self.add(" ");
        }
        match &field.kind {
            Type::Plain(name) => self.add(name),
            Type::Map(key, value) => {
                for part in ["map<", key, ", ", value, ">"] {
                    self.add(part);
                }
            }
        }
        self.add(" ");
        self.add(&field.name);
        self.add(" = ");
        self.show(&field.tag);
        self.bracketed(&with_special(field, self.audience))?;
        self.add(";\n");
        self.pay()
    }

    fn oneof(&mut self, oneof: &Oneof) -> Printed {
        if oneof.fields.is_empty() && oneof.groups.is_empty() && self.audience == Audience::Compiler {
            return Ok(());
        }
        self.block("oneof ", &oneof.name, |printer| {
            printer.option_lines(&oneof.options)?;
            printer.section(&oneof.fields, Self::field)?;
            printer.section(&oneof.groups, Self::group)
        })
    }

    fn group(&mut self, group: &Group) -> Printed {
        if let Some(label) = group.label {
            self.add(label.word());
            self.add(" ");
        }
        self.add("group ");
        self.add(&group.name);
        self.block(" = ", &group.tag.to_string(), |printer| printer.section(&group.fields, Self::field))
    }

    fn extend(&mut self, extend: &Extend) -> Printed {
        self.block("extend ", &extend.name, |printer| printer.section(&extend.fields, Self::field))
    }

    fn symbols(&mut self, symbols: &Enum) -> Printed {
        self.block("enum ", &symbols.name, |printer| {
            if !(symbols.reserved.is_empty() && symbols.options.is_empty() && symbols.constants.is_empty()) {
                printer.separate();
            }
            symbols.reserved.iter().try_for_each(|values| printer.values("reserved ", values, &[]))?;
            symbols.options.iter().try_for_each(|option| printer.option_line(option))?;
            symbols.constants.iter().try_for_each(|constant| {
                printer.add(&constant.name);
                printer.add(" = ");
                printer.show(&constant.tag);
                printer.bracketed(&constant.options)?;
                printer.add(";\n");
                printer.pay()
            })
        })
    }

    fn service(&mut self, service: &Service) -> Printed {
        self.block("service ", &service.name, |printer| {
            printer.option_lines(&service.options)?;
            printer.section(&service.rpcs, Self::rpc)
        })
    }

    fn rpc(&mut self, rpc: &Rpc) -> Printed {
        let stream = |streamed: &Streamed| if streamed.stream { "stream " } else { "" };
        for part in ["rpc ", &rpc.name, " (", stream(&rpc.request), &rpc.request.name, ") returns ("] {
            self.add(part);
        }
        self.add(stream(&rpc.response));
        self.add(&rpc.response.name);
        self.add(")");
        if !rpc.options.is_empty() {
            self.add(" {\n");
            self.depth += 1;
            rpc.options.iter().try_for_each(|option| self.option_line(option))?;
            self.depth -= 1;
            self.add("}");
        }
        self.add(";\n");
        self.pay()
    }

    /// Options after a declaration.
    fn bracketed(&mut self, options: &[Opt]) -> Printed {
        match options {
            [] => return Ok(()),
            [one] => {
                self.add(" [");
                self.option(one)?;
            }
            many => {
                self.add(" [\n");
                self.depth += 1;
                for (at, option) in many.iter().enumerate() {
                    self.option(option)?;
                    self.add(if at + 1 < many.len() { ",\n" } else { "\n" });
                    self.pay()?;
                }
                self.depth -= 1;
            }
        }
        self.add("]");
        Ok(())
    }

    fn option(&mut self, option: &Opt) -> Printed {
        if option.parenthesized {
            for part in ["(", &option.name, ")"] {
                self.add(part);
            }
        } else {
            self.add(&option.name);
        }
        for name in &option.path {
            self.add(".");
            self.add(name);
        }
        self.add(" = ");
        self.value(&option.value)
    }

    fn value(&mut self, value: &Value) -> Printed {
        self.pay()?;
        match value {
            Value::Text(text) => self.quoted(text),
            Value::Word(word) => self.add(word),
            Value::Map(members) => {
                self.add("{\n");
                self.depth += 1;
                for (at, (name, value)) in members.iter().enumerate() {
                    self.add(name);
                    self.add(": ");
                    self.value(value)?;
                    self.add(if at + 1 < members.len() { ",\n" } else { "\n" });
                }
                self.depth -= 1;
                self.add("}");
            }
            Value::List(values) => {
                self.add("[\n");
                self.depth += 1;
                for (at, value) in values.iter().enumerate() {
                    self.value(value)?;
                    self.add(if at + 1 < values.len() { ",\n" } else { "\n" });
                }
                self.depth -= 1;
                self.add("]");
            }
        }
        Ok(())
    }

    fn quoted(&mut self, text: &str) {
        self.add("\"");
        for c in text.chars() {
            let escape = match c {
                '\u{7}' => "\\a",
                '\u{8}' => "\\b",
                '\u{c}' => "\\f",
                '\n' => "\\n",
                '\r' => "\\r",
                '\t' => "\\t",
                '\u{b}' => "\\v",
                '\\' => "\\\\",
                '\'' => "\\'",
                '"' => "\\\"",
                c => {
                    self.out.push(c);
                    continue;
                }
            };
            self.out.push_str(escape);
        }
        self.out.push('"');
    }
}

/// The options of a field with those that the tree keeps apart.
pub(super) fn with_special(field: &Field, audience: Audience) -> Vec<Opt> {
    let special = |name: &str, value| Opt { name: name.into(), parenthesized: false, path: Vec::new(), value };
    let mut options = field.options.clone();
    options.extend(field.default.as_ref().map(|text| special("default", default(field, text, audience))));
    options.extend(field.json_name.as_ref().map(|name| special("json_name", Value::Text(name.clone()))));
    options
}

/// A default by the type of its field. Those of bytes have no quotes, as in the reference, where they can be read again without.
fn default(field: &Field, text: &str, audience: Audience) -> Value {
    let simple = field.kind.name().rsplit('.').next().unwrap_or_default();
    let plain = !text.is_empty() && text.bytes().all(is_word);
    let quotes = simple == "string" || !plain || (simple == "bytes" && audience == Audience::Compiler);
    if quotes { Value::Text(text.into()) } else { Value::Word(text.into()) }
}
