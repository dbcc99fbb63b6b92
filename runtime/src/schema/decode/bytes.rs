//! Bytes, as base64.

/// What Go's decoder says of a string that is not base64. Line breaks are overlooked.
pub(in crate::schema) fn error(text: &str) -> Option<String> {
    let bytes: Vec<(usize, u8)> =
        text.bytes().enumerate().filter(|(_, byte)| !matches!(byte, b'\n' | b'\r')).collect();
    let is_digit = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    let digits = bytes.iter().take_while(|(_, byte)| is_digit(*byte)).count();
    let padding = &bytes[digits..];
    let wanted = (4 - digits % 4) % 4;
    let possible = wanted != 3;
    if possible && padding.len() == wanted && padding.iter().all(|(_, byte)| *byte == b'=') {
        return None;
    }
    let wrong =
        padding.iter().enumerate().find(|(index, (_, byte))| *index >= wanted || *byte != b'=' || !possible);
    let at = wrong.map_or(text.len(), |(_, (at, _))| *at);
    Some(format!("illegal base64 data at input byte {at}"))
}

/// The string without line breaks, where it has some.
pub(in crate::schema) fn canonical(text: &str) -> Option<String> {
    text.contains(['\n', '\r']).then(|| text.replace(['\n', '\r'], ""))
}

#[cfg(test)]
mod tests {
    use super::{canonical, error};

    #[test]
    fn base64_fails_as_in_go() {
        for text in ["", "YQ==", "YWI=", "YWJj", "YWJj\nYWJj"] {
            assert_eq!(error(text), None, "{text}");
        }
        for (text, at) in [("!", 0), ("YQ=", 3), ("Y", 1), ("YWJj!", 4), ("YWJjY", 5)] {
            assert_eq!(error(text), Some(format!("illegal base64 data at input byte {at}")), "{text}");
        }
        assert_eq!(canonical("YWJj\r\nYWJj").as_deref(), Some("YWJjYWJj"));
        assert_eq!(canonical("YWJj"), None);
    }
}
