//! `name-too-long`: a name is longer than Postgres keeps.

use crate::prelude::*;

pub(crate) static LINT: Lint = Lint {
    name: "name-too-long",
    level: Level::Deny,
    adjustable: false,
    group: Group::Types,
    needs: Needs::Config,
    exit: Exit::Findings,
    summary: "A name of a slot, publication or schema is longer than 63 bytes.",
    why: "\
Postgres truncates longer names without an error. The publication or slot would exist under another name than the one \
in the file, and two long names could become the same. Write a shorter name.",
    example: Some(Example {
        bad: "    publication: pppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppp",
        good: "    publication: shop_changes",
    }),
};

/// The key and how many bytes its name has.
pub fn finding(key: &str, bytes: usize, place: Place) -> Diagnostic {
    LINT.at(place, format!("`{key}` has {}: Postgres truncates names to 63", counted(bytes, "byte")))
        .help("write a name of at most 63 bytes")
}
