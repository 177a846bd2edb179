//! The server as judge of an index body: asked by `flusso check`, creates nothing.

use std::sync::Arc;
use std::time::Duration;

use flusso_runtime::error::{Error, ErrorKind, Result};
use flusso_runtime::progress::{Shutdown, Silent};
use flusso_runtime::secret::Resolver;
use flusso_schemas::lock::OpenSearchPlan;
use serde_json::{Value, json};

use crate::backoff::random;
use crate::client::{Client, blocked};
use crate::endpoint;
use crate::server_error::ServerError;

/// Bits that a random number loses to be a priority: it is a `long` that is not negative.
const PRIORITY_SHIFT: u32 = 2;

/// Sends an index body (`{"settings": …, "mappings": …}`) to the sink's server and returns its objection,
/// `None` if it accepts the body. [`ErrorKind::Unreachable`] if there is no connection.
pub async fn judge_body(
    name: &str,
    plan: &OpenSearchPlan,
    allow_commands: bool,
    body: &Value,
) -> Result<Option<String>> {
    let transport = endpoint::transport(plan, &resolver(name, allow_commands))?;
    let timeout = Duration::from_millis(plan.bulk_timeout_ms);
    let client = Client::new(transport, timeout, Arc::new(Silent), Shutdown::default());
    judge(&client, body).await
}

/// Resolves references of the sink of this name.
pub(crate) fn resolver(name: &str, allow_commands: bool) -> Resolver {
    Resolver::new(format!("the sink `{name}`"), allow_commands)
}

/// The server's objection to a body; `None` if it accepts it.
pub(crate) async fn judge(client: &Client, body: &Value) -> Result<Option<String>> {
    // A pattern of its own, so that no template of others is composed in or collides.
    let pattern = format!("flusso-judge-{:016x}", random());
    // Every priority may be taken by a template for `*`, which would collide with ours: two of one priority
    // whose patterns overlap are refused, whatever is in them.
    let priority = random() >> PRIORITY_SHIFT;
    let template = json!({ "index_patterns": [pattern], "priority": priority, "template": body });
    let answered = client.post("/_index_template/_simulate", &template).await?;
    if answered.response.is_success() {
        return Ok(None);
    }
    let error = ServerError::of(&answered.response);
    if error.is_block() {
        return Err(blocked(&error));
    }
    if error.error_type.is_empty() {
        let status = answered.response.status;
        let message = format!("{} answers {status} to a simulation", client.transport().shown());
        return Err(Error::new(ErrorKind::Unreachable, message));
    }
    // The outer causes name our throw-away template.
    Ok(Some(error.deepest().reason_text().to_owned()))
}
