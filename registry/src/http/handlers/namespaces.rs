//! `/namespaces`

use super::{Answer, RequestContext};
use crate::app::App;
use crate::http::pieces::{self, HERE};
use crate::http::wire::entity_tag;
use crate::http::wire::namespace::{self as wire, parsed, shown, summarised, tag};
use crate::http::{alias, body};
use authz::{Action, Ownership, Resource, Scope, Topic};
use model::{Claim, Context, MemberRole, Namespace, NamespaceName, Principal, Subject};
use rules::fault::Fault;
use rules::namespace::{Edit, Expect, IfMissing};
use serde_json::{Value, json};
use service::listing::Listing;
use service::{Change, Confirm, Done, Edited, Owned};
use std::sync::Arc;

/// `GET /namespaces`: what is short about each. Members, claims and the rest have addresses of their own.
pub async fn list(app: &Arc<App>, ctx: &RequestContext) -> Result<Answer, Fault> {
    let (offset, limit) = ctx.query.page(1000)?;
    let listing = app.service.namespaces(offset, limit);
    pieces::array(app, listing, HERE, |_, summary, out| pieces::json(&summarised(&summary), out)).await
}

/// `GET /namespaces/-/orphans`
pub async fn orphans(app: &Arc<App>, ctx: &RequestContext) -> Result<Answer, Fault> {
    let (offset, limit) = ctx.query.page(1000)?;
    names(app, app.service.orphans(offset, limit)).await
}

async fn names(app: &Arc<App>, listing: Listing<Owned>) -> Result<Answer, Fault> {
    pieces::array(app, listing, HERE, |_, subject, out| pieces::json(&subject.as_str(), out)).await
}

/// `GET /namespaces/{namespace}`
pub fn get(app: &App, _: &RequestContext, name: &str) -> Result<Answer, Fault> {
    let ownership = app.service.ownership();
    let whole = shown(existing(&ownership, name)?).to_string();
    let tag = entity_tag(whole.as_bytes());
    Ok(Answer::text(whole).tagged(tag))
}

/// `GET /namespaces/{namespace}/members`
pub fn members(app: &App, ctx: &RequestContext, name: &str) -> Result<Answer, Fault> {
    let ownership = app.service.ownership();
    let namespace = existing(&ownership, name)?;
    let (offset, limit) = ctx.query.page(1000)?;
    let page = namespace.members.iter().skip(offset).take(limit);
    let page: Value = page.map(|(who, role)| (who.to_string(), Value::from(role.as_str()))).collect();
    Ok(Answer::json(&page).tagged(tag(namespace)))
}

/// `GET /namespaces/{namespace}/claims`
pub fn claims(app: &App, ctx: &RequestContext, name: &str) -> Result<Answer, Fault> {
    let ownership = app.service.ownership();
    let namespace = existing(&ownership, name)?;
    let (offset, limit) = ctx.query.page(1000)?;
    let page: Value = namespace.claims.iter().skip(offset).take(limit).map(Claim::to_string).collect();
    Ok(Answer::json(&page).tagged(tag(namespace)))
}

/// A namespace that is there, whatever text names it.
fn existing<'a>(ownership: &'a Ownership, name: &str) -> Result<&'a Namespace, Fault> {
    ownership.namespace(name).ok_or_else(|| Fault::NamespaceNotFound(name.to_owned()))
}

/// `PUT /namespaces/{namespace}`: the whole namespace.
pub async fn put(app: &App, ctx: &RequestContext, name: Result<NamespaceName, Fault>) -> Result<Answer, Fault> {
    let name = name?;
    let governed = Governed::of(app, ctx, name.clone())?;
    let sent = wire::read(&ctx.object(app, "putNamespace.body", "Namespace").await?, name)?;
    let edit: Edit = Arc::new(move |namespace| {
        namespace.clone_from(&sent);
        Ok(())
    });
    Ok(edited(&governed.edit(app, ctx, IfMissing::Make, edit).await?))
}

/// `DELETE /namespaces/{namespace}`
pub async fn delete(app: &App, ctx: &RequestContext, name: Result<NamespaceName, Fault>) -> Result<Answer, Fault> {
    let change = ctx.change(app, Action::Administer, name?)?;
    let done = app.service.delete_namespace(change, expected(ctx)?, confirm(ctx)).await?;
    Ok(Answer::json(&shown(&done.answer)).wrote(done.wrote))
}

