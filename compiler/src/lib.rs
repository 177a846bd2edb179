//! From a project's text and what is observed of its source to diagnostics and a lock. Pure: it opens
//! no file, no socket, no environment and no clock.
