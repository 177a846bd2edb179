//! A document is one line: a line break inside it would begin another action of a bulk body.

use super::fault::Fault;

/// Replaces line feeds and carriage returns with spaces; JSON has them only between tokens, where `json`
/// columns keep them. Any other byte below 0x20 except tab is invalid in JSON.
pub(super) fn make_one_line(document: &mut [u8]) -> Result<(), Fault> {
    // Nearly no document has one, and this loop is compiled to wide comparisons.
    if document.iter().fold(false, |found, byte| found | (*byte < 0x20)) {
        for byte in document {
            match byte {
                b'\n' | b'\r' => *byte = b' ',
                0..0x20 if *byte != b'\t' => return Err(Fault::ControlByte(*byte)),
                _ => {}
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_breaks_become_blanks_and_tabs_stay() {
        let mut document = b"{\"a\":\r\n\t1,\n\"b\":\"\xc3\xa4\x7f\"}".to_vec();
        make_one_line(&mut document).expect("no control character");
        assert_eq!(document, b"{\"a\":  \t1, \"b\":\"\xc3\xa4\x7f\"}");
    }

    #[test]
    fn any_other_control_character_is_refused() {
        for byte in (0..0x20).filter(|byte| !b"\t\n\r".contains(byte)) {
            assert_eq!(make_one_line(&mut [b'"', byte, b'"']), Err(Fault::ControlByte(byte)));
        }
    }
}
