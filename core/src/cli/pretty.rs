//! JSON over several lines, every token as it is stored: no number loses a digit, no field its
//! place.

use serde::de::IgnoredAny;

use crate::Json;

/// The lines of an indented form; an error when it is no JSON.
pub(super) fn lines(json: &Json) -> Result<Vec<String>, serde_json::Error> {
    json.decode::<IgnoredAny>()?;
    Ok(indented(json.as_str()).lines().map(str::to_owned).collect())
}

fn indented(json: &str) -> String {
    let (mut out, mut depth) = (String::with_capacity(json.len() * 2), 0_usize);
    let mut chars = json.chars().peekable();
    while let Some(char) = chars.next() {
        match char {
            ' ' | '\t' | '\n' | '\r' => {}
            '"' => {
                out.push('"');
                let mut escaped = false;
                for char in chars.by_ref() {
                    out.push(char);
                    match char {
                        '"' if !escaped => break,
                        '\\' => escaped = !escaped,
                        _ => escaped = false,
                    }
                }
            }
            '{' | '[' => {
                out.push(char);
                while chars.next_if(|next| next.is_ascii_whitespace()).is_some() {}
                if let Some(end) = chars.next_if(|next| matches!(next, '}' | ']')) {
                    out.push(end);
                } else {
                    depth += 1;
                    new_line(&mut out, depth);
                }
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                new_line(&mut out, depth);
                out.push(char);
            }
            ',' => {
                out.push(',');
                new_line(&mut out, depth);
            }
            ':' => out.push_str(": "),
            char => out.push(char),
        }
    }
    out
}

/// A deep value is indented no further than what can be read.
fn new_line(out: &mut String, depth: usize) {
    out.push('\n');
    out.extend(std::iter::repeat_n("  ", depth.min(40)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_token_is_kept() {
        let json = r#"{"b":[1.10,{}, [ ] ,"a\"{,:\\"],"a":123456789012345678901234567890}"#;
        let wanted = r#"{
  "b": [
    1.10,
    {},
    [],
    "a\"{,:\\"
  ],
  "a": 123456789012345678901234567890
}"#;
        let json = Json::from_text(json).unwrap();
        assert_eq!(lines(&json).unwrap().join("\n"), wanted);
        assert!(lines(&Json::from_stored(&b"{"[..])).is_err());
    }
}
