//! PEM, with what editors, portals and other formats do to it.

/// What is between BEGIN and END.
pub struct Block<'a> {
    /// `PRIVATE KEY`.
    pub label: &'a str,
    /// Base64, perhaps with headers.
    pub body: &'a str,
    /// Where the body begins in the text.
    start: usize,
    /// Is there an END line?
    pub is_closed: bool,
}

impl Block<'_> {
    /// The line of `text` that has the character at `offset` of the body.
    pub fn line(&self, text: &str, offset: usize) -> usize {
        let before = text.as_bytes().iter().take(self.start + offset);
        1 + before.filter(|byte| **byte == b'\n').count()
    }
}

/// `text` without invisible characters, and with plain spaces.
pub fn cleaned(text: &str) -> String {
    let visible = text.chars().filter(|c| !matches!(c, '\u{feff}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\0'));
    visible.map(|c| if c.is_whitespace() && c != '\n' { ' ' } else { c }).collect()
}

/// Every block, with any number of dashes. A block without an END line reaches to the next block, or to the end.
pub fn blocks(text: &str) -> Vec<Block<'_>> {
    let (mut blocks, mut rest) = (Vec::new(), text);
    while let Some((_, block)) = rest.split_once("-BEGIN ") {
        let Some((label, body)) = block.split_once('-') else { break };
        let body = body.trim_start_matches('-');
        let start = text.len() - body.len();
        let next = body.find("-BEGIN ").unwrap_or(body.len());
        let end = body.find("-END ").filter(|end| *end < next);
        let (body, after) = body.split_at(end.unwrap_or(next));
        blocks.push(Block { label: label.trim(), body: body.trim_end_matches('-'), start, is_closed: end.is_some() });
        rest = after;
    }
    blocks
}

/// The base64 in `text`, without white space, quotes, and the escapes that JSON and shells put in.
///
/// # Errors
/// The place of the first character that does not belong to base64.
pub fn body(text: &str) -> Result<String, usize> {
    let (mut body, mut characters) = (String::with_capacity(text.len()), text.char_indices().peekable());
    while let Some((offset, character)) = characters.next() {
        match character {
            '\\' => {
                let escape = characters.next_if(|(_, next)| matches!(next, 'n' | 'r' | 't' | 'u'));
                if escape.is_some_and(|(_, letter)| letter == 'u') {
                    let digits: String = characters.by_ref().take(4).map(|(_, digit)| digit).collect();
                    body.push(u8::from_str_radix(&digits, 16).map_err(|_| offset)?.into());
                }
            }
            _ if character.is_whitespace() || matches!(character, '"' | '\'') => {}
            _ if character.is_ascii_alphanumeric() || matches!(character, '+' | '/' | '=' | '-' | '_') => {
                body.push(character);
            }
            _ => return Err(offset),
        }
    }
    Ok(body)
}
