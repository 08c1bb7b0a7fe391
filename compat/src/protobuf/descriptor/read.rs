//! Bytes to tree.

use super::NoFile;
use super::values::Known;
use super::wire::{Fields, Malformed, Raw};
use crate::protobuf::lexer;
use crate::protobuf::model::*;
use crate::protobuf::parse::NESTING;
use std::collections::{HashMap, HashSet};

/// The file that the bytes describe; with its options, if it is known what they mean.
pub(super) fn file(bytes: &[u8], known: Option<&Known<'_>>) -> Result<File, NoFile> {
    let mut reader = Reader { file: File::default(), known, proto3: false };
    reader.proto3 = Fields::of(bytes).any(|field| matches!(field, Ok((12, Raw::Bytes(b"proto3")))));
    reader.file(bytes)?;
    Ok(reader.file)
}

struct Reader<'k, 's> {
    file: File,
    known: Option<&'k Known<'s>>,
    proto3: bool,
}

/// A field of a message or block, and what only its message can tell.
struct Read<'b> {
    field: Field,
    /// What it extends.
    extendee: &'b str,
    oneof: Option<usize>,
    proto3_optional: bool,
    group: bool,
}

impl<'b> Reader<'_, '_> {
    fn options(&self, kind: &str, bytes: &[u8]) -> Result<Vec<Opt>, Malformed> {
        self.known.map_or(Ok(Vec::new()), |known| known.options(kind, bytes))
    }

    fn file(&mut self, bytes: &'b [u8]) -> Result<(), NoFile> {
        let mut imports: Vec<Box<str>> = Vec::new();
        let (mut public, mut weak) = (Vec::new(), Vec::new());
        let mut extensions = Vec::new();
        let mut known = false;
        for field in Fields::of(bytes) {
            let (tag, raw) = field?;
            known |= matches!(tag, 1..=12);
            match tag {
                1 => drop(raw.text()?),
                2 => self.file.package = Some(raw.text()?).filter(|package| !package.is_empty()).map(Into::into),
                3 => imports.push(raw.text()?.into()),
                4 => {
                    let id = self.message(raw.bytes()?, 0)?;
                    self.file.top_messages.push(id);
                }
                5 => {
                    let id = self.symbols(raw.bytes()?)?;
                    self.file.top_enums.push(id);
                }
                6 => {
                    let service = self.service(raw.bytes()?)?;
                    self.file.services.push(service);
                }
                7 => extensions.push(self.field(raw.bytes()?)?),
                8 => self.file.options = self.options("FileOptions", raw.bytes()?)?,
                10 => numbers(raw, &mut public)?,
                11 => numbers(raw, &mut weak)?,
                12 => match raw.text()? {
                    "proto3" => self.file.syntax = Some(Syntax::Proto3),
                    "proto2" => self.file.syntax = Some(Syntax::Proto2),
                    "" => {}
                    _ => return Err(NoFile::Refused("edition is not currently supported".to_owned())),
                },
                14 => return Err(NoFile::Refused("edition is not currently supported".to_owned())),
                _ => {}
            }
        }
        if !known {
            return Err(NoFile::Other);
        }
        self.file.extends = blocks(extensions);
        for (at, path) in (0..).zip(imports) {
            let list = match (public.contains(&at), weak.contains(&at)) {
                (true, _) => &mut self.file.public_imports,
                (_, true) => &mut self.file.weak_imports,
                _ => &mut self.file.imports,
            };
            list.push(path);
        }
        Ok(())
    }

    fn message(&mut self, bytes: &'b [u8], depth: usize) -> Result<Id, NoFile> {
        if depth == NESTING {
            let message = format!("messages nest deeper than the {NESTING} levels allowed");
            return Err(NoFile::Refused(message));
        }
        let mut message = Message::default();
        let (mut fields, mut extensions, mut names) = (Vec::new(), Vec::new(), Vec::new());
        for field in Fields::of(bytes) {
            let (tag, raw) = field?;
            match tag {
                1 => message.name = raw.text()?.into(),
                2 => fields.push(self.field(raw.bytes()?)?),
                3 => message.messages.push(self.message(raw.bytes()?, depth + 1)?),
                4 => message.enums.push(self.symbols(raw.bytes()?)?),
                5 => message.extensions.push(self.range_of_extensions(raw.bytes()?)?),
                6 => extensions.push(self.field(raw.bytes()?)?),
                7 => {
                    message.options = self.options("MessageOptions", raw.bytes()?)?;
                    if message.options.is_empty() && is_map_entry(raw.bytes()?)? {
                        message.options = vec![map_entry()];
                    }
                }
                8 => message.oneofs.push(self.oneof(raw.bytes()?)?),
                9 => message.reserved.push(vec![range(raw.bytes()?, 1)?]),
                10 => names.push(vec![Reserved::Name(raw.text()?.into())]),
                _ => {}
            }
        }
        message.reserved.extend(names);
        message.extends = blocks(extensions);
        self.place_fields(&mut message, fields)?;
        let id = u32::try_from(self.file.messages.len()).map_err(|_| NoFile::Other)?;
        self.file.messages.push(message);
        Ok(id)
    }

    /// Puts fields where they are written: maps for their entries, groups, oneofs.
    fn place_fields(&self, message: &mut Message, fields: Vec<Read<'b>>) -> Result<(), NoFile> {
        let mut synthetic = vec![false; message.oneofs.len()];
        let inner: HashMap<Box<str>, Id> =
            message.messages.iter().map(|&id| (self.file.messages[id as usize].name.clone(), id)).collect();
        let mut folded = HashSet::new();
        for read in fields {
            let Read { mut field, oneof, proto3_optional, group, .. } = read;
            let last: Box<str> = field.kind.name().rsplit('.').next().unwrap_or_default().into();
            let nested = inner.get(&last).copied();
            if let Some(id) = nested.filter(|_| !group)
                && let Some(map) = entry(&self.file.messages[id as usize])
            {
                folded.insert(id);
                field.label = None;
                field.kind = map;
            }
            if let Some(id) = nested.filter(|_| group) {
                folded.insert(id);
                message.groups.push(Group {
                    name: last,
                    label: field.label,
                    tag: field.tag,
                    fields: self.file.messages[id as usize].fields.clone(),
                });
                continue;
            }
            match oneof {
                Some(at) if proto3_optional => *synthetic.get_mut(at).ok_or(NoFile::Other)? = true,
                Some(at) => {
                    field.label = None;
                    message.oneofs.get_mut(at).ok_or(NoFile::Other)?.fields.push(field);
                    continue;
                }
                None => {}
            }
            message.fields.push(field);
        }
        message.messages.retain(|id| !folded.contains(id));
        let mut real = synthetic.into_iter().map(|synthetic| !synthetic);
        message.oneofs.retain(|_| real.next().unwrap_or(true));
        Ok(())
    }

    fn field(&mut self, bytes: &'b [u8]) -> Result<Read<'b>, NoFile> {
        let (mut name, mut extendee, mut type_name, mut default, mut json_name) = ("", "", "", None, None);
        let (mut tag, mut label, mut kind, mut oneof, mut proto3_optional) = (0, 0, 0, None, false);
        let mut options = Vec::new();
        for field in Fields::of(bytes) {
            let (number, raw) = field?;
            match number {
                1 => name = raw.text()?,
                2 => extendee = raw.text()?,
                3 => tag = raw.int32()?,
                4 => label = raw.int32()?,
                5 => kind = raw.int32()?,
                6 => type_name = raw.text()?,
                7 => default = Some(raw.text()?),
                8 => options = self.options("FieldOptions", raw.bytes()?)?,
                9 => oneof = usize::try_from(raw.int32()?).ok(),
                10 => json_name = Some(raw.text()?),
                17 => proto3_optional = raw.varint()? != 0,
                _ => {}
            }
        }
        let label = match label {
            3 => Some(Label::Repeated),
            2 => Some(Label::Required),
            _ if proto3_optional || !self.proto3 => Some(Label::Optional),
            _ => None,
        };
        let written = match scalar_name(kind) {
            Some(word) if type_name.is_empty() => word,
            _ if type_name.is_empty() => return Err(NoFile::Other),
            _ => type_name,
        };
        let default = default.map(|default| if written == "bytes" { unescaped(default) } else { default.to_owned() });
        let field = Field {
            name: name.into(),
            at: 0,
            label,
            kind: Type::Plain(written.into()),
            tag,
            options,
            default: default.map(Into::into),
            json_name: json_name.filter(|json| *json != json_name_of(name)).map(Into::into),
        };
        Ok(Read { field, extendee, oneof, proto3_optional, group: kind == GROUP })
    }

    fn oneof(&self, bytes: &[u8]) -> Result<Oneof, NoFile> {
        let mut oneof = Oneof { name: "".into(), at: 0, options: Vec::new(), fields: Vec::new(), groups: Vec::new() };
        for field in Fields::of(bytes) {
            match field? {
                (1, raw) => oneof.name = raw.text()?.into(),
                (2, raw) => oneof.options = self.options("OneofOptions", raw.bytes()?)?,
                _ => {}
            }
        }
        Ok(oneof)
    }

    fn range_of_extensions(&self, bytes: &[u8]) -> Result<Extensions, NoFile> {
        let mut options = Vec::new();
        for field in Fields::of(bytes) {
            if let (3, raw) = field? {
                options = self.options("ExtensionRangeOptions", raw.bytes()?)?;
            }
        }
        Ok(Extensions { ranges: vec![range(bytes, 1)?], options })
    }

    fn symbols(&mut self, bytes: &[u8]) -> Result<Id, NoFile> {
        let mut symbols = Enum::default();
        let mut names = Vec::new();
        for field in Fields::of(bytes) {
            let (tag, raw) = field?;
            match tag {
                1 => symbols.name = raw.text()?.into(),
                2 => {
                    let mut constant = Constant { name: "".into(), at: 0, tag: 0, options: Vec::new() };
                    for field in Fields::of(raw.bytes()?) {
                        match field? {
                            (1, raw) => constant.name = raw.text()?.into(),
                            (2, raw) => constant.tag = raw.int32()?,
                            (3, raw) => constant.options = self.options("EnumValueOptions", raw.bytes()?)?,
                            _ => {}
                        }
                    }
                    symbols.constants.push(constant);
                }
                3 => symbols.options = self.options("EnumOptions", raw.bytes()?)?,
                // The ends of an enum's ranges belong to them.
                4 => symbols.reserved.push(vec![range(raw.bytes()?, 0)?]),
                5 => names.push(vec![Reserved::Name(raw.text()?.into())]),
                _ => {}
            }
        }
        symbols.reserved.extend(names);
        let id = u32::try_from(self.file.enums.len()).map_err(|_| NoFile::Other)?;
        self.file.enums.push(symbols);
        Ok(id)
    }

    fn service(&mut self, bytes: &[u8]) -> Result<Service, NoFile> {
        let mut service = Service { name: "".into(), at: 0, options: Vec::new(), rpcs: Vec::new() };
        for field in Fields::of(bytes) {
            match field? {
                (1, raw) => service.name = raw.text()?.into(),
                (2, raw) => service.rpcs.push(self.rpc(raw.bytes()?)?),
                (3, raw) => service.options = self.options("ServiceOptions", raw.bytes()?)?,
                _ => {}
            }
        }
        Ok(service)
    }

    fn rpc(&self, bytes: &[u8]) -> Result<Rpc, NoFile> {
        let streamed = || Streamed { name: "".into(), stream: false };
        let mut rpc = Rpc { name: "".into(), at: 0, request: streamed(), response: streamed(), options: Vec::new() };
        for field in Fields::of(bytes) {
            match field? {
                (1, raw) => rpc.name = raw.text()?.into(),
                (2, raw) => rpc.request.name = raw.text()?.into(),
                (3, raw) => rpc.response.name = raw.text()?.into(),
                (4, raw) => rpc.options = self.options("MethodOptions", raw.bytes()?)?,
                (5, raw) => rpc.request.stream = raw.varint()? != 0,
                (6, raw) => rpc.response.stream = raw.varint()? != 0,
                _ => {}
            }
        }
        Ok(rpc)
    }
}

