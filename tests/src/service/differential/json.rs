//! JSON read strictly and compared by meaning: numbers by all their digits, objects by their keys, of a key
//! that occurs twice the last value.

use std::collections::BTreeMap;

/// A JSON value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Json {
    Null,
    Boolean(bool),
    Number(Number),
    /// Code units, because an escape may be half a surrogate pair.
    Text(Vec<u16>),
    List(Vec<Json>),
    Object(BTreeMap<Vec<u16>, Json>),
}

/// A decimal number without leading or trailing zeros: `0.digits * 10^exponent`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Number {
    negative: bool,
    digits: String,
    exponent: i64,
}

/// Reads a whole text; the error names the byte.
pub(super) fn parse(text: &str) -> Result<Json, String> {
    let mut reader = Reader { bytes: text.as_bytes(), at: 0 };
    let value = reader.value()?;
    reader.blank();
    if reader.at == reader.bytes.len() { Ok(value) } else { Err(reader.unexpected()) }
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn unexpected(&self) -> String {
        format!("byte {} of the document is not what JSON has there", self.at)
    }

    fn peek(&self) -> u8 {
        self.bytes.get(self.at).copied().unwrap_or(0)
    }

    fn blank(&mut self) {
        while b" \t\r\n".contains(&self.peek()) {
            self.at += 1;
        }
    }

    fn take(&mut self, token: &str) -> Result<(), String> {
        if !self.bytes[self.at..].starts_with(token.as_bytes()) {
            return Err(self.unexpected());
        }
        self.at += token.len();
        Ok(())
    }

    fn value(&mut self) -> Result<Json, String> {
        self.blank();
        match self.peek() {
            b'n' => self.take("null").map(|()| Json::Null),
            b't' => self.take("true").map(|()| Json::Boolean(true)),
            b'f' => self.take("false").map(|()| Json::Boolean(false)),
            b'"' => self.text().map(|text| Json::Text(without_idle_zeros(text))),
            b'[' => self.list(),
            b'{' => self.object(),
            _ => self.number(),
        }
    }

    fn list(&mut self) -> Result<Json, String> {
        self.take("[")?;
        let mut items = Vec::new();
        self.blank();
        while self.peek() != b']' {
            if !items.is_empty() {
                self.take(",")?;
            }
            items.push(self.value()?);
            self.blank();
        }
        self.take("]")?;
        Ok(Json::List(items))
    }

    fn object(&mut self) -> Result<Json, String> {
        self.take("{")?;
        let mut members = BTreeMap::new();
        self.blank();
        while self.peek() != b'}' {
            if !members.is_empty() {
                self.take(",")?;
                self.blank();
            }
            let key = self.text()?;
            self.blank();
            self.take(":")?;
            let value = self.value()?;
            members.insert(key, value);
            self.blank();
        }
        self.take("}")?;
        Ok(Json::Object(members))
    }

    fn text(&mut self) -> Result<Vec<u16>, String> {
        self.take("\"")?;
        let mut units = Vec::new();
        loop {
            let rest = std::str::from_utf8(&self.bytes[self.at..]).map_err(|_| self.unexpected())?;
            let letter = rest.chars().next().ok_or_else(|| self.unexpected())?;
            if u32::from(letter) < 0x20 {
                return Err(self.unexpected());
            }
            self.at += letter.len_utf8();
            match letter {
                '"' => return Ok(units),
                '\\' => units.push(self.escape()?),
                letter => units.extend(letter.encode_utf16(&mut [0; 2]).iter()),
            }
        }
    }

    fn escape(&mut self) -> Result<u16, String> {
        let letter = self.peek();
        self.at += 1;
        Ok(match letter {
            b'"' | b'\\' | b'/' => u16::from(letter),
            b'b' => 8,
            b'f' => 12,
            b'n' => 10,
            b'r' => 13,
            b't' => 9,
            b'u' => {
                let digits = self.bytes.get(self.at..self.at + 4).ok_or_else(|| self.unexpected())?;
                let digits = std::str::from_utf8(digits).map_err(|_| self.unexpected())?;
                self.at += 4;
                u16::from_str_radix(digits, 16).map_err(|_| self.unexpected())?
            }
            _ => return Err(self.unexpected()),
        })
    }

    fn number(&mut self) -> Result<Json, String> {
        let start = self.at;
        while b"+-.0123456789eE".contains(&self.peek()) && self.at < self.bytes.len() {
            self.at += 1;
        }
        let token = std::str::from_utf8(&self.bytes[start..self.at]).map_err(|_| self.unexpected())?;
        Number::read(token).map(Json::Number).ok_or_else(|| self.unexpected())
    }
}

impl Number {
    /// None where JSON has no such number.
    fn read(token: &str) -> Option<Self> {
        let (negative, rest) = match token.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, token),
        };
        let (mantissa, power) = match rest.split_once(['e', 'E']) {
            Some((mantissa, power)) => (mantissa, power.parse::<i64>().ok()?),
            None => (rest, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let has_leading_zero = whole.len() > 1 && whole.starts_with('0');
        if !is_number(whole) || has_leading_zero || (mantissa.contains('.') && !is_number(fraction)) {
            return None;
        }
        let all = format!("{whole}{fraction}");
        let digits = all.trim_start_matches('0');
        let leading = i64::try_from(all.len() - digits.len()).ok()?;
        let exponent = i64::try_from(whole.len()).ok()? - leading + power;
        let digits = digits.trim_end_matches('0').to_owned();
        let is_zero = digits.is_empty();
        Some(Self { negative: negative && !is_zero, digits, exponent: if is_zero { 0 } else { exponent } })
    }
}

/// A timestamp's fraction of a second without the zeros at its end: near years print none, far ones six digits.
fn without_idle_zeros(text: Vec<u16>) -> Vec<u16> {
    let Ok(plain) = String::from_utf16(&text) else { return text };
    let (body, zone) = plain.strip_suffix('Z').map_or((plain.as_str(), ""), |body| (body, "Z"));
    let is_time = |(day, time): (&str, &str)| {
        day.len() >= 10
            && time.len() >= 8
            && time.bytes().all(|byte| byte.is_ascii_digit() || b":.".contains(&byte))
    };
    if !body.split_once('T').is_some_and(is_time) || !body.contains('.') {
        return text;
    }
    let trimmed = body.trim_end_matches('0').trim_end_matches('.');
    format!("{trimmed}{zone}").encode_utf16().collect()
}

#[test]
fn numbers_are_compared_by_their_digits() {
    for (left, right) in [("1.50", "1.5"), ("1e2", "100"), ("-0", "0.00"), ("0.05", "5E-2"), ("1e-1", "0.1")]
    {
        assert_eq!(parse(left), parse(right), "{left} = {right}");
    }
    assert_ne!(parse("9007199254740993"), parse("9007199254740992"));
    for wrong in ["01", "1.", ".5", "NaN", "1e", "", "[1,]", "{\"a\" 1}", "\"\n\""] {
        assert!(parse(wrong).is_err(), "{wrong}");
    }
    assert_eq!(parse("\"2020-01-01T00:00:00.120000Z\""), parse("\"2020-01-01T00:00:00.12Z\""));
}
