//! A case as it is written: exchanges, their reasons for differing, what they remember.

use std::path::Path;

/// One file.
#[derive(Debug)]
pub struct Case {
    /// The file's name without its ending.
    pub name: String,
    /// What is sent, in order.
    pub exchanges: Vec<Exchange>,
}

/// One request.
#[derive(Debug, Default)]
pub struct Exchange {
    /// What it shows.
    pub title: String,
    /// The method.
    pub method: String,
    /// The path and query, with `{placeholders}`.
    pub path: String,
    /// The headers, in order.
    pub headers: Vec<(String, String)>,
    /// The body, with `{{placeholders}}`.
    pub body: String,
    /// What to remember of the answer: a name, and a JSON pointer or a header.
    pub remember: Vec<(String, String)>,
    /// Where the answers may differ, and why.
    pub reasons: Vec<(String, String)>,
}

impl Case {
    /// Reads a file; a mistake names the line.
    pub fn read(path: &Path) -> Result<Self, String> {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
        let exchanges = parse(&text).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(Case { name, exchanges })
    }

    /// Every case of a folder, by name.
    pub fn read_all(folder: &Path) -> Result<Vec<Self>, String> {
        let listing = std::fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        let mut paths: Vec<_> = listing.filter_map(|entry| Some(entry.ok()?.path())).collect();
        paths.retain(|path| path.extension().is_some_and(|ending| ending == "http"));
        paths.sort();
        paths.iter().map(|path| Case::read(path)).collect()
    }
}

fn parse(text: &str) -> Result<Vec<Exchange>, String> {
    let mut exchanges: Vec<Exchange> = Vec::new();
    let mut in_body = false;
    for (number, line) in text.lines().enumerate() {
        let wrong = |what: &str| format!("line {}: {what}: {line:?}", number + 1);
        if let Some(title) = line.strip_prefix("### ") {
            exchanges.push(Exchange { title: title.trim().to_owned(), ..Exchange::default() });
            in_body = false;
            continue;
        }
        let Some(exchange) = exchanges.last_mut() else { continue };
        if line.starts_with('#') && !in_body {
            continue;
        }
        if exchange.method.is_empty() {
            if !line.trim().is_empty() {
                let (method, path) = line.split_once(' ').ok_or_else(|| wrong("expected METHOD PATH"))?;
                exchange.method = method.to_owned();
                exchange.path = path.trim().to_owned();
            }
        } else if let Some(rest) = line.strip_prefix("= ") {
            let (name, place) = rest.split_once(' ').ok_or_else(|| wrong("expected = NAME /POINTER"))?;
            exchange.remember.push((name.to_owned(), place.trim().to_owned()));
        } else if let Some(rest) = line.strip_prefix("~ ") {
            let (place, reason) = rest.split_once(": ").ok_or_else(|| wrong("expected ~ PLACE: REASON"))?;
            exchange.reasons.push((place.to_owned(), reason.to_owned()));
        } else if in_body {
            exchange.body.push_str(line);
            exchange.body.push('\n');
        } else if line.is_empty() {
            in_body = true;
        } else {
            let (name, value) = line.split_once(": ").ok_or_else(|| wrong("expected Header: value"))?;
            exchange.headers.push((name.to_owned(), value.to_owned()));
        }
    }
    for exchange in &mut exchanges {
        exchange.body.truncate(exchange.body.trim_end().len());
        if exchange.method.is_empty() {
            return Err(format!("{:?} has no request", exchange.title));
        }
    }
    Ok(exchanges)
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn a_case_is_read_line_by_line() {
        let text = "# about\n### one\nPOST /x\nAccept: a\n\n{\"a\":\n 1}\n\n= rv /metadata/resourceVersion\n~ /status: because\n### two\nGET /y?a={rv}\n";
        let exchanges = parse(text).expect("the text is well-formed");
        assert_eq!(exchanges.len(), 2);
        assert_eq!(exchanges[0].headers, [("Accept".to_owned(), "a".to_owned())]);
        assert_eq!(exchanges[0].body, "{\"a\":\n 1}");
        assert_eq!(exchanges[0].remember, [("rv".to_owned(), "/metadata/resourceVersion".to_owned())]);
        assert_eq!(exchanges[0].reasons, [("/status".to_owned(), "because".to_owned())]);
        assert_eq!(exchanges[1].path, "/y?a={rv}");
    }
}
