//! `/schemas`

use super::{Answer, RequestContext, here};
use crate::app::App;
use crate::http::pieces::{self, HERE};
use crate::http::wire::schema::SchemaOut;
use compat::TaggedEntity;
use model::{Context, SchemaId, SchemaType, Subject, SubjectPrefix};
use rules::fault::Fault;
use serde_json::json;
use service::listing::Listing;
use service::{AssociationFilter, Filter, Holders, SchemaFilter, Shown};
use std::sync::Arc;
use storage::{Holder, State};

/// `GET /schemas`
pub async fn list(app: &Arc<App>, ctx: &RequestContext) -> Result<Answer, Fault> {
    let (offset, limit) = ctx.query.page(1000)?;
    let filter = SchemaFilter {
        prefix: SubjectPrefix::parse(ctx.query.text("subjectPrefix").unwrap_or_default()),
        deleted: ctx.deleted(),
        latest_only: ctx.query.flag("latestOnly"),
        rule_type: ctx.query.text("ruleType").unwrap_or_default().to_owned(),
        associations: association_filter(ctx)?,
        aliases: ctx.query.flag("aliases"),
    };
    let listing = app.service.list(filter, offset, limit).await?;
    pieces::array(app, listing, 0, |state, found, out| pieces::json(&SchemaOut::listed(&found.listed(state)?), out))
        .await
}

/// The filter on associations, if the request has one.
fn association_filter(ctx: &RequestContext) -> Result<Option<AssociationFilter>, Fault> {
    if ["resourceType", "associationType", "lifecycle"].iter().all(|name| ctx.query.text(name).is_none()) {
        return Ok(None);
    }
    let (none, named): (Vec<&str>, Vec<&str>) = ctx.query.list("lifecycle").partition(|text| *text == "NONE");
    let lifecycles: Result<_, _> = named.into_iter().map(str::parse).collect();
    Ok(Some(AssociationFilter {
        filter: Filter {
            resource_type: ctx.query.text("resourceType").map(str::to_owned),
            association_types: ctx.query.list("associationType").map(str::to_owned).collect(),
            lifecycle: None,
        },
        lifecycles: lifecycles.map_err(|_| Fault::NoSuchResource)?,
        unassociated: !none.is_empty(),
    }))
}

/// `GET /schemas/types`
pub fn types(_: &App, _: &RequestContext) -> Result<Answer, Fault> {
    let names: Vec<&str> = compat::SCHEMA_TYPES.iter().map(SchemaType::as_str).collect();
    Ok(Answer::json(&names))
}

/// `GET /schemas/ids/{id}`
pub fn by_id(app: &App, ctx: &RequestContext, id: Result<SchemaId, Fault>) -> Result<Answer, Fault> {
    let id = id?;
    let subject = subject_of_one(ctx, id)?;
    let context = subject.as_ref().map_or_else(Context::default_context, |subject| subject.context().clone());
    let validity = app.response_cache.generations.id(&context, id);
    let before = app.position();
    let max_id = ctx.query.flag("fetchMaxId");
    let found = app.service.by_id(id, subject.as_ref(), max_id, &ctx.work)?;
    let validity = app.response_cache.generations.and_subject(validity, &found.shown.stored.subject);
    let settled = app.position() == before;

    let extras = Extras::of(app, ctx, &found.shown)?;
    let mut shown = found.shown;
    qualify_references(ctx, &mut shown);
    let out = extras.apply(SchemaOut::by_id(&shown)).with_max_id(found.max_id);
    let answer = Answer::json(&out);
    // With a subject that is not the holder, other subjects decide as well.
    let simple = subject.as_ref().is_none_or(|subject| subject.is_context() || *subject == shown.stored.subject);
    Ok(if settled && simple && !max_id { answer.valid_while(validity) } else { answer })
}

/// `GET /schemas/ids/{id}/schema`
pub fn text_by_id(app: &App, ctx: &RequestContext, id: Result<SchemaId, Fault>) -> Result<Answer, Fault> {
    let id = id?;
    let found = app.service.by_id(id, subject_of_one(ctx, id)?.as_ref(), false, &ctx.work)?;
    text(app, ctx, &found.shown)
}

/// `GET /schemas/ids/{id}/subjects`
pub async fn subjects_by_id(
    app: &Arc<App>,
    ctx: &Arc<RequestContext>,
    id: Result<SchemaId, Fault>,
) -> Result<Answer, Fault> {
    let listing = holders(app, ctx, id?).await?;
    pieces::array(app, listing, HERE, |_, holder, out| pieces::json(&holder.subject.as_str(), out)).await
}

