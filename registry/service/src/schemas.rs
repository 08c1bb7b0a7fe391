//! `/schemas`: by id and by GUID, who holds an id, and contexts.

use super::listing::{Listing, Show, Source};
use super::{FallsBack, Service, in_named_contexts};
use compat::Work;
use model::{Content, Context, Guid, SchemaId, Subject};
use rules::content;
use rules::fault::Fault;
use rules::find::Deleted;
use rules::knowledge::ParsedSchema;
use std::ops::ControlFlow;
use storage::{Holder, State, StoredVersion};

/// A version to be shown. `at` is its time where the answer comes from the store rather than from the request.
#[derive(Clone, Debug)]
pub struct Shown {
    /// What the store keeps of it.
    pub stored: StoredVersion,
    /// Its content.
    pub content: Content,
    /// Its time in milliseconds since 1970.
    pub at: Option<i64>,
}

impl Shown {
    /// Shows a stored version.
    ///
    /// # Errors
    /// Those of the store.
    pub fn of(state: &dyn State, stored: StoredVersion) -> Result<Self, storage::Error> {
        Ok(Shown { content: content::content(state, &stored)?, at: Some(stored.at), stored })
    }
}

/// A version found by its id, with the largest id of its context.
pub struct ById {
    /// The version.
    pub shown: Shown,
    /// The largest id seen in the context, where it was asked for.
    pub max_id: Option<SchemaId>,
}

impl Service {
    /// The version that is shown for an id: of the subject asked for where it has it, else the first holder.
    ///
    /// # Errors
    /// `SchemaNotFoundAs`, `Spent`, those of the store.
    pub fn by_id(&self, id: SchemaId, subject: Option<&Subject>, max_id: bool, work: &Work) -> Result<ById, Fault> {
        self.read(|state| {
            let missing = || Fault::SchemaNotFoundAs(id.to_string());
            let holder = resolve(state, &self.falls_back(), id, subject, work)?.ok_or_else(missing)?;
            let stored = state.version(&holder.subject, holder.version)?.ok_or_else(missing)?;
            let highest = if max_id { state.last_id(holder.subject.context())? } else { None };
            let max_id = max_id.then(|| highest.unwrap_or(id));
            Ok(ById { shown: Shown::of(state, stored)?, max_id })
        })
    }

    /// Subjects that hold an id, with the newest version of each.
    ///
    /// # Errors
    /// `SchemaNotFound`, `Spent`, those of the store.
    pub fn holders(
        &self,
        id: SchemaId,
        subject: Option<&Subject>,
        work: &Work,
        deleted: Deleted,
        (offset, limit): (usize, usize),
    ) -> Result<Listing<Holders>, Fault> {
        let holder = self.read(|state| resolve(state, &self.falls_back(), id, subject, work))?;
        let context = holder.ok_or(Fault::SchemaNotFound)?.subject.context().clone();
        Ok(Listing::new(Holders { context, id, deleted, behind: None }, offset, limit))
    }

    /// The content with a hash, wherever it is, the default context first.
    ///
    /// # Errors
    /// `SchemaNotFoundAs`, those of the store.
    pub fn by_guid(&self, asked: &str) -> Result<Shown, Fault> {
        self.read(|state| {
            let missing = || Fault::SchemaNotFoundAs(asked.to_owned());
            let guid = Guid::parse(asked).ok_or_else(missing)?;
            let (context, id) = state.ids_of(guid, 1)?.pop().ok_or_else(missing)?;
            let holder = state.shown_holder(&context, id)?.ok_or_else(missing)?;
            let stored = state.version(&holder.subject, holder.version)?.ok_or_else(missing)?;
            Ok(Shown::of(state, stored)?)
        })
    }

    /// Contexts and ids of a hash.
    ///
    /// # Errors
    /// Those of the store.
    pub fn ids_of(&self, asked: &str) -> Result<Vec<(Context, SchemaId)>, Fault> {
        match Guid::parse(asked) {
            Some(guid) => self.read(|state| Ok(state.ids_of(guid, usize::MAX)?)),
            None => Ok(vec![]),
        }
    }

    /// The text of a version in another format; `None` for the canonical text itself. Unknown formats are ignored.
    ///
    /// # Errors
    /// `InvalidSchema` for a stored text that does not parse; `Spent`, those of the store.
    pub fn formatted(&self, shown: &Shown, format: &str, work: &Work) -> Result<Option<String>, Fault> {
        if format.is_empty() || format == "default" {
            return Ok(None);
        }
        self.read(|state| {
            format_as(&self.schema_cache.stored(state, &shown.stored, work)?, &shown.content, format, work)
        })
    }

    /// The same for a content that is about to be shown as registered in a subject.
    ///
    /// # Errors
    /// As `formatted`.
    pub fn formatted_content(
        &self,
        subject: &Subject,
        content: &Content,
        format: &str,
        work: &Work,
    ) -> Result<Option<String>, Fault> {
        if format.is_empty() || format == "default" {
            return Ok(None);
        }
        self.read(|state| {
            format_as(&self.schema_cache.of_content(state, subject, content, work)?, content, format, work)
        })
    }

