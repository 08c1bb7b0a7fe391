//! Tree to bytes, as the reference makes them: types are named as written, imports are those that resolve, groups are not there.

use super::values::Known;
use super::wire::Out;
use crate::Work;
use crate::protobuf::literal;
use crate::protobuf::model::*;
use crate::protobuf::names::{Found, Kind};
use crate::protobuf::{Schema, Unfinished, bundled};
use std::collections::HashSet;

/// The name of every such file.
const FILE_NAME: &str = "default";

/// What each begins with: its name. Nine bytes, which are base64 of their own whatever comes behind them.
pub(super) const BEGIN: &[u8] = b"\x0a\x07default";

/// What it costs to write an element.
const WRITTEN: usize = 16;

/// The descriptor of a schema's file.
///
/// # Errors
/// The work ended.
pub(in crate::protobuf) fn write(schema: &Schema, work: &Work) -> Result<Vec<u8>, Unfinished> {
    let writer = Writer { schema, known: Known::of(schema, work)?, work };
    let file = writer.file()?;
    // What could not be paid for was left out.
    work.check()?;
    Ok(file.0)
}

struct Writer<'s> {
    schema: &'s Schema,
    known: Known<'s>,
    work: &'s Work,
}

type Written = Result<Out, Unfinished>;

impl Writer<'_> {
    fn file(&self) -> Written {
        let file = &*self.schema.files[0];
        let package = Found::Here(self.schema.names.table.of_file(0));
        let mut out = Out::default();
        out.text(1, FILE_NAME);
        if let Some(package) = &file.package {
            out.text(2, package);
        }
        let known: HashSet<&str> = self.schema.dependencies.iter().map(|other| &*other.name).collect();
        let mut imports = 0;
        let mut public = Vec::new();
        for (path, is_public) in
            file.imports.iter().map(|path| (path, false)).chain(file.public_imports.iter().map(|path| (path, true)))
        {
            self.work.spend(WRITTEN)?;
            if bundled::position(path).is_some() || known.contains(&**path) {
                out.text(3, path);
                if is_public {
                    public.push(imports);
                }
                imports += 1;
            }
        }
        for &id in &file.top_messages {
            out.message(4, &self.message(id)?);
        }
        for &id in &file.top_enums {
            out.message(5, &self.symbols(id, package)?);
        }
        for service in &file.services {
            out.message(6, &self.service(package, service)?);
        }
        self.extends(package, &file.extends, 7, &mut out)?;
        self.options(package, "FileOptions", &file.options, 8, &mut out)?;
        public.into_iter().for_each(|at| out.int32(10, at));
        match file.syntax {
            Some(Syntax::Proto2) => out.text(12, "proto2"),
            Some(Syntax::Proto3) => out.text(12, "proto3"),
            None => {}
        }
        Ok(out)
    }

    fn options(&self, scope: Found, kind: &str, options: &[Opt], tag: i32, out: &mut Out) -> Result<(), Unfinished> {
        self.work.spend(WRITTEN * (1 + options.len()))?;
        let encoded = self.known.encoded(kind, &literal::normalize(self.schema, scope, options, self.work)?);
        if !encoded.0.is_empty() {
            out.message(tag, &encoded);
        }
        Ok(())
    }

    fn message(&self, id: Id) -> Written {
        let message = &self.schema.files[0].messages[id as usize];
        let scope = Found::Here(self.schema.names.table.of_message(0, id));
        let (mut out, mut entries) = (Out::default(), Vec::new());
        out.text(1, &message.name);
        let proto3 = self.schema.files[0].syntax == Some(Syntax::Proto3);
        let is_synthetic = |field: &&Field| proto3 && field.label == Some(Label::Optional);
        let mut next = message.oneofs.len();
        for field in &message.fields {
            let within = if is_synthetic(&field) { Within::Synthetic(next) } else { Within::Message };
            next += usize::from(is_synthetic(&field));
            out.message(2, &self.field(scope, field, within, &mut entries)?);
        }
        for (at, oneof) in (0..).zip(&message.oneofs) {
            for field in &oneof.fields {
                out.message(2, &self.field(scope, field, Within::Oneof(at), &mut entries)?);
            }
        }
        for &inner in &message.messages {
            out.message(3, &self.message(inner)?);
        }
        entries.iter().for_each(|entry| out.message(3, entry));
        for &inner in &message.enums {
            out.message(4, &self.symbols(inner, scope)?);
        }
        for extensions in &message.extensions {
            for range in &extensions.ranges {
                let mut written = exclusive(range);
                // There always are options, also empty ones.
                let normal = literal::normalize(self.schema, scope, &extensions.options, self.work)?;
                written.message(3, &self.known.encoded("ExtensionRangeOptions", &normal));
                out.message(5, &written);
            }
        }
        self.extends(scope, &message.extends, 6, &mut out)?;
        self.options(scope, "MessageOptions", &message.options, 7, &mut out)?;
        for oneof in &message.oneofs {
            let normal = literal::normalize(self.schema, scope, &oneof.options, self.work)?;
            let mut written = Out::default();
            written.text(1, &oneof.name);
            written.message(2, &self.known.encoded("OneofOptions", &normal));
            out.message(8, &written);
        }
        for field in message.fields.iter().filter(is_synthetic) {
            let mut written = Out::default();
            written.text(1, &format!("_{}", field.name));
            written.message(2, &Out::default());
            out.message(8, &written);
        }
        reserved(&message.reserved, (9, 10), exclusive, &mut out);
        self.work.spend(WRITTEN + out.0.len() / crate::protobuf::PRINTED)?;
        Ok(out)
    }

    fn field(&self, scope: Found, field: &Field, within: Within<'_>, entries: &mut Vec<Out>) -> Written {
        self.work.spend(WRITTEN)?;
        let proto3 = self.schema.files[0].syntax == Some(Syntax::Proto3);
        let mut out = Out::default();
        out.text(1, &field.name);
        if let Within::Extend(extendee) = within {
            out.text(2, extendee);
        }
        out.int32(3, field.tag);
        let label = match (field.label, &field.kind) {
            (_, Type::Map(..)) | (Some(Label::Repeated), _) => Some(3),
            (Some(Label::Required), _) => Some(2),
            (Some(Label::Optional), _) => Some(1),
            (None, _) => None,
        };
        if let Some(label) = label {
            out.int32(4, label);
        }
        match &field.kind {
            Type::Plain(name) => self.kind(scope, name, &mut out)?,
            Type::Map(key, value) => {
                let name = entry_name(&field.name);
                out.int32(5, MESSAGE);
                out.text(6, &name);
                entries.push(self.entry(scope, &name, key, value)?);
            }
        }
        if let Some(default) = &field.default {
            out.text(7, &if field.kind.name() == "bytes" { escaped(default) } else { default.to_string() });
        }
        self.options(scope, "FieldOptions", &field.options, 8, &mut out)?;
        match within {
            Within::Oneof(at) => out.varint(9, at),
            Within::Synthetic(at) => out.varint(9, at as u64),
            Within::Message | Within::Extend(_) => {}
        }
        if let Some(name) = &field.json_name {
            out.text(10, name);
        }
        if matches!(within, Within::Synthetic(_)) && proto3 {
            out.varint(17, 1);
        }
        Ok(out)
    }

    fn kind(&self, scope: Found, name: &str, out: &mut Out) -> Result<(), Unfinished> {
        if let Some(number) = scalar(name) {
            out.int32(5, number);
            return Ok(());
        }
        match self.schema.names.resolve(scope, name, self.work)?.map(|found| self.schema.names.kind(found)) {
            Some(Kind::Message(_)) => out.int32(5, MESSAGE),
            Some(Kind::Enum(_)) => out.int32(5, ENUM),
            Some(Kind::Package | Kind::Part) | None => {}
        }
        out.text(6, name);
        Ok(())
    }

    fn entry(&self, scope: Found, name: &str, key: &str, value: &str) -> Written {
        let mut out = Out::default();
        out.text(1, name);
        for (tag, name, kind) in [(1, "key", key), (2, "value", value)] {
            let mut field = Out::default();
            field.text(1, name);
            field.int32(3, tag);
            field.int32(4, 1);
            self.kind(scope, kind, &mut field)?;
            out.message(2, &field);
        }
        let mut options = Out::default();
        options.varint(7, 1);
        out.message(7, &options);
        Ok(out)
    }

    fn extends(&self, scope: Found, extends: &[Extend], tag: i32, out: &mut Out) -> Result<(), Unfinished> {
        for extend in extends {
            for field in &extend.fields {
                out.message(tag, &self.field(scope, field, Within::Extend(&extend.name), &mut Vec::new())?);
            }
        }
        Ok(())
    }

    fn symbols(&self, id: Id, scope: Found) -> Written {
        let symbols = &self.schema.files[0].enums[id as usize];
        let mut out = Out::default();
        out.text(1, &symbols.name);
        for constant in &symbols.constants {
            self.work.spend(WRITTEN)?;
            let mut value = Out::default();
            value.text(1, &constant.name);
            value.int32(2, constant.tag);
            self.options(scope, "EnumValueOptions", &constant.options, 3, &mut value)?;
            out.message(2, &value);
        }
        self.options(scope, "EnumOptions", &symbols.options, 3, &mut out)?;
        reserved(&symbols.reserved, (4, 5), inclusive, &mut out);
        Ok(out)
    }

    fn service(&self, scope: Found, service: &Service) -> Written {
        let mut out = Out::default();
        out.text(1, &service.name);
        for rpc in &service.rpcs {
            let mut method = Out::default();
            method.text(1, &rpc.name);
            method.text(2, &rpc.request.name);
            method.text(3, &rpc.response.name);
            self.options(scope, "MethodOptions", &rpc.options, 4, &mut method)?;
            for (tag, stream) in [(5, rpc.request.stream), (6, rpc.response.stream)] {
                if stream {
                    method.varint(tag, 1);
                }
            }
            out.message(2, &method);
        }
        self.options(scope, "ServiceOptions", &service.options, 3, &mut out)?;
        Ok(out)
    }
}

