//! Text for a tokenizer of HTML, which must not run out of stack.
//!
//! `html5gum` goes from each attribute in double quotes to the next by a call within a call, and returns only behind
//! the last. A tag with some thousand of them, of whatever page, would end the process. A slash between two attributes
//! means no more than a space does, and makes it return: so it is told one instead of a space now and then.

use std::convert::Infallible;

use html5gum::{Readable, Reader, StringReader};

/// After so many attributes in a row.
const MOST_IN_A_ROW: u32 = 32;

/// A text as a tokenizer reads it. Offsets are those of the text.
pub(crate) struct Markup<'t> {
    inner: StringReader<'t>,
    rest: &'t [u8],
    in_a_row: u32,
}

impl<'t> Markup<'t> {
    pub(crate) fn new(text: &'t str) -> Self {
        Self {
            inner: text.to_reader(),
            rest: text.as_bytes(),
            in_a_row: 0,
        }
    }

    fn skip(&mut self, length: usize) {
        self.rest = self.rest.get(length..).unwrap_or_default();
    }
}

impl Reader for Markup<'_> {
    type Error = Infallible;

    #[inline]
    fn read_byte(&mut self) -> Result<Option<u8>, Infallible> {
        let byte = self.inner.read_byte()?;
        self.skip(usize::from(byte.is_some()));
        if self.in_a_row >= MOST_IN_A_ROW {
            self.in_a_row = 0;
            // Right before the end of a tag it would mean something.
            if byte.is_some_and(|byte| byte.is_ascii_whitespace())
                && self.rest.first().is_some_and(|next| *next != b'>')
            {
                return Ok(Some(b'/'));
            }
        }
        Ok(byte)
    }

    #[inline]
    fn try_read_string(&mut self, text: &[u8], case_sensitive: bool) -> Result<bool, Infallible> {
        let is_there = self.inner.try_read_string(text, case_sensitive)?;
        if is_there {
            self.skip(text.len());
        }
        Ok(is_there)
    }

    #[inline]
    fn read_until<'b>(
        &'b mut self,
        needle: &[u8],
        buffer: &'b mut [u8; 4],
    ) -> Result<Option<&'b [u8]>, Infallible> {
        let chunk = self.inner.read_until(needle, buffer)?;
        if let Some(chunk) = chunk {
            self.rest = self.rest.get(chunk.len()..).unwrap_or_default();
            // The end of a value in double quotes: what is read next stands behind it.
            if *chunk == [b'"'] && needle.first() == Some(&b'"') && needle.contains(&b'&') {
                self.in_a_row += 1;
            }
        }
        Ok(chunk)
    }
}

#[cfg(test)]
mod tests {
    use html5gum::{Token, Tokenizer};

    use super::*;

    fn tags(text: &str) -> Vec<String> {
        Tokenizer::new(Markup::new(text))
            .map(|token| match token {
                Ok(Token::Error(_)) => String::new(),
                Ok(token) => format!("{token:?}"),
            })
            .filter(|token| !token.is_empty())
            .collect()
    }

    #[test]
    fn a_tag_with_attributes_without_number_is_read() {
        let many = r#"a="b" "#.repeat(200_000);
        let text = format!("<p {many}>x</p><br {many}/><i {many} >");
        assert_eq!(tags(&text).len(), 5);
    }

    #[test]
    fn what_is_read_is_the_same() {
        for between in [" ", "\n", "\r\n", "  ", "/", "", "\t/ "] {
            for end in ["", " ", "/", " /", "\r\n"] {
                for most in 28..38 {
                    let attributes: Vec<_> =
                        (0..most).map(|n| format!("a{n}=\"é{n}&amp;\"")).collect();
                    let text = format!("<p {}{end}>x", attributes.join(between));
                    let plain: Vec<_> = Tokenizer::new(&text)
                        .map(|token| format!("{:?}", token.unwrap()))
                        .filter(|token| !token.starts_with("Error"))
                        .collect();
                    assert_eq!(tags(&text), plain, "{text:?}");
                }
            }
        }
    }
}
