//! The `_id` of a document: its key's parts as one text, reversible without knowing their types.

/// The most bytes an `_id` may have; a longer one fails its whole `_bulk` request (measured).
pub const DOCUMENT_ID_BYTES_MAX: usize = 512;

/// Joins key parts: a single part is its own text; parts of a composite key are joined by `|`, and
/// inside a part `\` is `\\`, `|` is `\|` and an empty part is `\0`.
pub fn join<S: AsRef<str>>(parts: &[S]) -> String {
    match parts {
        [single] => single.as_ref().to_owned(),
        _ => parts.iter().map(|part| escape(part.as_ref())).collect::<Vec<_>>().join("|"),
    }
}

/// The key parts of an `_id` that [`join`] made for a key of `arity` parts; `None` where it cannot
/// have been made so (someone else wrote that document).
pub fn split(id: &str, arity: usize) -> Option<Vec<String>> {
    if arity == 1 {
        return Some(vec![id.to_owned()]);
    }
    let mut parts = vec![String::new()];
    let mut letters = id.chars();
    while let Some(letter) = letters.next() {
        let part = parts.last_mut().expect("it starts with one part and only grows");
        match letter {
            '|' => parts.push(String::new()),
            '\\' => match letters.next()? {
                '0' => {}
                escaped @ ('\\' | '|') => part.push(escaped),
                _ => return None,
            },
            other => part.push(other),
        }
    }
    (parts.len() == arity && join(&parts) == id).then_some(parts)
}

fn escape(part: &str) -> String {
    match part {
        "" => "\\0".to_owned(),
        _ => part.replace('\\', "\\\\").replace('|', "\\|"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_composite_key_comes_back_from_its_id() {
        for parts in [["a", "b"], ["", ""], ["|", "\\"], ["\\0", "0"], ["a|b", ""], ["ä", "\\|"]] {
            let id = join(&parts);
            assert_eq!(split(&id, 2).expect("our own id"), parts, "{id}");
        }
        assert_eq!(join(&["a|b"]), "a|b");
        assert_eq!(split("a|b", 1), Some(vec!["a|b".to_owned()]));
    }

    #[test]
    fn a_foreign_id_has_no_key() {
        for foreign in ["a", "a|b|c", "a|", "\\x|b", "a|b\\"] {
            assert_eq!(split(foreign, 2), None, "{foreign}");
        }
    }
}