/// Where a field stands.
#[derive(Clone, Copy)]
enum Within<'e> {
    Message,
    Oneof(u64),
    /// In the oneof that an `optional` field of proto3 has to itself.
    Synthetic(usize),
    Extend(&'e str),
}

/// The numbers of messages and enums among the types of fields.
const MESSAGE: i32 = 11;
const ENUM: i32 = 14;

fn exclusive(range: &Reserved) -> Out {
    ends(range, 1)
}

fn inclusive(range: &Reserved) -> Out {
    ends(range, 0)
}

fn ends(range: &Reserved, beyond: i32) -> Out {
    let (start, end) = match range {
        Reserved::Number(number) => (*number, *number),
        Reserved::Range(start, end) => (*start, *end),
        Reserved::Name(_) => (0, 0),
    };
    let mut out = Out::default();
    out.int32(1, start);
    out.int32(2, end.saturating_add(beyond));
    out
}

fn reserved(lines: &[Vec<Reserved>], (ranges, names): (i32, i32), ends: fn(&Reserved) -> Out, out: &mut Out) {
    for value in lines.iter().flatten().filter(|value| !matches!(value, Reserved::Name(_))) {
        out.message(ranges, &ends(value));
    }
    for value in lines.iter().flatten() {
        if let Reserved::Name(name) = value {
            out.text(names, name);
        }
    }
}

/// The name of the message that stands for the entries of a map.
fn entry_name(field: &str) -> String {
    let mut name = String::with_capacity(field.len() + 5);
    let mut upper = true;
    for c in field.chars() {
        if c == '_' {
            upper = true;
        } else {
            name.push(if upper { c.to_ascii_uppercase() } else { c });
            upper = false;
        }
    }
    name + "Entry"
}

/// Bytes, which are characters below 256 here, in the escapes of a descriptor.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '"' | '\'' | '\\' => out.extend(['\\', c]),
            ' '..='~' => out.push(c),
            c => {
                let byte = u32::from(c) & 0xff;
                out.push_str(&format!("\\{byte:03o}"));
            }
        }
    }
    out
}
