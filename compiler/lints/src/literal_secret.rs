//! `literal-secret`: a password is written out.

use crate::prelude::*;

/// Public because a password is reported once, however a file is broken around it.
pub static LINT: Lint = Lint {
    name: "literal-secret",
    level: Level::Deny,
    adjustable: false,
    group: Group::Hygiene,
    needs: Needs::Config,
    exit: Exit::Findings,
    summary: "A password or another credential is written in a file.",
    why: "\
Everyone who can read the repository, its history or a build log has the credential, and deleting the line does not \
take it out of the history. Write a reference to an environment variable, a file or a command, which flusso reads \
when it connects; then change the credential. A user name is not a secret. Findings never repeat the value. In other \
texts a credential is the password of a URL, or what is assigned to a whole word such as `password`; a placeholder \
(`user:password@host`), a pattern and a reference without a default do not count.",
    example: Some(Example {
        bad: "    url: postgres://app:hunter2@db.example.org/shop",
        good: "    url: \"${DATABASE_URL}\"",
    }),
};

/// A credential as plain text; `variable` is what its variable could be called.
pub fn written_out(path: &str, variable: &str, place: Place) -> Diagnostic {
    LINT.at(
        place,
        format!("`{path}` is written out, so everyone who can read this file or its history has it"),
    )
    .help(format!("write a reference such as `${{{variable}}}`, {CHANGE}"))
}

/// A credential as the default of a reference, whose name may be a part of the credential, so it is not repeated.
pub fn default(path: &str, place: Place) -> Diagnostic {
    let message = format!(
        "the default of `{path}` is written out, so everyone who can read this file or its history has it"
    );
    LINT.at(place, message).help(format!("leave the default out, {CHANGE}"))
}

/// A password between `//` and `@`; `variable` is what the URL's variable could be called.
pub fn password_in_url(path: &str, variable: &str, place: Place) -> Diagnostic {
    let message =
        format!("`{path}` contains a password, so everyone who can read this file or its history has it");
    LINT.at(place, message).help(format!("write `\"${{{variable}}}\"` or another reference, {CHANGE}"))
}

/// Something like a password in a text that should have none.
pub fn password_in_text(path: &str, place: Place) -> Diagnostic {
    let message = format!(
        "`{path}` seems to contain a password, so everyone who can read this file or its history has it"
    );
    LINT.at(place, message).help(format!("write it as `password: \"${{PASSWORD}}\"`, {CHANGE}"))
}

/// A credential, such as a URL's, in a text that has no use for one.
pub fn credential_in_text(path: &str, place: Place) -> Diagnostic {
    let message = format!(
        "`{path}` has a credential in it, so everyone who can read this file, its history or the lock has it"
    );
    LINT.at(place, message)
        .help("remove the credential from the text and change it, because the history keeps it")
}

const CHANGE: &str = "and change the credential, because the history keeps it";
