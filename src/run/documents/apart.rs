//! Documents that are read by a process of their own, for reading them may take all the memory and time there is.
//!
//! A PDF is a small machine, and its readers crash, hang and eat memory on files that were made for it. So this program
//! starts itself once more, with a hidden command that takes a PDF on standard input and prints what it found, a line
//! each; the limits are set by that process on itself, before it reads the first byte.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use crate::gather::{self, Document, Format, GatherError, Piece, Rules, Sink, Unreadable};
use crate::judge::Text;

/// The hidden command that reads a PDF.
pub const PDF_COMMAND: &str = "read-pdf";

/// What the process that reads may have of memory, in bytes.
#[cfg(unix)]
const MAX_MEMORY: u64 = 512 << 20;
/// What it may have of a processor, in seconds.
#[cfg(unix)]
const MAX_CPU_SECONDS: u64 = 20;
/// How long it may take; longer than the processor's time, for others want the processor too.
const MAX_WALL: Duration = Duration::from_secs(60);
/// What it may print.
const MAX_PRINTED: u64 = 48 << 20;

/// Reads a document and tells the sink of every post in it: as [`gather::gather`] does, but what is dangerous to read
/// is read apart.
pub fn gather_document(
    document: &Document<'_>,
    rules: &Rules,
    sink: &mut dyn Sink,
) -> Result<(), GatherError> {
    if document.format != Format::Pdf {
        return gather::gather(document, rules, sink);
    }
    let pieces = own_program()
        .and_then(|program| read_apart(&program, &[PDF_COMMAND], document.bytes, MAX_WALL))
        .map_err(|why| GatherError::Unreadable {
            name: document.name.to_owned(),
            why: Unreadable::Pdf(why),
        })?;
    gather::gather_pdf(document, &pieces, rules, sink);
    Ok(())
}

/// The text of a PDF that was visited. What cannot be read is `None`, and no failure of the visit.
pub(in crate::run) fn pdf_text(bytes: &[u8]) -> Option<Text> {
    let program = own_program().ok()?;
    let pieces = read_apart(&program, &[PDF_COMMAND], bytes, MAX_WALL).ok()?;
    let mut whole = String::new();
    let mut read = Text::default();
    for piece in &pieces {
        match piece {
            Piece::About(about) => (read.title, read.byline, read.language) = about.said(),
            Piece::Text(text) | Piece::Link { text, .. } => whole.push_str(text),
            Piece::Break | Piece::Page(_) => whole.push('\n'),
            Piece::End => {}
        }
    }
    read.main.clone_from(&whole);
    read.whole = whole;
    Some(read)
}

/// Sets limits on this process that it cannot take back. For the process that reads, before it does.
pub fn confine() -> std::io::Result<()> {
    #[cfg(unix)]
    for (resource, limit) in [
        (rlimit::Resource::AS, MAX_MEMORY),
        (rlimit::Resource::CPU, MAX_CPU_SECONDS),
        (rlimit::Resource::CORE, 0),
        (rlimit::Resource::FSIZE, 0),
    ] {
        resource.set(limit, limit)?;
    }
    Ok(())
}

fn own_program() -> Result<PathBuf, String> {
    let program = std::env::current_exe().map_err(|error| format!("no reader for it: {error}"))?;
    // Where a newer version was put in its place, this one can still be started there.
    let itself = Path::new("/proc/self/exe");
    Ok(if !program.exists() && itself.exists() {
        itself.to_owned()
    } else {
        program
    })
}

/// Lets a program read bytes, and takes what it prints if it does so well, completely and in time.
fn read_apart(
    program: &Path,
    arguments: &[&str],
    bytes: &[u8],
    wall: Duration,
) -> Result<Vec<Piece>, String> {
    let mut reader = Command::new(program)
        .args(arguments)
        // Its memory is limited, and the allocator would begin by reserving more.
        .env_clear()
        .env("MIMALLOC_ARENA_RESERVE", "16MiB")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| format!("no reader for it: {error}"))?;
    let (input, output) = (reader.stdin.take(), reader.stdout.take());
    let (done, is_done) = mpsc::channel();
    let (printed, in_time) = std::thread::scope(|scope| {
        scope.spawn(move || {
            // One that does not want to read on says why by how it ends.
            let _ = input.map(|mut input| input.write_all(bytes));
        });
        let printed = scope.spawn(move || {
            let mut printed = Vec::new();
            // What could not be read is missing, which shows.
            let _ = output.map(|output| output.take(MAX_PRINTED + 1).read_to_end(&mut printed));
            let _ = done.send(());
            printed
        });
        let in_time = is_done.recv_timeout(wall).is_ok();
        // Its time is over, or it has nothing more to say: what it says ends as it ends, and then how it ended stands.
        let _ = reader.kill();
        (printed.join(), in_time)
    });
    let printed = printed.map_err(|_| "its reader failed".to_owned())?;
    let status = reader
        .wait()
        .map_err(|error| format!("its reader failed: {error}"))?;
    if printed.len() as u64 > MAX_PRINTED {
        return Err(format!("it says more than {} MB", MAX_PRINTED >> 20));
    }
    if !in_time {
        return Err(format!("it takes longer than {} s", wall.as_secs()));
    }
    pieces(&printed, status)
}

