//! Of which indicator the values of a cube are.
use super::cube::{Cube, Role};
use super::known::Known;
use super::options::Options;
use super::ssb_csv::COLUMNS;
use crate::error::Mistake;

/// The axis that tells contents apart, where several are wanted, with the indicator of each category; or none, and the
/// one indicator of all.
type Contents = (Option<usize>, Vec<Option<String>>);

/// Reads `--indicator`: one id, or CONTENT=ID for each. Without it a content must have the name of an indicator.
pub fn indicators(cube: &Cube, options: &Options, known: &Known) -> Result<Contents, Mistake> {
    let refuse = |code, message: String| Mistake::field("indicator", code, message);
    let axis = cube
        .dimensions
        .iter()
        .position(|d| d.guessed() == Some(Role::Content))
        .or_else(|| cube.dimensions.iter().position(|d| d.name == COLUMNS));
    let categories = axis.map(|axis| &cube.dimensions[axis].categories);
    if let [id] = options.indicator.as_slice()
        && !id.contains('=')
    {
        // Several contents cannot all be the one: they are told of as any other dimension that is left open.
        return Ok((None, vec![Some(id.clone())]));
    }
    let Some((axis, categories)) = axis.zip(categories) else {
        return Err(refuse("required", "the file does not say what is counted; say --indicator ID".into()));
    };
    let names: Vec<&str> = categories.iter().map(|c| c.code.as_str()).collect();
    let mut wanted: Vec<Option<String>> = vec![None; categories.len()];
    for text in &options.indicator {
        let (content, id) = text
            .split_once('=')
            .ok_or_else(|| refuse("invalid", format!("`{text}` must be CONTENT=ID where several are named")))?;
        let found = categories.iter().position(|c| c.is(content)).ok_or_else(|| {
            let message = format!("the file has no content `{content}`; it has {}", names.join(", "));
            refuse("unknown", message).allowing(content, &names)
        })?;
        wanted[found] = Some(id.to_owned());
    }
    if options.indicator.is_empty() {
        for (category, wanted) in categories.iter().zip(&mut wanted) {
            let named = |(id, title): &&(String, String)| category.is(id) || category.is(title);
            *wanted = known.indicators.iter().find(named).map(|(id, _)| id.clone());
        }
    }
    match wanted.iter().any(Option::is_some) {
        true => Ok((Some(axis), wanted)),
        false => {
            let message = format!(
                "no content is recognised as an indicator; say --indicator ID, or CONTENT=ID of {}",
                names.join(", ")
            );
            Err(refuse("required", message))
        }
    }
}
