//! Does every name of a type mean one? Asked of new schemas only.

use super::model::*;
use super::names::Found;
use super::{Schema, Unfinished, unresolved};
use crate::Work;

/// Looks at every type that the file names.
///
/// # Errors
/// The first name that means none; or the work ended.
pub(super) fn check(schema: &Schema, work: &Work) -> Result<(), Unfinished> {
    of_file(schema, 0, &|_| {}, work)
}

/// Tells what every type is that one of the files names.
///
/// # Errors
/// As `check`.
pub(super) fn of_file(schema: &Schema, at: u32, tell: &dyn Fn(Found), work: &Work) -> Result<(), Unfinished> {
    let file = &*schema.files[at as usize];
    let package = Found::Here(schema.names.table.of_file(at));
    let uses = Uses { schema, tell, work };
    for (id, message) in (0..).zip(&file.messages) {
        let scope = Found::Here(schema.names.table.of_message(at, id));
        let groups = message.groups.iter().chain(message.oneofs.iter().flat_map(|oneof| &oneof.groups));
        message.all_fields().try_for_each(|(field, _)| uses.field(scope, field))?;
        groups.flat_map(|group| &group.fields).try_for_each(|field| uses.field(scope, field))?;
        uses.extends(scope, &message.extends)?;
    }
    uses.extends(package, &file.extends)?;
    for rpc in file.services.iter().flat_map(|service| &service.rpcs) {
        uses.name(package, &rpc.request.name, rpc.at)?;
        uses.name(package, &rpc.response.name, rpc.at)?;
    }
    Ok(())
}

struct Uses<'s> {
    schema: &'s Schema,
    tell: &'s dyn Fn(Found),
    work: &'s Work,
}

impl Uses<'_> {
    fn field(&self, scope: Found, field: &Field) -> Result<(), Unfinished> {
        self.name(scope, field.kind.name(), field.at)
    }

    fn extends(&self, scope: Found, extends: &[Extend]) -> Result<(), Unfinished> {
        for extend in extends {
            self.name(scope, &extend.name, extend.at)?;
            extend.fields.iter().try_for_each(|field| self.field(scope, field))?;
        }
        Ok(())
    }

    fn name(&self, scope: Found, name: &str, at: u32) -> Result<(), Unfinished> {
        if scalar(name).is_some() {
            return Ok(());
        }
        match self.schema.names.resolve(scope, name, self.work)? {
            Some(found) => (self.tell)(found),
            None => return Err(unresolved(name, at)),
        }
        Ok(())
    }
}
