//! The main job over real services with the real binary: from YAML to documents that are true, through
//! changes, kills and mistakes.

mod aliases;
mod bystanders;
mod changes;
mod databases;
mod failpoints;
mod hot;
mod kills;
mod locks;
mod mishaps;
mod mistakes;
mod names;
mod renames;
mod restored;
mod strangers;
mod under_load;
