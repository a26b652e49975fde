//! The paths that can be read and their parameters, as the document has them: what an address of this service can be.
use super::Document;
use super::parts::{part, responses};
use crate::http::parameter::Parameter;
use actix_web::dev::ResourceDef;
use serde_json::json;

/// A path that can be read.
pub struct Reading {
    /// As the document has it: `/v1/plans/{id}/results`.
    pub path: String,
    pub pattern: ResourceDef,
    pub parameters: Vec<Parameter>,
}

impl Document {
    /// Adds the other forms that the answer of a reading operation can have, and the refusal of one there is not.
    pub fn forms(&mut self, path: &str, media: &[&str]) {
        let Some(operation) = self.paths.get_mut(path).map(|item| &mut item["get"]) else { return };
        for media in media {
            // A form of JSON is read as what it is; the others are texts.
            let schema = match media.ends_with("+json") {
                true => json!({ "type": "array", "items": { "type": "object" } }),
                false => json!({ "type": "string" }),
            };
            operation["responses"]["200"]["content"][*media] = json!({ "schema": schema });
        }
        self.problems(path, &[406]);
    }

    /// Adds a form that is asked for by `format` alone.
    pub fn text_form(&mut self, path: &str, media: &str) {
        if let Some(item) = self.paths.get_mut(path) {
            item["get"]["responses"]["200"]["content"][media] = json!({ "schema": { "type": "string" } });
        }
    }

    /// Like [`Document::forms`], where there is no JSON for them to stand beside.
    pub fn only_forms(&mut self, path: &str, media: &[&str]) {
        if let Some(item) = self.paths.get_mut(path) {
            item["get"]["responses"]["200"]["content"] = json!({});
        }
        self.forms(path, media);
    }

    /// Says that the answer is always a file, parts of which can be asked for.
    pub fn file(&mut self, path: &str, media: &str) {
        let Some(operation) = self.paths.get_mut(path).map(|item| &mut item["get"]) else { return };
        let success = &mut operation["responses"];
        success["200"]["content"] = json!({ media: { "schema": { "type": "string", "format": "binary" } } });
        for (name, about) in [
            ("Accept-Ranges", "`bytes`: parts of it can be asked for."),
            ("Content-Disposition", "The name of the file."),
        ] {
            success["200"]["headers"][name] = json!({ "description": about, "schema": { "type": "string" } });
        }
        success["206"] = part();
        self.problems(path, &[416]);
    }

    /// Adds problems that a reading operation can answer with beside the usual ones.
    pub fn problems(&mut self, path: &str, statuses: &[u16]) {
        let Some(operation) = self.paths.get_mut(path).map(|item| &mut item["get"]) else { return };
        operation["responses"] = responses(operation["responses"].take(), statuses);
    }

    /// Keeps what a path can be asked.
    pub(super) fn takes(&mut self, path: &str, parameters: &[Parameter]) {
        let pattern = ResourceDef::new(path);
        self.readings.push(Reading { path: path.to_owned(), pattern, parameters: parameters.to_vec() });
    }

    /// Every path that can be read by anyone. `/v1/grants/summary` comes before `/v1/grants/{id}`.
    pub fn readings(mut self) -> Vec<Reading> {
        self.readings.sort_by_key(|reading| reading.path.matches('{').count());
        self.readings
    }
}