/// What a reader printed: pieces, of which the last says that nothing is missing, or one line that says why not.
fn pieces(printed: &[u8], status: ExitStatus) -> Result<Vec<Piece>, String> {
    let lines = printed.split(|byte| *byte == b'\n');
    let lines = lines.filter(|line| !line.is_empty());
    let mut pieces = Vec::new();
    for line in lines {
        match serde_json::from_slice(line) {
            Ok(Line::Piece(piece)) => pieces.push(piece),
            Ok(Line::Failed { failed }) => return Err(failed),
            Err(_) => break,
        }
    }
    if status.success() && pieces.last() == Some(&Piece::End) {
        return Ok(pieces);
    }
    Err(format!(
        "it takes more memory or time than any should, or brings its reader down ({status})"
    ))
}

#[derive(serde::Serialize, serde::Deserialize)]
#[serde(untagged)]
enum Line {
    Piece(Piece),
    Failed { failed: String },
}

/// The work of the process that reads: takes a PDF apart and prints it, a line each.
pub fn print_pdf(bytes: &[u8], out: &mut dyn Write) -> std::io::Result<()> {
    let mut result = Ok(());
    let read = gather::read_pdf(bytes, &mut |piece| {
        if result.is_ok() {
            result = print(&Line::Piece(piece), out);
        }
    });
    result?;
    if let Err(Unreadable::Pdf(failed)) = read {
        print(&Line::Failed { failed }, out)?;
    }
    out.flush()
}

fn print(line: &Line, out: &mut dyn Write) -> std::io::Result<()> {
    serde_json::to_writer(&mut *out, line)?;
    out.write_all(b"\n")
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn shell(script: &str, wall: Duration) -> Result<Vec<Piece>, String> {
        let bytes = vec![b'x'; 1 << 20];
        read_apart(Path::new("/bin/sh"), &["-c", script], &bytes, wall)
    }

    #[test]
    fn a_reader_may_do_as_it_likes() {
        let long = Duration::from_secs(30);
        let whole = r#"cat >/dev/null; echo '{"page":1}'; echo '"break"'; echo '"end"'"#;
        assert_eq!(
            shell(whole, long).unwrap(),
            [Piece::Page(1), Piece::Break, Piece::End]
        );
        for (script, expected) in [
            (r#"echo '{"failed":"it is locked"}'"#, "it is locked"),
            (r#"echo '{"page":1}'"#, "brings its reader down"),
            (r#"echo '"end"'; exit 1"#, "exit status: 1"),
            (r#"echo '"end"'; kill -SEGV $$"#, "signal: 11"),
            ("echo garbage", "brings its reader down"),
            ("yes", "more than 48 MB"),
            // One that says no more and goes on all the same is not waited for.
            (r#"echo '"end"'; exec >&-; exec sleep 100"#, "signal: 9"),
        ] {
            let error = shell(script, long).unwrap_err();
            assert!(error.contains(expected), "{script}: {error}");
        }
        let begun = std::time::Instant::now();
        let late = shell(
            "exec cat >/dev/null; exec sleep 100",
            Duration::from_millis(1),
        );
        assert!(late.is_err());
        let hangs = shell("exec sleep 100", Duration::from_millis(50)).unwrap_err();
        assert!(hangs.contains("longer than"), "{hangs}");
        assert!(begun.elapsed().as_secs() < 50);
        let none = read_apart(Path::new("/nowhere/x"), &[], b"", long).unwrap_err();
        assert!(none.contains("no reader"), "{none}");
    }
}
