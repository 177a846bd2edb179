//! `role-cannot-replicate`: the role may not read changes.

use crate::prelude::*;
use crate::source::statements;

pub(crate) static LINT: Lint = Lint {
    name: "role-cannot-replicate",
    level: Level::Deny,
    adjustable: true,
    group: Group::Capture,
    needs: Needs::Catalog,
    exit: Exit::Findings,
    summary: "The role of the connection lacks the `REPLICATION` attribute, so it cannot read changes.",
    why: "\
Reading a replication slot needs the attribute, or the role that a managed service has instead of it: \
`rds_replication` on Amazon RDS and Aurora, `azure_pg_admin` on Azure, `cloudsqlsuperuser` on Cloud SQL, \
`alloydbsuperuser` on AlloyDB. Lower the level where CI checks with another role than the one that runs \
flusso.",
    example: None,
};

/// Roles by which managed services let a role replicate that lacks the attribute.
pub const SERVICE_ROLES: [&str; 4] =
    ["alloydbsuperuser", "azure_pg_admin", "cloudsqlsuperuser", "rds_replication"];

/// The role may not replicate.
pub fn finding(role: &str) -> Finding {
    LINT.live(format!("role `{role}` has no `REPLICATION` attribute, so it cannot read changes"))
        .about("server")
        .with_help(grant(role))
}

/// What lets a role replicate.
pub fn grant(role: &str) -> String {
    format!(
        "run `{}`, or grant it your service's replication role ({})",
        statements::allow_replication(role),
        listed(&SERVICE_ROLES, "or")
    )
}