    /// Records and fields of a version that carry one of these inline tags (`*` is any), with all their tags.
    ///
    /// # Errors
    /// As `formatted`.
    pub fn inline_tags(&self, shown: &Shown, wanted: &[&str], work: &Work) -> Result<Vec<compat::TaggedEntity>, Fault> {
        self.read(|state| {
            let parsed = self.schema_cache.stored(state, &shown.stored, work)?.parsed;
            let mut tagged = parsed.inline_tags(work)?;
            tagged
                .retain(|entity| entity.tags.iter().any(|tag| wanted.contains(&"*") || wanted.contains(&tag.as_str())));
            Ok(tagged)
        })
    }

    /// Contexts whose names begin so, the default one first.
    pub fn contexts(&self, prefix: &str, offset: usize, limit: usize) -> Listing<Contexts> {
        Listing::new(Contexts { prefix: prefix.to_owned(), behind: None }, offset, limit)
    }
}

/// The subjects that hold an id in a context, with the newest version of each.
pub struct Holders {
    context: Context,
    id: SchemaId,
    deleted: Deleted,
    behind: Option<Subject>,
}

impl Source for Holders {
    type Item = Holder;

    fn go_on(&mut self, state: &dyn State, show: &mut Show<'_, Holder>) -> Result<(), Fault> {
        let Holders { context, id, deleted, behind } = self;
        let begin = behind.clone();
        let mut admit = |newest: Holder| {
            *behind = Some(newest.subject.clone());
            let shown = *deleted == Deleted::Include
                || state.version(&newest.subject, newest.version)?.is_some_and(|version| !version.deleted);
            Ok::<_, storage::Error>(show(shown.then_some(newest)))
        };
        // They come by subject, then version: the newest of a subject is known when the next subject comes.
        let (mut newest, mut outcome): (Option<Holder>, _) = (None, Ok(ControlFlow::Continue(())));
        state.holders_from(context, *id, begin.as_ref(), &mut |holder| {
            let before = newest.replace(holder);
            if let Some(before) =
                before.filter(|before| newest.as_ref().is_some_and(|now| now.subject != before.subject))
            {
                outcome = admit(before);
            }
            *outcome.as_ref().unwrap_or(&ControlFlow::Break(()))
        })?;
        if let (ControlFlow::Continue(()), Some(last)) = (outcome?, newest) {
            let _last = admit(last)?;
        }
        Ok(())
    }
}

/// Contexts whose names begin so.
pub struct Contexts {
    prefix: String,
    behind: Option<Context>,
}

impl Source for Contexts {
    type Item = Context;

    fn go_on(&mut self, state: &dyn State, show: &mut Show<'_, Context>) -> Result<(), Fault> {
        let Contexts { prefix, behind } = self;
        let begin = behind.clone();
        let mut admit = |context: Context| {
            let shown = context.as_str().starts_with(prefix.as_str());
            *behind = Some(context.clone());
            show(shown.then_some(context))
        };
        // The default context is always there and comes first.
        if begin.is_none() && admit(Context::default_context()).is_break() {
            return Ok(());
        }
        Ok(state.contexts_from(begin.filter(|last| !last.is_default()).as_ref(), &mut admit)?)
    }
}

fn format_as(schema: &ParsedSchema, content: &Content, format: &str, work: &Work) -> Result<Option<String>, Fault> {
    schema.parsed.formatted(format, work).map_err(|error| match error {
        compat::Error::Spent(spent) => spent.into(),
        error => content::invalid_schema(&content.schema_type, &error),
    })
}

/// Which version stands for an id. No subject, or a bare context: the first holder there. A name in a named context: only
/// that subject. A name in the default context: that subject, the same name in a named context, or any holder.
fn resolve(
    state: &dyn State,
    falls_back: &FallsBack,
    id: SchemaId,
    subject: Option<&Subject>,
    work: &Work,
) -> Result<Option<Holder>, Fault> {
    let default = Context::default_context();
    let Some(subject) = subject else { return Ok(state.shown_holder(&default, id)?) };
    if subject.is_context() {
        return Ok(state.shown_holder(subject.context(), id)?);
    }
    if let Some(holder) = held_by(state, subject, id)? {
        return Ok(Some(holder));
    }
    if !subject.context().is_default() {
        return Ok(None);
    }
    let found = in_named_contexts(state, falls_back, subject, work, |subject| Ok(held_by(state, subject, id)?))?;
    if found.is_some() { Ok(found) } else { Ok(state.shown_holder(&default, id)?) }
}

fn held_by(state: &dyn State, subject: &Subject, id: SchemaId) -> Result<Option<Holder>, storage::Error> {
    let newest = state.newest_holder(subject, id)?;
    Ok(newest.map(|version| Holder { subject: subject.clone(), version }))
}
