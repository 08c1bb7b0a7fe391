//! `/dek-registry/v1/keks/{kek}/deks`: the keys that clients encrypt with, wrapped; for whoever may see them also in the clear.

use super::{Answer, RequestContext};
use crate::app::App;
use crate::http::body::{self, Object};
use crate::http::pieces::{self, HERE};
use crate::http::wire::encryption::{self as wire, DekOut};
use authz::Action;
use model::DekAlgorithm;
use rules::delete::Selector;
use rules::encryption::dek::{self, Target};
use rules::encryption::{check_name, check_subject};
use rules::fault::Fault;
use service::{Change, Class, DekSubject};
use std::sync::Arc;

/// `GET …/deks`
pub async fn subjects(app: &Arc<App>, ctx: &RequestContext, kek: &str) -> Result<Answer, Fault> {
    let (offset, limit) = ctx.query.page(i32::MAX as usize)?;
    let listing = app.service.dek_subjects(kek, ctx.deleted(), offset, limit)?;
    pieces::array(app, listing, HERE, |_, subject, out| pieces::json(&subject, out)).await
}

/// `POST …/deks`, the subject in the body
pub async fn create(app: &App, ctx: &RequestContext, kek: &str) -> Result<Answer, Fault> {
    let object = ctx.object(app, "createDek.arg3", "CreateDekRequest").await?;
    check_name(kek)?;
    let subject = body::text(&object, "subject")?.unwrap_or_default();
    check_subject(&subject)?;
    make(app, ctx, kek, &subject, &object).await
}

/// `POST …/deks/{subject}`
pub async fn create_of_subject(app: &App, ctx: &RequestContext, kek: &str, subject: &str) -> Result<Answer, Fault> {
    // At least this; nobody hears what is wrong with a request that they may not make.
    let _least = change(app, ctx, Action::Register, subject)?;
    let object = ctx.object(app, "createDek.arg4", "CreateDekRequest").await?;
    make(app, ctx, kek, subject, &object).await
}

async fn make(app: &App, ctx: &RequestContext, kek: &str, subject: &str, object: &Object) -> Result<Answer, Fault> {
    let _least = change(app, ctx, Action::Register, subject)?;
    let wanted = dek::check(kek, subject, wire::dek(object)?, ctx.query.flag("rewrap"))?;
    let change = change(app, ctx, app.service.action_to_make_dek(&wanted)?, subject)?;
    let done = app.service.create_dek(change, wanted).await?;
    let kek = app.service.read(|state| Ok(state.kek(kek)?))?;
    // Whoever made it is in the audit with that.
    let shown = kek.and_then(|stored| app.service.may_reveal(&ctx.caller, &stored.kek, subject));
    let key = done.answer.key.as_ref().filter(|_| shown.is_some());
    Ok(Answer::json(&DekOut::new(&done.answer.stored, key)).wrote(done.wrote))
}

/// `GET …/deks/{subject}`: its version 1, not the latest
pub async fn get(app: &Arc<App>, ctx: &RequestContext, kek: &str, subject: &str) -> Result<Answer, Fault> {
    show(app, ctx, kek, subject, Selector::Number(1)).await
}

/// `GET …/deks/{subject}/versions/{version}`
pub async fn get_version(
    app: &Arc<App>,
    ctx: &RequestContext,
    kek: &str,
    subject: &str,
    version: Result<Selector, Fault>,
) -> Result<Answer, Fault> {
    show(app, ctx, kek, subject, version?).await
}

