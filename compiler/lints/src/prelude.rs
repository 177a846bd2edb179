//! What every lint's file uses.

pub(crate) use flusso_schemas::report::{Finding, Level};

pub(crate) use crate::diagnostic::{Diagnostic, Place};
pub(crate) use crate::lint::{Example, Exit, Group, Lint, Needs};
pub(crate) use crate::words::{close, counted, listed};
