//! Words that sentences share: lists of names, counts, and the known word that comes near.

use flusso_schemas::lock::{SecretRef, SourceEndpoint};

/// Names in backticks with a word before the last: `a`, `b` or `c`.
pub fn listed(names: &[impl AsRef<str>], word: &str) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{}`", name.as_ref())).collect();
    match quoted.split_last() {
        None => String::new(),
        Some((last, [])) => last.clone(),
        Some((last, front)) => format!("{} {word} {last}", front.join(", ")),
    }
}

/// A number with its thousands apart: `100,000`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number with its noun: `1 file`, `2 files`, `2 indexes`.
pub fn counted(number: usize, noun: &str) -> String {
    let plural = match (number, noun.ends_with('x')) {
        (1, _) => "",
        (_, true) => "es",
        (_, false) => "s",
    };
    format!("{} {noun}{plural}", grouped(number as u64))
}

/// `1 error prevents`, `3 errors prevent`: the start of a sentence that ends with what they prevent.
pub fn errors_prevent(number: usize) -> String {
    format!("{} prevent{}", counted(number, "error"), if number == 1 { "s" } else { "" })
}

/// The known word that comes nearest, where it comes near.
pub fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    close(word, known).into_iter().next()
}

/// Known words that come near, nearest first, at most three.
pub fn close<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let folded = word.to_lowercase();
    let distance_max = (word.chars().count() / 3).clamp(1, 3);
    let mut near: Vec<(usize, &str)> = known
        .map(|each| (strsim::damerau_levenshtein(&folded, &each.to_lowercase()), each))
        .filter(|(distance, each)| *distance <= distance_max && *distance < each.chars().count())
        .collect();
    near.sort_unstable();
    near.into_iter().map(|(_, each)| each).take(3).collect()
}

/// The name of a source's connection in messages: its environment variable, never its value.
pub fn connection_name(endpoint: &SourceEndpoint) -> String {
    match endpoint {
        SourceEndpoint::Url(SecretRef::Env(name)) => format!("`${name}`"),
        _ => "`source.postgres`".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_words_are_found_and_far_ones_are_not() {
        let known = ["address", "address2", "city"];
        assert_eq!(close("adress", known.into_iter()), ["address", "address2"]);
        assert_eq!(nearest("zzz", known.into_iter()), None);
        assert_eq!(nearest("id", ["it", "no"].into_iter()), Some("it"));
    }

    #[test]
    fn counts_agree_with_their_nouns() {
        assert_eq!(counted(1, "index"), "1 index");
        assert_eq!(counted(2, "index"), "2 indexes");
        assert_eq!(counted(1_200, "row"), "1,200 rows");
    }
}