/// `PUT /namespaces/{namespace}/members/{principal}`, with the role as `{"role": "writer"}`.
pub async fn put_member(
    app: &App,
    ctx: &RequestContext,
    name: Result<NamespaceName, Fault>,
    who: Result<Principal, Fault>,
) -> Result<Answer, Fault> {
    let governed = Governed::of(app, ctx, name?)?;
    let who = who?;
    let object = wire::only(ctx.object(app, "putMember.body", "Member").await?, "A member", &["role"])?;
    let role = body::text(&object, "role")?.ok_or_else(|| {
        Fault::InvalidNamespace("A member needs a role: {\"role\": \"writer\"} or {\"role\": \"owner\"}".into())
    })?;
    let role: MemberRole = parsed(&role)?;
    let edit: Edit = Arc::new(move |namespace| {
        namespace.members.insert(who.clone(), role);
        Ok(())
    });
    Ok(edited(&governed.edit(app, ctx, IfMissing::Refuse, edit).await?))
}

/// `DELETE /namespaces/{namespace}/members/{principal}`
pub async fn delete_member(
    app: &App,
    ctx: &RequestContext,
    name: Result<NamespaceName, Fault>,
    who: Result<Principal, Fault>,
) -> Result<Answer, Fault> {
    let governed = Governed::of(app, ctx, name?)?;
    let who = who?;
    let edit: Edit = Arc::new(move |namespace| {
        let missing = || Fault::InvalidNamespace(format!("{who} is no member of '{}'", namespace.name));
        namespace.members.remove(&who).map(drop).ok_or_else(missing)
    });
    Ok(edited(&governed.edit(app, ctx, IfMissing::Refuse, edit).await?))
}

/// `PUT /namespaces/{namespace}/claims/{claim}`: makes a claim, or accepts one that is offered.
pub async fn put_claim(
    app: &App,
    ctx: &RequestContext,
    name: Result<NamespaceName, Fault>,
    claim: Result<Claim, Fault>,
) -> Result<Answer, Fault> {
    let governed = Governed::of(app, ctx, name?)?;
    let claim = claim?;
    let edit: Edit = Arc::new(move |namespace| {
        namespace.claims.insert(claim.clone());
        Ok(())
    });
    Ok(edited(&governed.edit(app, ctx, IfMissing::Refuse, edit).await?))
}

/// `DELETE /namespaces/{namespace}/claims/{claim}`: gives a claim up.
pub async fn delete_claim(
    app: &App,
    ctx: &RequestContext,
    name: Result<NamespaceName, Fault>,
    claim: Result<Claim, Fault>,
) -> Result<Answer, Fault> {
    let governed = Governed::of(app, ctx, name?)?;
    let claim = claim?;
    let edit: Edit = Arc::new(move |namespace| {
        let missing = || Fault::InvalidNamespace(format!("'{}' does not claim {claim}", namespace.name));
        if namespace.claims.remove(&claim) { Ok(()) } else { Err(missing()) }
    });
    Ok(edited(&governed.edit(app, ctx, IfMissing::Refuse, edit).await?))
}

/// `PUT /namespaces/{namespace}/offers/{claim}`: offers a claim, or one below it, as `{"to": "cards"}`. It passes when an owner
/// of that namespace claims it.
pub async fn put_offer(
    app: &App,
    ctx: &RequestContext,
    name: Result<NamespaceName, Fault>,
    claim: Result<Claim, Fault>,
) -> Result<Answer, Fault> {
    let governed = Governed::of(app, ctx, name?)?;
    let claim = claim?;
    let object = wire::only(ctx.object(app, "putOffer.body", "Offer").await?, "An offer", &["to"])?;
    let to = body::text(&object, "to")?.ok_or_else(|| {
        Fault::InvalidNamespace("An offer needs the namespace that may claim it: {\"to\": \"cards\"}".into())
    })?;
    let to: NamespaceName = parsed(&to)?;
    let edit: Edit = Arc::new(move |namespace| {
        namespace.offers.insert(claim.clone(), to.clone());
        Ok(())
    });
    Ok(edited(&governed.edit(app, ctx, IfMissing::Refuse, edit).await?))
}