/// `GET /schemas/ids/{id}/versions`
pub async fn versions_by_id(
    app: &Arc<App>,
    ctx: &Arc<RequestContext>,
    id: Result<SchemaId, Fault>,
) -> Result<Answer, Fault> {
    let listing = holders(app, ctx, id?).await?;
    let write = |_: &dyn State, holder: Holder, out: &mut Vec<u8>| {
        pieces::json(&json!({ "subject": holder.subject.as_str(), "version": holder.version }), out)
    };
    pieces::array(app, listing, HERE, write).await
}

async fn holders(app: &Arc<App>, ctx: &Arc<RequestContext>, id: SchemaId) -> Result<Listing<Holders>, Fault> {
    here(app, ctx, move |app, ctx| {
        let page = ctx.query.page(i32::MAX as usize)?;
        let subject = subject_parameter(ctx, || Fault::SchemaNotFound)?;
        app.service.holders(id, subject.as_ref(), &ctx.work, ctx.deleted(), page)
    })
    .await
}

/// `GET /schemas/guids/{guid}`
pub fn by_guid(app: &App, ctx: &RequestContext, guid: &str) -> Result<Answer, Fault> {
    let shown = app.service.by_guid(guid)?;
    let extras = Extras::of(app, ctx, &shown)?;
    Ok(Answer::json(&extras.apply(SchemaOut::by_guid(&shown))))
}

/// `GET /schemas/guids/{guid}/ids`
pub fn ids_by_guid(app: &App, _: &RequestContext, guid: &str) -> Result<Answer, Fault> {
    let ids = app.service.ids_of(guid)?;
    let shown: Vec<_> = ids.iter().map(|(context, id)| json!({ "context": context.as_str(), "id": id })).collect();
    Ok(Answer::json(&shown))
}

/// The `subject` parameter; empty is absent. The wildcard of listings names no context that could hold an id.
fn subject_parameter(ctx: &RequestContext, missing: impl FnOnce() -> Fault) -> Result<Option<Subject>, Fault> {
    match ctx.query.text("subject") {
        None | Some("") => Ok(None),
        Some(text) if text.starts_with(":*:") => Err(missing()),
        Some(text) => Ok(Some(Subject::parse(text))),
    }
}

fn subject_of_one(ctx: &RequestContext, id: SchemaId) -> Result<Option<Subject>, Fault> {
    subject_parameter(ctx, || Fault::SchemaNotFoundAs(id.to_string()))
}

/// The raw text of a version, in the format asked for.
pub fn text(app: &App, ctx: &RequestContext, shown: &Shown) -> Result<Answer, Fault> {
    let formatted = app.service.formatted(shown, format(ctx), &ctx.work)?;
    Ok(Answer::text(formatted.unwrap_or_else(|| shown.content.text.to_string())))
}

/// The `format` parameter.
fn format(ctx: &RequestContext) -> &str {
    ctx.query.text("format").unwrap_or_default()
}

/// The `format` parameter where the reference has `logical`.
///
/// # Errors
/// `NotSupported` for `logical`.
pub fn physical_format(ctx: &RequestContext) -> Result<&str, Fault> {
    let format = format(ctx);
    if format.eq_ignore_ascii_case("logical") {
        return Err(Fault::NotSupported(
            "The format 'logical' is not supported; leave it out to get the schema itself".into(),
        ));
    }
    Ok(format)
}

/// With `referenceFormat=qualified` references of a named context show it.
pub fn qualify_references(ctx: &RequestContext, shown: &mut Shown) -> bool {
    let context = shown.stored.subject.context().clone();
    if ctx.query.text("referenceFormat") != Some("qualified") || context.is_default() {
        return false;
    }
    for reference in &mut shown.content.references {
        reference.subject = shown.stored.subject.sibling(&reference.subject).as_str().to_owned();
    }
    true
}

/// What query parameters add to a schema: another format of the text, inline tags.
pub struct Extras {
    text: Option<String>,
    tags: Vec<TaggedEntity>,
}

impl Extras {
    /// Reads what the request asks for.
    pub fn of(app: &App, ctx: &RequestContext, shown: &Shown) -> Result<Self, Fault> {
        let wanted: Vec<&str> = ctx.query.list("findTags").collect();
        let tags = if wanted.is_empty() { vec![] } else { app.service.inline_tags(shown, &wanted, &ctx.work)? };
        Ok(Extras { text: app.service.formatted(shown, format(ctx), &ctx.work)?, tags })
    }

    /// Adds it.
    pub fn apply<'a>(&'a self, out: SchemaOut<'a>) -> SchemaOut<'a> {
        out.with_text(self.text.as_deref()).with_tags(&self.tags)
    }
}
