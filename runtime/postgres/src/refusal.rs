//! Errors of the server in words that quote no row.

/// Message and SQLSTATE. Messages of classes 22 and 23, and those that a function raises by itself, quote
/// values: they are replaced by what the code means.
pub(crate) fn words(code: &str, message: &str) -> String {
    match code.get(..2) {
        Some("22" | "23" | "P0") => match meaning(code) {
            Some(meaning) => format!("{meaning} ({code})"),
            None => format!("SQLSTATE {code}"),
        },
        _ => format!("{message} ({code})"),
    }
}

/// What a code says of a value, for those that a query over legal rows may meet.
fn meaning(code: &str) -> Option<&'static str> {
    Some(match code {
        "22001" => "text too long for its type",
        "22003" => "number out of range",
        "22004" => "null where a value is needed",
        "22005" | "22P05" => "character that cannot be converted",
        "22007" => "invalid date or time",
        "22008" => "date or time out of range",
        "22009" => "time zone offset out of range",
        "22011" => "substring of a negative length",
        "22012" => "division by zero",
        "22021" => "character that the encoding does not have",
        "22023" => "invalid argument of a function",
        "22026" => "bit string of another length",
        "22030" => "duplicate key in JSON",
        "22032" => "invalid JSON",
        "2201B" => "invalid regular expression",
        "2201E" => "logarithm of a number that has none",
        "2201F" => "power of a number that has none",
        "2202E" => "array subscript out of range",
        "22P01" => "floating-point exception",
        "22P02" => "text that is not a value of its type",
        "22P03" => "invalid binary value",
        "P0001" => "error raised by a function",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_quote_a_row_is_replaced_by_what_its_code_means() {
        let quoting = "invalid input syntax for type integer: \"4111 1111 1111 1111\"";
        assert_eq!(words("22P02", quoting), "text that is not a value of its type (22P02)");
        assert_eq!(words("22ZZZ", quoting), "SQLSTATE 22ZZZ");
        assert_eq!(words("42703", "column \"x\" does not exist"), "column \"x\" does not exist (42703)");
    }
}