/// The number of a group among the types of fields.
const GROUP: i32 = 10;

/// A range whose end lies so many numbers beyond it.
fn range(bytes: &[u8], beyond: i32) -> Result<Reserved, Malformed> {
    let (mut start, mut end) = (0, 0);
    for field in Fields::of(bytes) {
        match field? {
            (1, raw) => start = raw.int32()?,
            (2, raw) => end = raw.int32()?,
            _ => {}
        }
    }
    let end = end.saturating_sub(beyond);
    Ok(if start == end { Reserved::Number(start) } else { Reserved::Range(start, end) })
}

/// Numbers one by one or packed.
fn numbers(raw: Raw<'_>, into: &mut Vec<u64>) -> Result<(), Malformed> {
    match raw {
        Raw::Varint(number) => into.push(number),
        Raw::Bytes(mut bytes) => {
            while !bytes.is_empty() {
                let (number, length) = super::wire::varint(bytes).ok_or(Malformed)?;
                into.push(number);
                bytes = &bytes[length..];
            }
        }
        _ => return Err(Malformed),
    }
    Ok(())
}

/// Extensions, those of one message in one block.
fn blocks(extensions: Vec<Read<'_>>) -> Vec<Extend> {
    let mut blocks: Vec<Extend> = Vec::new();
    let mut known = HashMap::new();
    for Read { field, extendee, .. } in extensions {
        let at = *known.entry(extendee).or_insert_with(|| {
            blocks.push(Extend { name: extendee.into(), at: 0, fields: Vec::new() });
            blocks.len() - 1
        });
        blocks[at].fields.push(field);
    }
    blocks
}

