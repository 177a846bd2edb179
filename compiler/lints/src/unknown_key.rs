//! `unknown-key`: a map has a key that means nothing there.

use crate::prelude::*;

/// Public because keys that begin with `x-` are exempted after a file was read.
pub static LINT: Lint = Lint {
    name: "unknown-key",
    level: Level::Deny,
    adjustable: false,
    group: Group::Reading,
    needs: Needs::Config,
    exit: Exit::Findings,
    summary: "A key or operator is unknown where it is written.",
    why: "\
An unknown key would have no effect, and a misspelt one would leave out what it was meant to say: a `where` that is \
not read indexes every row. Words from other tools (`type`, `foreign_key`, `filter`) are answered with the word that \
flusso uses. Keys at the top of a file that begin with `x-` are free for anchors and notes.",
    example: Some(Example { bad: "  id: { type: long }", good: "  id: { kind: long }" }),
};

/// A key that nothing known comes near. `what` is the map: `a field`, `the project file`.
pub fn finding(key: &str, what: &str, known: &[&str], place: Place) -> Diagnostic {
    LINT.at(place, unknown(key, what)).help(format!("use one of {}", listed(known, "and")))
}

/// A key for which one of ours must be meant.
pub fn renamed(key: &str, what: &str, ours: &str, place: Place) -> Diagnostic {
    LINT.at(place.clone(), unknown(key, what))
        .help(format!("write `{ours}` instead of `{key}`"))
        .fix(place, ours)
}

/// A key for which one of ours may be meant, or whose value is written in another way there.
pub fn near(key: &str, what: &str, near: &str, known: &[&str], place: Place) -> Diagnostic {
    LINT.at(place, unknown(key, what)).help(format!("write `{near}`, or one of {}", listed(known, "and")))
}

/// A key for which one of ours must be meant, which is there already.
pub fn beside_ours(key: &str, what: &str, ours: &str, place: Place) -> Diagnostic {
    LINT.at(place, format!("{}, which has `{ours}` already", unknown(key, what)))
        .help(format!("remove `{key}`"))
}

/// A word that later versions will give a meaning.
pub fn reserved(key: &str, place: Place) -> Diagnostic {
    LINT.at(place, format!("unknown key `{key}`: the word is reserved for a later version"))
        .help(format!("remove `{key}`"))
}

/// A parameter of the mapping beside `kind`.
pub fn mapping_parameter(key: &str, place: Place) -> Diagnostic {
    LINT.at(place, format!("unknown key `{key}`: mapping parameters belong under `options`"))
        .help(format!("write `options: {{ {key}: … }}`"))
}

/// `nullable` or `optional`, which say the opposite of `required`. `whole` is the key with its value.
pub fn opposite_of_required(
    key: &str,
    what: &str,
    value: Option<bool>,
    place: Place,
    whole: Place,
) -> Diagnostic {
    let found = LINT.at(place, unknown(key, what));
    let Some(nullable) = value else {
        return found.help("write `required: true` where the value is never null, or remove the key");
    };
    let meant = format!("required: {}", !nullable);
    found.help(format!("write `{meant}` instead of `{key}: {nullable}`")).fix(whole, meant)
}

/// `kind:long`: without a space after the colon it is one word.
pub fn without_space(key: &str, word: &str, value: &str, place: Place) -> Diagnostic {
    let message = format!("`{key}` has no space after the colon, so it is one word and not the key `{word}`");
    LINT.at(place.clone(), message).instead(place, format!("{word}: {value}"))
}

/// `sql: coalesce(a, b)` inside `{ }`: the comma ends the value. `cut` is the key and what is left of its value.
pub fn after_comma(rest: &str, cut: Option<(&str, &str)>, place: Place) -> Diagnostic {
    match cut {
        Some((key, value)) => LINT
            .at(place, format!("the comma ends `{key}` after `{value}`, so `{rest}` becomes a key"))
            .help(format!("quote the value: `{key}: \"{value}, {rest}\"`")),
        None => LINT
            .at(place, format!("`{rest}` follows a comma, so it becomes a key"))
            .help("quote the value that contains the comma"),
    }
}