async fn show(
    app: &Arc<App>,
    ctx: &RequestContext,
    kek: &str,
    subject: &str,
    version: Selector,
) -> Result<Answer, Fault> {
    let target =
        Target { kek: kek.to_owned(), subject: subject.to_owned(), algorithm: algorithm(ctx)?, version: Some(version) };
    // The latest is looked for among all.
    let class = if version == Selector::Latest { Class::List } else { Class::Ready };
    let (there, deleted) = (Arc::clone(app), ctx.deleted());
    let (kek, dek) = app.service.work(class, move || there.service.dek(&target, deleted)).await?;
    let kek = kek.kek;
    let permit = if kek.shared { app.service.may_reveal(&ctx.caller, &kek, subject) } else { None };
    let key = match permit {
        Some((permit, as_reader)) => {
            let change = Change::new(permit, ctx.operation.route().name);
            app.service.reveal((change, as_reader), kek, &dek.dek).await?
        }
        None => None,
    };
    Ok(Answer::json(&DekOut::new(&dek, key.as_ref())))
}

/// `GET …/deks/{subject}/versions`
pub async fn versions(app: &Arc<App>, ctx: &RequestContext, kek: &str, subject: &str) -> Result<Answer, Fault> {
    let (offset, limit) = ctx.query.page(i32::MAX as usize)?;
    let listing = app.service.dek_versions((kek, subject, algorithm(ctx)?), ctx.deleted(), offset, limit)?;
    pieces::array(app, listing, HERE, |_, version, out| pieces::json(&version, out)).await
}

/// `DELETE …/deks/{subject}`: all its versions
pub async fn delete(app: &App, ctx: &RequestContext, kek: &str, subject: &str) -> Result<Answer, Fault> {
    end(app, ctx, kek, subject, Ok(None)).await
}

/// `DELETE …/deks/{subject}/versions/{version}`
pub async fn delete_version(
    app: &App,
    ctx: &RequestContext,
    kek: &str,
    subject: &str,
    version: Result<Selector, Fault>,
) -> Result<Answer, Fault> {
    end(app, ctx, kek, subject, version.map(Some)).await
}

async fn end(
    app: &App,
    ctx: &RequestContext,
    kek: &str,
    subject: &str,
    version: Result<Option<Selector>, Fault>,
) -> Result<Answer, Fault> {
    let change = change(app, ctx, Action::Delete, subject)?;
    let which = (kek.to_owned(), algorithm(ctx)?, version?);
    let done = app.service.delete_deks(change, which, ctx.depth()).await?;
    Ok(Answer::nothing().wrote(done.wrote))
}

/// `POST …/deks/{subject}/undelete`: all its versions
pub async fn undelete(app: &App, ctx: &RequestContext, kek: &str, subject: &str) -> Result<Answer, Fault> {
    bring_back(app, ctx, kek, subject, Ok(None)).await
}

/// `POST …/deks/{subject}/versions/{version}/undelete`
pub async fn undelete_version(
    app: &App,
    ctx: &RequestContext,
    kek: &str,
    subject: &str,
    version: Result<Selector, Fault>,
) -> Result<Answer, Fault> {
    bring_back(app, ctx, kek, subject, version.map(Some)).await
}

async fn bring_back(
    app: &App,
    ctx: &RequestContext,
    kek: &str,
    subject: &str,
    version: Result<Option<Selector>, Fault>,
) -> Result<Answer, Fault> {
    let change = change(app, ctx, Action::Delete, subject)?;
    let which = (kek.to_owned(), algorithm(ctx)?, version?);
    let done = app.service.undelete_deks(change, which).await?;
    Ok(Answer::nothing().wrote(done.wrote))
}

fn change(app: &App, ctx: &RequestContext, action: Action, subject: &str) -> Result<Change<DekSubject>, Fault> {
    let permitted = ctx.change(app, action, DekSubject::new(subject))?;
    Ok(permitted.named_for_deks(ctx.named.clone()))
}

/// `algorithm`; what is none is a generic 404.
fn algorithm(ctx: &RequestContext) -> Result<DekAlgorithm, Fault> {
    ctx.query
        .text("algorithm")
        .map_or(Ok(DekAlgorithm::Aes256Gcm), |text| text.parse().map_err(|_| Fault::NoSuchResource))
}
