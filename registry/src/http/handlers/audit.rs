//! `/namespaces/{namespace}/audit`, which alone of all that is read takes a right.

use super::{Answer, RequestContext};
use crate::app::App;
use crate::http::pieces;
use authz::{Action, Global};
use model::{NamespaceId, NamespaceName};
use rules::fault::Fault;
use service::access::shown;
use service::{AuditPage, Class};
use std::sync::Arc;

/// `GET /namespaces/{namespace}/audit?from=&to=&limit=&before=`
pub async fn get(
    app: &Arc<App>,
    ctx: &RequestContext,
    namespace: Result<NamespaceName, Fault>,
) -> Result<Answer, Fault> {
    let permit = ctx.permit(app, Action::Secret, namespace?)?;
    // By its own id: what an earlier namespace of the name did is not its audit.
    let namespace = app.service.namespace(permit.resource().as_str())?.id;
    page(app, ctx, Some(namespace)).await
}

/// `GET /namespaces/-/audit`: of all namespaces, and of what nobody owns.
pub async fn whole(app: &Arc<App>, ctx: &RequestContext) -> Result<Answer, Fault> {
    let _permit = ctx.permit(app, Action::Secret, Global)?;
    page(app, ctx, None).await
}

async fn page(app: &Arc<App>, ctx: &RequestContext, namespace: Option<NamespaceId>) -> Result<Answer, Fault> {
    let limit = ctx.query.page(1000)?.1;
    // `takes` has refused what is no number.
    let time = |name: &str| ctx.query.text(name).and_then(|text| text.parse().ok());
    let times = (time("from"), time("to"));
    let before = match ctx.query.text("before") {
        None => u64::MAX,
        Some(text) => {
            let unknown = || {
                Fault::InvalidNamespace(format!(
                    "The parameter 'before' is the 'next' of an earlier page, not '{text}'"
                ))
            };
            text.parse().map_err(|_| unknown())?
        }
    };
    app.access.audit.written().await;
    let there = Arc::clone(app);
    let page = app.service.work(Class::List, move || there.service.audit(namespace, times, before, limit));
    let AuditPage { entries: listing, next } = page.await?;
    let rest = next.map_or_else(String::new, |next| format!(r#","next":"{next}""#));
    let ends = (r#"{"entries":["#.to_owned(), format!("]{rest}}}"));
    pieces::between(app, listing, ends, 0, |_, entry, out| pieces::json(&shown(&entry), out)).await
}
