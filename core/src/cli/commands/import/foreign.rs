//! `actum import --foreign`: a log that another program wrote.

use std::path::Path;

use super::Import;
use crate::{
    cli::{
        commands::copy,
        exit::{Exit, Failure},
        open::{self, Need},
        out::Out,
    },
    store::Memory,
    transfer::Foreign,
};

impl Import {
    pub(super) async fn foreign(&self, url: Option<&str>, out: &mut Out) -> Result<Exit, Failure> {
        let source = super::Source::open(&self.file)?;
        let foreign = Foreign::new(self.file.clone(), move || source.reader());
        let missing = url.and_then(open::sqlite).is_some_and(|file| !Path::new(file).exists());
        if self.rules.is_dry_run() && missing {
            return copy::foreign(&foreign, &Memory::new(), &self.rules, out).await;
        }
        let need = if self.rules.is_dry_run() { Need::There } else { Need::Made };
        let store = open::open(url, need).await?;
        copy::foreign(&foreign, &store, &self.rules, out).await
    }
}
