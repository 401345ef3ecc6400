//! Tables of the archive, for spreadsheets and for programs (RFC 4180).

use std::io::Write;

use super::ReportError;
use super::csv::safe;
use crate::store::{Store, Table};

/// So many rows are read at a time: a transaction that reads for long keeps the journal from being cleared.
const ROWS_AT_A_TIME: usize = 2000;

/// Writes all rows of a table, with a header; how many there were.
///
/// # Errors
///
/// Where the archive cannot be read, or the output not be written.
pub fn write_table(store: &Store, table: Table, out: &mut dyn Write) -> Result<u64, ReportError> {
    let mut csv = ::csv::Writer::from_writer(out);
    let (mut after, mut written) = (0, 0);
    loop {
        let found = store.read("read a table", |r| {
            r.table_rows(table, after, ROWS_AT_A_TIME)
        })?;
        if written == 0 {
            csv.write_record(&found.columns)?;
        }
        if found.rows.is_empty() {
            break;
        }
        for row in &found.rows {
            csv.write_record(row.iter().map(|text| safe(text)))?;
        }
        written += found.rows.len() as u64;
        after = found.last_id;
    }
    csv.flush()?;
    Ok(written)
}