fn is_map_entry(options: &[u8]) -> Result<bool, Malformed> {
    let mut found = false;
    for field in Fields::of(options) {
        if let (7, raw) = field? {
            found = raw.varint()? != 0;
        }
    }
    Ok(found)
}

/// The option of a message that stands for the entries of a map.
pub(super) fn map_entry() -> Opt {
    Opt { name: "map_entry".into(), parenthesized: false, path: Vec::new(), value: Value::Word("true".into()) }
}

/// The map whose entries a message stands for.
fn entry(message: &Message) -> Option<Type> {
    if !message.is_map_entry() {
        return None;
    }
    let part = |tag| message.fields.iter().find(|field| field.tag == tag).map(|field| field.kind.name());
    let key = part(1).filter(|key| is_key(key))?;
    Some(Type::Map(key.into(), part(2)?.into()))
}

/// The name that a field has in JSON where it is given none.
pub(super) fn json_name_of(name: &str) -> String {
    let mut after_underscore = false;
    let mut json = String::with_capacity(name.len());
    for c in name.chars() {
        if c == '_' {
            after_underscore = true;
        } else {
            json.push(if after_underscore { c.to_ascii_uppercase() } else { c });
            after_underscore = false;
        }
    }
    json
}

/// The bytes of a default, as characters below 256, from the escapes of a descriptor, which leave no quote as it is.
fn unescaped(text: &str) -> String {
    let quoted = format!("\"{text}\";");
    lexer::Reader::new(&quoted).text().unwrap_or_else(|_| text.to_owned())
}
