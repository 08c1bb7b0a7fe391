//! From the paths of findings to lines and columns of a text.

use super::model::*;
use crate::{Place, Spent, Work};

/// The places to which paths lead, or as far on the way as the file goes.
///
/// # Errors
/// The work ended.
pub(super) fn locate(text: &str, file: &File, paths: &[&str], work: &Work) -> Result<Vec<Option<Place>>, Spent> {
    let place = |path: &&str| {
        let Some(steps) = path.strip_prefix("#/") else { return Ok(None) };
        let at = follow(file, steps, work)? as usize;
        Place::sought(text, path, at, work).map(Some)
    };
    paths.iter().map(place).collect()
}

/// What a path has led to.
enum At<'f> {
    File,
    Message(&'f Message),
    Oneof(&'f Message),
    Enum(&'f Enum),
    Leaf,
}

fn follow(file: &File, steps: &str, work: &Work) -> Result<u32, Spent> {
    let (mut at, mut offset) = (At::File, 0);
    for step in steps.split('/').filter(|step| !step.is_empty()) {
        let (messages, enums): (&[Id], &[Id]) = match &at {
            At::File => (&file.top_messages, &file.top_enums),
            At::Message(message) | At::Oneof(message) => (&message.messages, &message.enums),
            At::Enum(_) | At::Leaf => (&[], &[]),
        };
        work.spend(1 + (messages.len() + enums.len()) / super::SOUGHT)?;
        let tag = step.parse::<i32>().ok();
        let next = match (&at, tag) {
            (At::Message(message) | At::Oneof(message), Some(tag)) => {
                work.spend(message.fields.len() / super::SOUGHT)?;
                message.all_fields().find(|(field, _)| field.tag == tag).map(|(field, _)| (At::Leaf, field.at))
            }
            (At::Enum(symbols), Some(tag)) => {
                let constant = symbols.constants.iter().find(|constant| constant.tag == tag);
                constant.map(|constant| (At::Leaf, constant.at))
            }
            _ => None,
        };
        let next = next.or_else(|| {
            let message = messages.iter().map(|&id| &file.messages[id as usize]).find(|message| *message.name == *step);
            message.map(|message| (At::Message(message), message.at))
        });
        let next = next.or_else(|| {
            let symbols = enums.iter().map(|&id| &file.enums[id as usize]).find(|symbols| *symbols.name == *step);
            symbols.map(|symbols| (At::Enum(symbols), symbols.at))
        });
        let next = next.or_else(|| match at {
            At::Message(message) => {
                let oneof = message.oneofs.iter().find(|oneof| *oneof.name == *step)?;
                Some((At::Oneof(message), oneof.at))
            }
            _ => None,
        });
        match next {
            Some((inner, place)) => (at, offset) = (inner, place),
            None => break,
        }
    }
    Ok(offset)
}
