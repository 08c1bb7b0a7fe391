//! Reading a tree, which anybody may have written: what does not fit together is refused, with the name of the file.

use super::{CONTEXTS, FORMAT, MARKER, SETTINGS, SUBJECT, SUBJECTS, files, layout, names};
use crate::cli::moving::inventory::{self, Inventory, Settings, Texts, ordered};
use model::{Context, SchemaType, Subject};
use serde_json::Value;
use std::path::Path;

/// Reads the tree in this directory.
///
/// # Errors
/// A sentence that names the file.
pub fn read(root: &Path, texts: &mut Texts) -> Result<Inventory, String> {
    let marker = marker(root)?;
    if marker["complete"] != true {
        return Err(format!("{}: the export into it did not come to its end; run it again", root.display()));
    }
    let mut reading = Reading { inventory: Inventory::default(), texts };
    reading.context(root, &Context::default_context())?;
    for (component, path) in files::directories(&root.join(CONTEXTS))? {
        let file = path.join(SETTINGS);
        let settings = json(&file)?;
        let named = settings["context"].as_str().unwrap_or_default();
        let context = Context::new(named).filter(|context| !context.is_default());
        let context = context.ok_or_else(|| at(&file, "its \"context\" is not the name of one"))?;
        belongs(&file, &component, &named[1..])?;
        reading.context(&path, &context)?;
    }
    Ok(reading.inventory)
}

/// What the directory says it is.
///
/// # Errors
/// It is no export, or one of another format.
pub fn marker(root: &Path) -> Result<Value, String> {
    let marker = json(&root.join(MARKER)).map_err(|error| format!("{error} (is it an export?)"))?;
    match marker["format"].as_i64() {
        Some(FORMAT) => Ok(marker),
        _ => Err(at(&root.join(MARKER), &format!("its \"format\" is not {FORMAT}"))),
    }
}

struct Reading<'a> {
    inventory: Inventory,
    texts: &'a mut Texts,
}

impl Reading<'_> {
    fn context(&mut self, path: &Path, context: &Context) -> Result<(), String> {
        let file = path.join(SETTINGS);
        self.settings(Subject::of_context(context.clone()), &json(&file)?, &file)?;
        for (component, path) in files::directories(&path.join(SUBJECTS))? {
            let file = path.join(SUBJECT);
            let described = json(&file)?;
            let name = described["subject"].as_str().ok_or_else(|| at(&file, "it has no \"subject\""))?;
            let subject = Subject::parse(name);
            if subject.context() != context {
                return Err(at(&file, &format!("its subject {name} is not of the context {context}, where it lies")));
            }
            belongs(&file, &component, subject.name())?;
            self.versions(&path, &subject, &described["versions"], &file)?;
            self.settings(subject, &described, &file)?;
        }
        Ok(())
    }

    fn settings(&mut self, scope: Subject, described: &Value, file: &Path) -> Result<(), String> {
        let config = match &described["config"] {
            Value::Null => None,
            Value::Object(_) => inventory::object(&described["config"]).and_then(|config| config.as_object().cloned()),
            _ => return Err(at(file, "its \"config\" is no object")),
        };
        let mode = match &described["mode"] {
            Value::Null => None,
            Value::String(mode) => Some(mode.to_uppercase()),
            _ => return Err(at(file, "its \"mode\" is no text")),
        };
        let settings = Settings { config, mode };
        if !settings.is_empty() {
            self.inventory.settings.insert(scope, settings);
        }
        Ok(())
    }

    fn versions(&mut self, path: &Path, subject: &Subject, list: &Value, file: &Path) -> Result<(), String> {
        for item in list.as_array().ok_or_else(|| at(file, "its \"versions\" are no list"))? {
            let mut answer = item.as_object().cloned().ok_or_else(|| at(file, "one of its versions is no object"))?;
            let number =
                inventory::number(&item["version"]).ok_or_else(|| at(file, "one of its versions has no number"))?;
            let schema_type = item["schemaType"].as_str().map_or(SchemaType::Avro, SchemaType::parse);
            let text_file = path.join(format!("{number}.{}", layout::extension(&schema_type)));
            let mut text = files::read(&text_file)?;
            if item["laidOut"] == true {
                text = layout::read(&text).map_err(|error| at(&text_file, &error))?;
            }
            answer.insert("subject".to_owned(), subject.as_str().into());
            answer.insert("schema".to_owned(), text.into());
            let (key, mut entry, _) = inventory::version(&Value::Object(answer)).map_err(|error| at(file, &error))?;
            entry.text = self.texts.kept(entry.text)?;
            if self.inventory.versions.insert(key, entry).is_some() {
                return Err(at(file, &format!("it has version {number} twice")));
            }
        }
        Ok(())
    }
}

/// A directory that was copied under another name would otherwise be what it was copied from.
fn belongs(file: &Path, component: &str, name: &str) -> Result<(), String> {
    if names::stands_for(component, name) {
        Ok(())
    } else {
        Err(at(file, "what it names does not belong into this directory"))
    }
}

fn json(file: &Path) -> Result<Value, String> {
    serde_json::from_str(&files::read(file)?).map(ordered).map_err(|error| at(file, &error.to_string()))
}

fn at(file: &Path, what: &str) -> String {
    format!("{}: {what}", file.display())
}