/// `DELETE /namespaces/{namespace}/offers/{claim}`: takes an offer back.
pub async fn delete_offer(
    app: &App,
    ctx: &RequestContext,
    name: Result<NamespaceName, Fault>,
    claim: Result<Claim, Fault>,
) -> Result<Answer, Fault> {
    let governed = Governed::of(app, ctx, name?)?;
    let claim = claim?;
    let edit: Edit = Arc::new(move |namespace| {
        let missing = || Fault::InvalidNamespace(format!("'{}' does not offer {claim}", namespace.name));
        namespace.offers.remove(&claim).map(drop).ok_or_else(missing)
    });
    Ok(edited(&governed.edit(app, ctx, IfMissing::Refuse, edit).await?))
}

/// `PUT /namespaces/{namespace}/contact`, as `{"contact": "#payments"}`.
pub async fn put_contact(app: &App, ctx: &RequestContext, name: Result<NamespaceName, Fault>) -> Result<Answer, Fault> {
    let governed = Governed::of(app, ctx, name?)?;
    let object = wire::only(ctx.object(app, "putContact.body", "Contact").await?, "A contact", &["contact"])?;
    let contact = body::text(&object, "contact")?.filter(|contact| !contact.is_empty());
    let edit: Edit = Arc::new(move |namespace| {
        namespace.contact.clone_from(&contact);
        Ok(())
    });
    Ok(edited(&governed.edit(app, ctx, IfMissing::Refuse, edit).await?))
}

/// `PUT /namespaces/{namespace}/labels`: all of them, as `{"tier": "1"}`.
pub async fn put_labels(app: &App, ctx: &RequestContext, name: Result<NamespaceName, Fault>) -> Result<Answer, Fault> {
    let governed = Governed::of(app, ctx, name?)?;
    let labels = wire::labels(&ctx.object(app, "putLabels.body", "Labels").await?)?;
    let edit: Edit = Arc::new(move |namespace| {
        namespace.labels.clone_from(&labels);
        Ok(())
    });
    Ok(edited(&governed.edit(app, ctx, IfMissing::Refuse, edit).await?))
}

/// `GET /namespaces/{namespace}/subjects`
pub async fn subjects(app: &Arc<App>, ctx: &RequestContext, name: &str) -> Result<Answer, Fault> {
    let (offset, limit) = ctx.query.page(i32::MAX as usize)?;
    names(app, app.service.subjects_of(name, offset, limit)?).await
}

/// `GET /namespaces/{namespace}/can-i?action=register&subject=payments-value`: what would be decided about whoever asks, on a
/// subject, on a topic, on a context, or on the namespace itself, which need not exist yet.
pub fn can_i(app: &App, ctx: &RequestContext, name: Result<NamespaceName, Fault>) -> Result<Answer, Fault> {
    let name = name?;
    let word = ctx.query.text("action").unwrap_or_default();
    let action = Action::parse(word).ok_or_else(|| {
        let known: Vec<&str> = Action::ALL.iter().map(|action| action.as_str()).collect();
        Fault::InvalidNamespace(format!("There is no action '{word}'; there are {}", known.join(", ")))
    })?;
    let (subject, topic, context);
    let of = |parameter: &str| ctx.query.text(parameter);
    if ["subject", "topic", "context"].into_iter().filter_map(of).count() > 1 {
        return Err(Fault::BadParameter("Only one of subject, topic and context can be asked about at once".into()));
    }
    let scope = if let Some(text) = of("subject") {
        subject = alias::meant(&app.service, action, Subject::parse(text))?;
        subject.scope()
    } else if let Some(text) = of("topic") {
        topic = Topic::new(text);
        topic.scope()
    } else if let Some(text) = of("context") {
        let missing = || Fault::InvalidNamespace(format!("'{text}' is no context; a context begins with a dot"));
        context = Context::new(text).ok_or_else(missing)?;
        Scope::of_context(&context)
    } else {
        Scope::Namespace(&name)
    };
    let judged = app.access.gate.authorizer.judge(&ctx.caller, action, scope);
    let mut answer = json!({
        "allowed": judged.is_allowed(),
        "principal": ctx.caller.to_string(),
        "action": action.as_str(),
        "kind": scope.kind(),
        "resource": scope.to_string(),
        "owner": judged.namespace.as_ref().map(|owner| owner.as_str()),
        "role": judged.role.as_str(),
        "rule": judged.rule.to_string(),
    });
    if let Some(refusal) = &judged.refusal {
        answer["reason"] = refusal.to_string().into();
    }
    Ok(Answer::json(&answer))
}

