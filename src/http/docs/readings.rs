//! The paths that can be read and their parameters, as the document has them: what an address of this service can be.
use super::Document;
use super::parts::responses;
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
            operation["responses"]["200"]["content"][*media] = json!({ "schema": { "type": "string" } });
        }
        self.problems(path, &[406]);
    }

    /// The same where there is no JSON for them to stand beside.
    pub fn only_forms(&mut self, path: &str, media: &[&str]) {
        if let Some(item) = self.paths.get_mut(path) {
            item["get"]["responses"]["200"]["content"] = json!({});
        }
        self.forms(path, media);
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
