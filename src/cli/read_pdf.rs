//! `read-pdf`, which nobody types: the process that reads a PDF for another, under limits.

use std::io::Read;

use sourcekeep::run::{confine, print_pdf};

use super::exit::{Exit, Failure};
use super::print::Printer;

pub(crate) fn read_pdf(printer: &Printer) -> Result<Exit, Failure> {
    confine()?;
    let mut bytes = Vec::new();
    std::io::stdin().lock().read_to_end(&mut bytes)?;
    print_pdf(&bytes, &mut printer.data())?;
    Ok(Exit::Done)
}
