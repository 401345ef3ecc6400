//! `docs/COMMANDS.md` says what `--help` says. `SOURCEKEEP_UPDATE_DOCS=1 cargo test --test cli` writes it anew.

use std::fmt::Write as _;
use std::path::Path;

use crate::support::Desk;

const HEAD: &str = "# Commands

What `sourcekeep --help` and `sourcekeep COMMAND --help` say. This page is generated; a test compares it.

Options that every command has are listed once, at the end.
";

#[test]
fn the_reference_of_commands_says_what_help_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/COMMANDS.md");
    let page = page(&Desk::real());
    if std::env::var_os("SOURCEKEEP_UPDATE_DOCS").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == page,
        "docs/COMMANDS.md differs from --help; SOURCEKEEP_UPDATE_DOCS=1 cargo test --test cli writes it anew"
    );
}

fn page(desk: &Desk) -> String {
    let whole = help(desk, "--help");
    let commands = commands_of(&whole);
    assert!(commands.len() > 5, "{whole}");
    let own = own(&whole);
    let mut page = format!("{HEAD}\n## `sourcekeep`\n\n```text\n{own}\n```\n");
    for command in commands {
        let text = help(desk, &format!("{command} --help"));
        let own = self::own(&text);
        write!(page, "\n## `sourcekeep {command}`\n\n```text\n{own}\n```\n").unwrap();
        for part in commands_of(&text) {
            let command = format!("{command} {part}");
            let own = self::own(&help(desk, &format!("{command} --help")));
            write!(
                page,
                "\n### `sourcekeep {command}`\n\n```text\n{own}\n```\n"
            )
            .unwrap();
        }
    }
    // The short form says it in a third of the lines.
    let shared = shared(&help(desk, "run -h"));
    write!(
        page,
        "\n## Options of every command\n\n```text\n{shared}\n```\n"
    )
    .unwrap();
    page
}

fn help(desk: &Desk, words: &str) -> String {
    let mut asked = desk.bare(words);
    asked.env("COLUMNS", "110");
    desk.finish(&mut asked).exits(0).out
}

/// The names below `Commands:`.
fn commands_of(help: &str) -> Vec<String> {
    let listed = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    listed
        .take_while(|line| !line.is_empty())
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .map(str::to_owned)
        .collect()
}

/// A command's help without the parts that every command has.
fn own(help: &str) -> String {
    joined(help, false)
}

/// The parts of its help that every command has.
fn shared(help: &str) -> String {
    joined(help, true)
}

/// The paragraphs of a help that belong to the options of every command, or those that do not.
fn joined(help: &str, wanted: bool) -> String {
    let mut is_shared = false;
    let parts = help.trim_end().split("\n\n").filter(|part| {
        let is_heading = !part.starts_with(' ');
        is_shared = (is_shared && !is_heading)
            || part.starts_with("Global options:")
            || part.starts_with("Fetching:");
        is_shared == wanted
    });
    let lines = parts.flat_map(|part| part.lines().chain([""]));
    lines
        .map(str::trim_end)
        .collect::<Vec<_>>()
        .join("\n")
        .trim_end()
        .to_owned()
}
