//! What the program knows of an event: the types of all versions, without their types.

use std::{any::TypeId, collections::BTreeMap, panic};

use serde_json::Value;

use super::{
    form::{self, Form, OPTIONAL},
    invent, trace,
};
use crate::{DecodeError, Event, VisitPayload, VisitVersion, app::message, error::Chain};

/// An event of the program.
pub(super) struct Known {
    pub(super) name: &'static str,
    /// The newest version.
    pub(super) number: u32,
    pub(super) type_name: &'static str,
    /// The way on which every reader decodes.
    decode: fn(u32, &str) -> Result<(), DecodeError>,
    /// All versions, the oldest first.
    pub(super) versions: Vec<Version>,
}

/// One version of its schema.
pub(super) struct Version {
    pub(super) number: u32,
    pub(super) type_name: &'static str,
    pub(super) type_id: TypeId,
    invent: fn() -> Result<Vec<String>, invent::Refused>,
    trace: fn(Value, &mut Form) -> Result<(), serde_json::Error>,
    /// The payload as this program writes it: under the names of today.
    again: fn(&str) -> Result<Value, serde_json::Error>,
    fits: fn(&Value) -> bool,
}

/// The events of a set.
#[derive(Default)]
pub(super) struct Events(pub(super) Vec<Known>);

impl VisitPayload for Events {
    fn payload<E: Event>(&mut self) {
        let mut versions = Versions(Vec::new());
        E::versions(&mut versions);
        self.0.push(Known {
            name: E::NAME,
            number: E::VERSION,
            type_name: type_name::<E>(),
            decode: |version, json| E::decode(version, json.as_bytes()).map(drop),
            versions: versions.0,
        });
    }
}

struct Versions(Vec<Version>);

impl VisitVersion for Versions {
    fn version<E: Event>(&mut self) {
        self.0.push(Version {
            number: E::VERSION,
            type_name: type_name::<E>(),
            type_id: TypeId::of::<E>(),
            invent: invent::values::<E>,
            trace: trace::trace::<E>,
            again: |json| serde_json::to_value(serde_json::from_str::<E>(json)?),
            fits: |value| E::deserialize(value).is_ok(),
        });
    }
}

impl Known {
    /// Reads a payload of any version as every reader does. An upcaster that panics is caught, for
    /// it would end each of them.
    pub(super) fn read(&self, version: u32, json: &str) -> Result<(), String> {
        match panic::catch_unwind(|| (self.decode)(version, json)) {
            Ok(read) => read.map_err(|error| Chain(&error).to_string()),
            Err(panic) => Err(format!("it panics: {}", message(panic.as_ref()))),
        }
    }

    /// Payloads of a version that were never stored, but could be.
    pub(super) fn made_up(&self, version: &Version) -> Result<Vec<String>, String> {
        let values = (version.invent)().map_err(|refused| refused.to_string())?;
        self.all_read(version, values)
    }

    /// Payloads that the user gave, as they were encoded.
    pub(super) fn given(
        &self,
        version: &Version,
        given: &[Result<String, String>],
    ) -> Result<Vec<String>, String> {
        let values = given.iter().cloned().collect::<Result<_, _>>();
        self.all_read(version, values.map_err(|why| format!("it cannot be encoded: {why}"))?)
    }

    /// The payloads, if each of them can be read.
    fn all_read(&self, version: &Version, values: Vec<String>) -> Result<Vec<String>, String> {
        for json in &values {
            self.read(version.number, json).map_err(|why| format!("{json} is not read: {why}"))?;
        }
        Ok(values)
    }
}

/// The name of a type without its module.
pub(super) fn type_name<T>() -> &'static str {
    let name = std::any::type_name::<T>();
    name.rsplit("::").next().unwrap_or(name)
}

impl Version {
    /// The form that payloads show, and which of its fields may be missing.
    pub(super) fn form(&self, golden: &[&str]) -> Result<(Form, BTreeMap<String, String>), String> {
        let mut form = Form::Unknown;
        let mut values = Vec::new();
        for json in golden {
            let told = |error: serde_json::Error| error.to_string();
            let value = (self.again)(json).map_err(told)?;
            (self.trace)(value.clone(), &mut form).map_err(told)?;
            values.push(value);
        }
        let mut fields = form.fields();
        let mut may_miss = BTreeMap::new();
        for value in &values {
            for (pointer, path) in form::places(&form, value) {
                let fits = self.fits_without(value, &pointer);
                let may = may_miss.entry(path).or_insert(true);
                *may = *may && fits;
            }
        }
        for (path, _) in may_miss.into_iter().filter(|(_, may)| *may) {
            if let Some(kind) = fields.get_mut(&path) {
                kind.push_str(OPTIONAL);
            }
        }
        Ok((form, fields))
    }

    /// Whether a payload is read without the field at a place.
    fn fits_without(&self, value: &Value, pointer: &str) -> bool {
        let mut value = value.clone();
        let Some((around, name)) = pointer.rsplit_once('/') else { return false };
        let name = name.replace("~1", "/").replace("~0", "~");
        if let Some(fields) = value.pointer_mut(around).and_then(Value::as_object_mut) {
            fields.remove(&name);
        }
        (self.fits)(&value)
    }
}
