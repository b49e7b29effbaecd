//! `Sheet`: a table, or records where a table would be too wide.

use comfy_table::{Attribute, Color, ContentArrangement, Table, presets};

/// Rows under headings.
#[derive(Debug, Default)]
pub(crate) struct Sheet {
    headings: Vec<&'static str>,
    rows: Vec<Vec<Cell>>,
}

/// A text, and what it means.
#[derive(Debug, Clone, Default)]
pub(crate) struct Cell {
    text: String,
    tone: Tone,
}

/// The meaning of a text, as a colour.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Tone {
    #[default]
    Plain,
    Good,
    Doubtful,
    Bad,
    Faint,
}

impl Cell {
    /// Marks what is well.
    pub(crate) fn good(self) -> Self {
        self.in_tone(Tone::Good)
    }

    /// Marks what deserves a look.
    pub(crate) fn doubtful(self) -> Self {
        self.in_tone(Tone::Doubtful)
    }

    /// Marks what is wrong.
    pub(crate) fn bad(self) -> Self {
        self.in_tone(Tone::Bad)
    }

    /// Marks what matters less.
    pub(crate) fn faint(self) -> Self {
        self.in_tone(Tone::Faint)
    }

    fn in_tone(self, tone: Tone) -> Self {
        Self { tone, ..self }
    }

    fn drawn(&self) -> comfy_table::Cell {
        let cell = comfy_table::Cell::new(&self.text);
        match self.tone {
            _ if self.text.is_empty() => cell,
            Tone::Plain => cell,
            Tone::Good => cell.fg(Color::Green),
            Tone::Doubtful => cell.fg(Color::Yellow),
            Tone::Bad => cell.fg(Color::Red),
            Tone::Faint => cell.add_attribute(Attribute::Dim),
        }
    }
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self {
            text: text.into(),
            tone: Tone::Plain,
        }
    }
}

impl Sheet {
    pub(crate) fn new(headings: impl IntoIterator<Item = &'static str>) -> Self {
        Self {
            headings: headings.into_iter().collect(),
            rows: Vec::new(),
        }
    }

    /// Creates a table of names and values, without headings.
    pub(crate) fn of_pairs() -> Self {
        Self::default()
    }

    /// Adds a row: one cell for each heading.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = Cell>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// Returns the text, without a line break at its end and without columns that are empty: a table if that fits the width,
    /// else a record for each row. It has colours, which the output leaves out where they are not wanted.
    pub(crate) fn render(&self, width: Option<usize>) -> String {
        if self.headings.is_empty() {
            return self.pairs(width);
        }
        let used: Vec<_> = (0..self.headings.len())
            .filter(|column| self.is_used(*column))
            .collect();
        let mut table = plain();
        let headings = used.iter().filter_map(|column| self.headings.get(*column));
        table.set_header(headings.copied().map(heading));
        for row in &self.rows {
            let cells = used.iter().filter_map(|column| row.get(*column));
            table.add_row(cells.map(Cell::drawn));
        }
        let gaps = GAP * used.len().saturating_sub(1);
        let widths = table.column_max_content_widths();
        let natural = gaps + widths.into_iter().map(usize::from).sum::<usize>();
        match width {
            Some(width) if natural > width => self.records(width),
            _ => finished(&mut table),
        }
    }

    /// Returns whether a column says anything.
    fn is_used(&self, column: usize) -> bool {
        let cells = self.rows.iter().filter_map(|row| row.get(column));
        self.rows.is_empty() || cells.into_iter().any(|cell| !cell.text.is_empty())
    }

    fn pairs(&self, width: Option<usize>) -> String {
        let mut table = width.map_or_else(plain, within);
        for row in &self.rows {
            table.add_row(row.iter().map(Cell::drawn));
        }
        finished(&mut table)
    }

    fn records(&self, width: usize) -> String {
        let records = self.rows.iter().map(|row| {
            let mut table = within(width);
            for (name, cell) in self.headings.iter().zip(row) {
                if !cell.text.is_empty() {
                    table.add_row([heading(name), cell.drawn()]);
                }
            }
            finished(&mut table)
        });
        records.collect::<Vec<_>>().join("\n\n")
    }
}

/// Returns a text with line breaks where it would be too wide.
pub(super) fn wrapped(text: &str, width: Option<usize>) -> String {
    let Some(width) = width else {
        return text.to_owned();
    };
    let mut table = within(width);
    table.add_row([text]);
    finished(&mut table)
}

/// The blanks between two columns.
const GAP: usize = 2;

fn heading(name: &str) -> comfy_table::Cell {
    comfy_table::Cell::new(name).add_attribute(Attribute::Bold)
}

fn plain() -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.enforce_styling().style_text_only();
    table
}

/// Returns a table that breaks lines to fit.
fn within(width: usize) -> Table {
    let mut table = plain();
    table
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(u16::try_from(width).unwrap_or(u16::MAX));
    table
}

/// Draws a table, without blanks at both ends of its lines.
fn finished(table: &mut Table) -> String {
    for column in table.column_iter_mut() {
        column.set_padding((0, u16::try_from(GAP).unwrap_or(0)));
    }
    let text = table.to_string();
    let lines = text.lines().map(str::trim_end);
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sheet() -> Sheet {
        let mut sheet = Sheet::new(["node", "role", "position"]);
        sheet.row([
            "db-1".into(),
            Cell::from("primary").good(),
            "0/302D480".into(),
        ]);
        sheet.row(["db-2".into(), "".into(), Cell::from("0/302D480").faint()]);
        sheet
    }

    fn rendered(width: Option<usize>) -> String {
        let text = sheet().render(width);
        anstream::adapter::strip_str(&text).to_string()
    }

    #[test]
    fn a_table_that_fits_is_one() {
        let table = "node  role     position\ndb-1  primary  0/302D480\ndb-2           0/302D480";
        assert_eq!(rendered(None), table);
        assert_eq!(rendered(Some(24)), table);
    }

    #[test]
    fn a_column_that_says_nothing_is_left_out() {
        let mut sheet = Sheet::new(["node", "lag", "health"]);
        sheet.row(["db-1".into(), "".into(), Cell::from("up").good()]);
        sheet.row(["db-2".into(), "".into(), Cell::from("").good()]);
        let text = anstream::adapter::strip_str(&sheet.render(None)).to_string();
        assert_eq!(text, "node  health\ndb-1  up\ndb-2");
    }

    #[test]
    fn a_table_that_does_not_fit_becomes_records_without_empty_fields() {
        let records = "node      db-1\nrole      primary\nposition  0/302D480\n\nnode      db-2\nposition  0/302D480";
        assert_eq!(rendered(Some(23)), records);
        let narrow = rendered(Some(16));
        assert!(narrow.lines().all(|line| line.len() <= 16), "{narrow}");
    }
}
