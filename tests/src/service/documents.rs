//! Documents from a real Postgres: right at every chunk size, and what no snapshot may get wrong.

mod bounds;
mod expressions;
mod extensions;
mod judged;
mod keywords;
mod odd;
mod outputs;
pub(super) mod rig;
mod rules;
mod shop;
mod types;
