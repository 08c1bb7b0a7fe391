//! `/associations`: default-configured serializers ask these before anything else. No association can be made yet, so every
//! list is empty; what the reference checks in the parameters is checked.

use super::{Answer, Ask};
use crate::fault::Fault;

/// `GET /associations/…`
pub fn list(ask: &Ask) -> Result<Answer, Fault> {
    match ask.query.text("lifecycle") {
        None | Some("STRONG" | "WEAK") => {}
        Some(_) => return Err(Fault::NoSuchResource),
    }
    ask.query.page(1000)?;
    Ok(Answer::text("[]"))
}
