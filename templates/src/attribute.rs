//! `#[api(…)]` as rustfmt would leave it.

/// rustfmt keeps the arguments of an attribute on one line up to this width.
const WIDTH: usize = 70;

/// One line if it fits, else one argument per line.
pub(crate) fn api(arguments: &[String]) -> String {
    let line = arguments.join(", ");
    if line.len() <= WIDTH {
        return format!("#[api({line})]");
    }
    format!("#[api(\n    {}\n)]", arguments.join(",\n    "))
}
