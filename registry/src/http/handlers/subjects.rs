//! `/subjects`

use super::schemas::Extras;
use super::{Answer, Ask, show};
use crate::app::App;
use crate::fault::Fault;
use crate::http::lookup_cache::{FoundVersion, Showing};
use crate::http::pieces::{self, HERE};
use crate::http::wire;
use crate::http::wire::schema::SchemaOut;
use crate::service::Lookup;
use authz::Action;
use model::{Subject, SubjectPrefix};
use std::sync::Arc;
use storage::Standing;

/// `GET /subjects`
pub async fn list(app: &Arc<App>, ask: &Ask) -> Result<Answer, Fault> {
    let (offset, limit) = ask.query.page(i32::MAX as usize)?;
    let prefix = SubjectPrefix::parse(ask.query.text("subjectPrefix").unwrap_or(":*:"));
    let listing = app.service.subjects(prefix, standing(ask), offset, limit);
    // What a page begins behind is counted by blocks, and these can be many.
    let here = if offset == 0 { HERE } else { 0 };
    pieces::array(app, listing, here, |_, subject, out| pieces::json(&subject.as_str(), out)).await
}

/// `POST /subjects/{subject}`
pub async fn look_up(app: &Arc<App>, ask: &Arc<Ask>, subject: Subject) -> Result<Answer, Fault> {
    let (subject, _) = ask.permit(app, Action::Lookup, subject)?.into_parts();
    let key = ask.lookup_key(app, &subject).await?;
    let validity = app.response_cache.generations.subject(&subject);
    let shown = match ask.found(app, &key, &subject)? {
        Some(shown) => shown,
        None => {
            let object = ask.object(app, "lookUpSchemaUnderSubject.arg5", "RegisterSchemaRequest").await?;
            let schema = wire::request::registrable(&object)?;
            let alone = schema.references.is_empty();
            let (normalize, deleted) = (ask.query.flag("normalize"), ask.deleted());
            let asked = Lookup { subject: subject.clone(), schema, normalize, deleted };
            let shown = app.service.lookup(asked, &ask.work).await?;
            if alone && shown.stored.subject == subject {
                let found = FoundVersion { version: shown.stored.version, shown: Showing::by_time(shown.at), validity };
                ask.remember(app, key, found);
            }
            shown
        }
    };
    show(app, ask, move |app, ask| {
        let extras = Extras::of(app, ask, &shown)?;
        Ok(Answer::json(&extras.apply(SchemaOut::of_subject(&shown))))
    })
    .await
}

/// `GET /subjects/{subject}/metadata`
pub fn latest_with_metadata(app: &App, ask: &Ask, subject: Subject) -> Result<Answer, Fault> {
    let pairs: Vec<(String, String)> =
        ask.query.list("key").zip(ask.query.list("value")).map(|(k, v)| (k.to_owned(), v.to_owned())).collect();
    let shown = app.service.latest_with(&subject, &pairs, ask.deleted())?;
    let extras = Extras::of(app, ask, &shown)?;
    Ok(Answer::json(&extras.apply(SchemaOut::of_subject(&shown))))
}

/// `DELETE /subjects/{subject}`
pub async fn delete(app: &App, ask: &Ask, subject: Subject) -> Result<Answer, Fault> {
    let change = ask.change(app, Action::Delete, subject)?;
    let done = app.service.delete_subject(change, ask.depth()).await?;
    Ok(Answer::json(&done.answer).wrote(done.wrote))
}

/// `deletedOnly` wins over `deleted`.
pub fn standing(ask: &Ask) -> Standing {
    if ask.query.flag("deletedOnly") {
        Standing::Deleted
    } else if ask.query.flag("deleted") {
        Standing::Any
    } else {
        Standing::Live
    }
}
