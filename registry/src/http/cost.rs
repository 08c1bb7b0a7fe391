//! What reading a JSON body will take in memory, told from its bytes before anything is built: `{"a":0}` is eight bytes on the
//! wire and half a KiB as a value, so a budget that counted bytes of bodies would be exceeded seventyfold.

/// Bytes that a value takes besides those of its texts, measured with `serde_json` (order of members and text of numbers
/// kept): an object with its table and room for four members, an array with room for four elements, one more member or
/// element in a list that grows by doubling, a text of its own.
const OBJECT: usize = 480;
const ARRAY: usize = 320;
const NEXT: usize = 176;
const TEXT: usize = 32;

/// Where `serde_json` stops reading.
pub const DEEPEST: usize = 128;

/// Adds up what the values of a body take, as it arrives.
#[derive(Clone, Copy, Default, Debug)]
pub struct Cost {
    bytes: usize,
    values: usize,
    depth: usize,
    inside: Inside,
}

/// What the scanner is inside of.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
enum Inside {
    #[default]
    Outside,
    Text,
    Escape,
    /// UTF-16, where what looks like a quotation mark may be half a letter: everything is counted as if it stood outside.
    Wide,
    /// Deeper than is read: whatever follows is not built.
    TooDeep,
}

impl Cost {
    /// Takes in the next bytes.
    pub fn follow(&mut self, bytes: &[u8]) {
        self.bytes = self.bytes.saturating_add(bytes.len());
        let mut rest = bytes;
        loop {
            if self.inside == Inside::Text {
                // Most of a body is texts, and most of a text changes nothing.
                let plain = rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0 | 0xfe | 0xff));
                rest = &rest[plain.unwrap_or(rest.len())..];
            }
            let Some((byte, behind)) = rest.split_first() else { return };
            self.step(*byte);
            rest = behind;
        }
    }

    /// The memory so far, in bytes: the body itself and what is built from it.
    pub fn total(&self) -> usize {
        self.bytes.saturating_mul(2).saturating_add(self.values)
    }

    fn step(&mut self, byte: u8) {
        self.inside = match (self.inside, byte) {
            // Bytes that are in no text of UTF-8, and among the first two of one in UTF-16.
            (_, 0 | 0xfe | 0xff) => Inside::Wide,
            (Inside::Text, b'"') => Inside::Outside,
            (Inside::Text, b'\\') => Inside::Escape,
            (Inside::Text | Inside::Escape, _) => Inside::Text,
            (Inside::TooDeep, _) => Inside::TooDeep,
            (inside, b'"') => {
                self.values += TEXT;
                if inside == Inside::Outside { Inside::Text } else { inside }
            }
            (inside, byte) => {
                self.values += match byte {
                    b'{' => OBJECT,
                    b'[' => ARRAY,
                    b',' => NEXT,
                    _ => 0,
                };
                match byte {
                    b'{' | b'[' => self.depth += 1,
                    b'}' | b']' => self.depth = self.depth.saturating_sub(1),
                    _ => {}
                }
                if inside == Inside::Outside && self.depth > DEEPEST { Inside::TooDeep } else { inside }
            }
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn total(body: &[u8]) -> usize {
        // However it is cut.
        let whole = cost(body.chunks(body.len().max(1)));
        assert_eq!(cost(body.chunks(1)), whole);
        whole
    }

    fn cost<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> usize {
        let mut cost = Cost::default();
        pieces.for_each(|piece| cost.follow(piece));
        cost.total()
    }

    #[track_caller]
    fn check(body: &str, values: usize) {
        assert_eq!(total(body.as_bytes()), 2 * body.len() + values, "{body}");
    }

    #[test]
    fn values_are_counted_and_what_only_looks_like_one_is_not() {
        check("", 0);
        check("7", 0);
        check("{}", OBJECT);
        check(r#"{"a":0,"b":[1,2]}"#, OBJECT + 2 * TEXT + ARRAY + 2 * NEXT);
        check(r#"{"schema":"{\"a\":[1,2,{}]}"}"#, OBJECT + 2 * TEXT);
        check(&"[".repeat(100_000), 129 * ARRAY);
        check(&"[]".repeat(1000), 1000 * ARRAY);
        check(r#"["\\",[],"\\\",["]"#, 2 * ARRAY + 2 * NEXT + 2 * TEXT);
    }

    /// The letter U+2200 has the byte of a quotation mark.
    #[test]
    fn nothing_hides_in_utf_16() {
        let text = "{\"\u{2200}\":[[[{}]]]}";
        for big in [true, false] {
            let bytes = text.encode_utf16().flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() });
            let bytes: Vec<u8> = bytes.collect();
            assert!(total(&bytes) >= 2 * bytes.len() + 2 * OBJECT + 3 * ARRAY, "{big}");
        }
    }
}
