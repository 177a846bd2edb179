//! Flags that come from a variable: on or off in the words that people use, and nothing guessed.

/// Reads `true` or `false` in one of its spellings. An empty variable is one that is not set.
pub fn parse(text: &str) -> Result<bool, String> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" => Ok(true),
        "false" | "0" | "no" | "off" | "" => Ok(false),
        _ => Err("write `true` or `false`".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_known_words_switch() {
        for word in ["true", "TRUE", "1", "yes", "on"] {
            assert_eq!(parse(word), Ok(true), "{word}");
        }
        for word in ["false", "False", "0", "no", "off", ""] {
            assert_eq!(parse(word), Ok(false), "{word}");
        }
        for word in ["flase", "ture", "2", "y", " "] {
            assert!(parse(word).is_err(), "{word}");
        }
    }
}
