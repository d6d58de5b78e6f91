//! Small tables: columns as wide as what stands in them.

use console::{Alignment, Style, measure_text_width, pad_str};

use super::{exit::Failure, out::Out, plain};

/// Rows of text under a heading.
pub(super) struct Table {
    heads: Vec<&'static str>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these columns; a head that begins with `>` stands over numbers.
    pub(super) fn new(heads: &[&'static str]) -> Self {
        Self { heads: heads.to_vec(), rows: Vec::new() }
    }

    pub(super) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().map(|cell| plain::text(&cell).into_owned()).collect());
    }

    pub(super) fn print(&self, out: &mut Out) -> Result<(), Failure> {
        let widths = self.heads.iter().enumerate().map(|(at, head)| self.width(at, head));
        let widths: Vec<_> = widths.collect();
        let heads: Vec<_> = self.heads.iter().map(|head| name(head).to_owned()).collect();
        let head = self.joined(&heads, &widths);
        let head = out.styled(&Style::new().bold(), &head);
        out.line(&head)?;
        for row in &self.rows {
            out.line(&self.joined(row, &widths))?;
        }
        Ok(())
    }

    fn width(&self, at: usize, head: &str) -> usize {
        let cells = self.rows.iter().filter_map(|row| row.get(at));
        cells.map(|cell| measure_text_width(cell)).chain([name(head).len()]).max().unwrap_or(0)
    }

    fn joined(&self, cells: &[String], widths: &[usize]) -> String {
        let padded = cells.iter().zip(&self.heads).zip(widths).map(|((cell, head), width)| {
            let side = if head.starts_with('>') { Alignment::Right } else { Alignment::Left };
            pad_str(cell, *width, side, None).into_owned()
        });
        padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    }
}

fn name(head: &str) -> &str {
    head.trim_start_matches('>')
}
