//! Changing the mode of a subject or context.

use super::{config, delete, ids};
use crate::fault::Fault;
use model::{Context, Mode, Record, RegistryRecord, Subject, SubjectPrefix};
use state::{State, SubjectSummary};
use std::collections::BTreeSet;
use std::ops::ControlFlow;

/// Set IMPORT although subjects exist?
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Force {
    /// Refuse.
    No,
    /// Do it (`force=true`).
    Yes,
}

/// What a change of mode writes.
///
/// Switching to IMPORT needs a scope without undeleted versions, unless it is in IMPORT already or forced; what is left
/// there soft-deleted vanishes for good.
///
/// # Errors
/// `CannotImport`, `Referenced`, `ForwardModeNotGlobal`, those of the store.
pub fn plan(state: &dyn State, scope: &Subject, mode: Option<Mode>, force: Force) -> Result<Vec<Record>, Fault> {
    if mode == Some(Mode::Forward) && *scope != config::last_resort_scope() {
        return Err(Fault::ForwardModeNotGlobal);
    }
    let mut records = Vec::new();
    if mode == Some(Mode::Import) && force == Force::No && config::mode_in_scope(state, scope)? != Mode::Import {
        let remains = soft_deleted_only(state, scope)?;
        for subject in &remains {
            records.extend(delete::purge(state, subject)?);
        }
        let contexts: BTreeSet<&Context> = remains.iter().map(Subject::context).collect();
        for context in contexts {
            records.extend(ids::remember(state, context)?);
        }
        if !remains.is_empty() {
            // In the log the empty scope would mean the default context alone.
            let cleared = if *scope == config::global_scope() { config::last_resort_scope() } else { scope.clone() };
            records.push(Record::Registry(RegistryRecord::ClearSubject { scope: cleared }));
        }
    }
    records.push(Record::Registry(RegistryRecord::Mode { scope: scope.clone(), mode }));
    Ok(records)
}

/// Subjects of a scope, when none of them has an undeleted version.
fn soft_deleted_only(state: &dyn State, scope: &Subject) -> Result<Vec<Subject>, Fault> {
    let mut found: Vec<Subject> = Vec::new();
    let mut live = false;
    let mut visit = |subject: Subject, summary: SubjectSummary| {
        live |= summary.live > 0;
        found.push(subject);
        if live { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    // The global scope and `:.__GLOBAL:` cover all contexts, a named context its subjects, a subject itself.
    if !scope.is_context() {
        if let Some(summary) = state.subject(scope)? {
            let _ = visit(scope.clone(), summary);
        }
    } else if !(scope.context().is_default() || scope.context().is_global()) {
        state.subjects(&SubjectPrefix::of_context(scope.context()), &mut visit)?;
    } else if state.totals()?.live_versions > 0 {
        return Err(Fault::CannotImport);
    } else {
        state.subjects(&SubjectPrefix::EveryContext(String::new()), &mut visit)?;
    }
    if live { Err(Fault::CannotImport) } else { Ok(found) }
}