/// An operator of a condition that nothing known comes near.
pub fn operator(operator: &str, known: &[&str], place: Place) -> Diagnostic {
    LINT.at(place, format!("unknown operator `{operator}`"))
        .help(format!("use one of {}", listed(known, "and")))
}

/// An operator for which one of ours must be meant.
pub fn renamed_operator(operator: &str, ours: &str, place: Place) -> Diagnostic {
    LINT.at(place.clone(), format!("unknown operator `{operator}`")).instead(place, ours)
}

/// An operator for equality such as `eq` or `in`, which needs none here: `meant` is the whole test.
pub fn equality_operator(operator: &str, meant: &str, place: Place) -> Diagnostic {
    LINT.at(place, format!("unknown operator `{operator}`: a value or a list alone tests for equality"))
        .help(format!("write `{meant}`"))
}

/// An operator for null such as `is_null`: `meant` is the whole test.
pub fn null_operator(operator: &str, meant: &str, place: Place) -> Diagnostic {
    LINT.at(place, format!("unknown operator `{operator}`: `null` is tested like any other value"))
        .help(format!("write `{meant}`"))
}

/// A word from habit whose idea is written in another shape here; none where it is not one.
pub fn from_habit(key: &str, known: &[&str], place: Place) -> Option<Diagnostic> {
    let habit =
        HABITS.iter().find(|habit| habit.words.contains(&key) && known.contains(&habit.where_known))?;
    Some(LINT.at(place, format!("unknown key `{key}`: {}", habit.because)).help(habit.help))
}

fn unknown(key: &str, what: &str) -> String {
    format!("unknown key `{key}` in {what}")
}

/// Words whose idea has another shape here.
struct Habit {
    words: &'static [&'static str],
    /// A key that only the maps have where the word is written.
    where_known: &'static str,
    because: &'static str,
    help: &'static str,
}

const HABITS: &[Habit] = &[
    Habit {
        words: &["relation", "relationship"],
        where_known: "belongs_to",
        because: "a relation begins with its verb",
        help: "write `belongs_to: table`, `has_one: table`, `has_many: table` or `many_to_many: table`",
    },
    Habit {
        words: &["nested"],
        where_known: "kind",
        because: "`nested` is a kind",
        help: "write `kind: nested` beside `has_many`",
    },
    Habit {
        words: &["object"],
        where_known: "fields",
        because: "`fields` makes an object",
        help: "write `fields: { … }`",
    },
    Habit {
        words: &["name", "label", "rename"],
        where_known: "kind",
        because: "the field's key is its name in the document",
        help: "write the name as the field's key, and `column` for the column",
    },
    Habit {
        words: &["copy_to"],
        where_known: "copy_from",
        because: "the field that receives the values lists their sources",
        help: "write `copy_from: [field]` in the field that receives them",
    },
    Habit {
        words: &["asc", "desc"],
        where_known: "order_by",
        because: "the direction follows its column",
        help: "write `order_by: [{ column: desc }]`",
    },
    Habit {
        words: &["ids", "values", "array"],
        where_known: "has_many",
        because: "a list of values is a relation",
        help: "write `has_many: table` with `value` and `kind`",
    },
    Habit {
        words: &["any"],
        where_known: "exists",
        because: "`exists` tests whether there are rows",
        help: "write `exists: table`",
    },
    Habit {
        words: &["soft_delete", "deleted_at"],
        where_known: "where",
        because: "`where` excludes deleted rows",
        help: "write `where: { deleted_at: null }`",
    },
    Habit { words: &["schema"], where_known: "table", because: SCHEMA, help: SCHEMA_HELP },
    Habit { words: &["schema"], where_known: "via", because: SCHEMA, help: SCHEMA_HELP },
    Habit {
        words: &["number_of_shards", "number_of_replicas", "refresh_interval"],
        where_known: "settings",
        because: "it is a setting of the index",
        help: "write it under `settings`",
    },
];

const SCHEMA: &str = "the schema is part of the table's name";
const SCHEMA_HELP: &str = "write `schema.table`";
