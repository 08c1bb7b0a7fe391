//! `/subjects`

use super::schemas::Extras;
use super::{Answer, RequestContext, show};
use crate::app::App;
use crate::http::lookup_cache::{FoundVersion, Showing};
use crate::http::pieces::{self, HERE};
use crate::http::wire;
use crate::http::wire::schema::SchemaOut;
use authz::Action;
use model::{Subject, SubjectPrefix};
use rules::fault::Fault;
use service::Lookup;
use std::sync::Arc;
use storage::Standing;

/// `GET /subjects`
pub async fn list(app: &Arc<App>, ctx: &RequestContext) -> Result<Answer, Fault> {
    let (offset, limit) = ctx.query.page(i32::MAX as usize)?;
    let prefix = SubjectPrefix::parse(ctx.query.text("subjectPrefix").unwrap_or(":*:"));
    let listing = app.service.subjects(prefix, standing(ctx), offset, limit);
    // What a page begins behind is counted by blocks, and these can be many.
    let here = if offset == 0 { HERE } else { 0 };
    pieces::array(app, listing, here, |_, subject, out| pieces::json(&subject.as_str(), out)).await
}

/// `POST /subjects/{subject}`
pub async fn look_up(app: &Arc<App>, ctx: &Arc<RequestContext>, subject: Subject) -> Result<Answer, Fault> {
    let (subject, _) = ctx.permit(app, Action::Lookup, subject)?.into_parts();
    let key = ctx.lookup_key(app, &subject).await?;
    let validity = app.response_cache.generations.subject(&subject);
    let shown = match ctx.found(app, &key, &subject)? {
        Some(shown) => shown,
        None => {
            let object = ctx.object(app, "lookUpSchemaUnderSubject.arg5", "RegisterSchemaRequest").await?;
            let schema = wire::request::schema(&object)?;
            let alone = schema.references.is_empty();
            let (normalize, deleted) = (ctx.query.flag("normalize"), ctx.deleted());
            let asked = Lookup { subject: subject.clone(), schema, normalize, deleted };
            let shown = Box::pin(app.service.lookup(asked, &ctx.work)).await?;
            if alone && shown.stored.subject == subject {
                let found = FoundVersion { version: shown.stored.version, shown: Showing::by_time(shown.at), validity };
                ctx.remember(app, key, found);
            }
            shown
        }
    };
    show(app, ctx, move |app, ctx| {
        let extras = Extras::of(app, ctx, &shown)?;
        Ok(Answer::json(&extras.apply(SchemaOut::of_subject(&shown))))
    })
    .await
}

/// `GET /subjects/{subject}/metadata`
pub fn latest_with_metadata(app: &App, ctx: &RequestContext, subject: Subject) -> Result<Answer, Fault> {
    let pairs: Vec<(String, String)> =
        ctx.query.list("key").zip(ctx.query.list("value")).map(|(k, v)| (k.to_owned(), v.to_owned())).collect();
    let shown = app.service.latest_with(&subject, &pairs, ctx.deleted())?;
    let extras = Extras::of(app, ctx, &shown)?;
    Ok(Answer::json(&extras.apply(SchemaOut::of_subject(&shown))))
}

/// `DELETE /subjects/{subject}`
pub async fn delete(app: &App, ctx: &RequestContext, subject: Subject) -> Result<Answer, Fault> {
    let change = ctx.change(app, Action::Delete, subject)?;
    let done = app.service.delete_subject(change, ctx.depth()).await?;
    Ok(Answer::json(&done.answer).wrote(done.wrote))
}

/// `deletedOnly` wins over `deleted`.
pub fn standing(ctx: &RequestContext) -> Standing {
    if ctx.query.flag("deletedOnly") {
        Standing::Deleted
    } else if ctx.query.flag("deleted") {
        Standing::Any
    } else {
        Standing::Live
    }
}