/// Permission to change a namespace.
struct Governed(Change<NamespaceName>);

impl Governed {
    fn of(app: &App, ctx: &RequestContext, name: NamespaceName) -> Result<Self, Fault> {
        // What does not exist yet is an admin's to make; what does, also its owner's.
        let exists = app.service.ownership().namespace(name.as_str()).is_some();
        let action = if exists { Action::Govern } else { Action::Administer };
        Ok(Governed(ctx.change(app, action, name)?))
    }

    async fn edit(
        self,
        app: &App,
        ctx: &RequestContext,
        if_missing: IfMissing,
        edit: Edit,
    ) -> Result<Done<Edited>, Fault> {
        app.service.edit_namespace(self.0, expected(ctx)?, if_missing, confirm(ctx), edit).await
    }
}

fn confirm(ctx: &RequestContext) -> Confirm {
    if ctx.query.flag("dryRun") {
        Confirm::DryRun
    } else if ctx.query.flag("confirm") {
        Confirm::Yes
    } else {
        Confirm::Ask
    }
}

fn edited(done: &Done<Edited>) -> Answer {
    let Edited { namespace, created, handovers } = &done.answer;
    let mut answer = shown(namespace);
    if handovers.count > 0 {
        let name = |name: &Option<NamespaceName>| name.as_ref().map(|name| name.as_str().to_owned());
        let one = |handover: &authz::claims::Handover| json!({ "subject": handover.subject.as_str(), "from": name(&handover.from), "to": name(&handover.to) });
        answer["handovers"] = handovers.first.iter().map(one).collect();
        answer["handoverCount"] = handovers.count.into();
    }
    let status = if *created && done.wrote { 201 } else { 200 };
    Answer::json(&answer).with_status(status).tagged(tag(namespace)).wrote(done.wrote)
}

/// `If-Match` and `If-None-Match: *`.
fn expected(ctx: &RequestContext) -> Result<Expect, Fault> {
    match (&ctx.conditions.if_match, &ctx.conditions.if_none_match) {
        (Some(tags), _) => Ok(Expect::Tagged(tags.split(',').map(|tag| tag.trim().to_owned()).collect(), tag)),
        (None, Some(star)) if star.trim() == "*" => Ok(Expect::Absent),
        _ => Ok(Expect::Anything),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_namespace_is_read_as_it_is_shown() {
        let text = r##"{"name":"payments","claims":["=payments-value",":.eu:payments"],"members":{"user:basic/alice":"owner"},"offers":{"payments.cards":"cards"},"contact":"#payments","labels":{"tier":"1"},"visibility":"open","referrers":"members"}"##;
        let object = body::object(text.as_bytes(), "x", "X").unwrap();
        let namespace: Namespace = wire::read(&object, "payments".parse().unwrap()).unwrap();
        assert_eq!(shown(&namespace).to_string(), text);
        let other = Namespace { contact: None, ..namespace.clone() };
        assert_ne!(tag(&namespace), tag(&other));
    }

    #[test]
    fn what_is_no_namespace_is_refused_with_the_reason() {
        #[track_caller]
        fn check(text: &str, reason: &str) {
            let object = body::object(text.as_bytes(), "x", "X").unwrap();
            match wire::read(&object, "payments".parse().unwrap()) {
                Err(Fault::InvalidNamespace(message) | Fault::BadBody(message)) => {
                    assert!(message.contains(reason), "{message}");
                }
                other => panic!("{other:?}"),
            }
        }
        check(r#"{"member":{}}"#, "no 'member'");
        check(r#"{"name":"risk"}"#, "names namespace 'risk'");
        check(r#"{"claims":["payments."]}"#, "ends in the separator");
        check(r#"{"claims":"payments"}"#, "`List`");
        check(r#"{"members":{"alice":"owner"}}"#, "names no principal");
        check(r#"{"members":{"user:basic/alice":"boss"}}"#, "known: writer, owner");
        check(r#"{"visibility":"hidden"}"#, "known: open");
    }
}
