//! The crate looked at as text: what no compiler checks, but everybody relies on.
//!
//! Every finding names its file and line, so that it can be opened. Comments and strings are told apart from code
//! first, since a word that is forbidden in code may well be spoken of.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

/// One source file, split into what is code and what stands in its strings.
struct Source {
    /// From the crate's root, with `/`.
    path: String,
    /// The text with comments and the insides of strings blanked, line for line.
    code: String,
    /// Each string's text, with the line it begins on.
    strings: Vec<(usize, String)>,
    /// How many lines it has.
    lines: usize,
}

impl Source {
    fn read(path: &Path) -> Self {
        let text = read(path);
        let (code, strings) = split(&text);
        Self {
            path: name(path),
            code,
            strings,
            lines: text.lines().count(),
        }
    }

    /// Lines of code, from 1, in which `word` stands; where it begins or ends with a letter, as a whole word.
    fn lines_with<'a>(&'a self, word: &'a str) -> impl Iterator<Item = usize> + 'a {
        self.code
            .lines()
            .zip(1..)
            .filter(move |(line, _)| has_word(line, word))
            .map(|(_, number)| number)
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn name(path: &Path) -> String {
    path.strip_prefix(root())
        .unwrap_or(path)
        .to_string_lossy()
        .replace('\\', "/")
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// All files under a folder whose names end in `extension`, in order; none where there is no such folder.
fn files(folder: &str, extension: &str) -> Vec<PathBuf> {
    let (mut found, mut folders) = (Vec::new(), vec![root().join(folder)]);
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(&folder) else {
            continue;
        };
        for entry in entries {
            let path = entry
                .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
                .path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|found| found == extension) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn sources(folders: &[&str]) -> Vec<Source> {
    let found: Vec<_> = folders
        .iter()
        .flat_map(|folder| files(folder, "rs"))
        .map(|path| Source::read(&path))
        .collect();
    assert!(!found.is_empty(), "no source files in {folders:?}");
    found
}

fn none(findings: &[String]) {
    let list = findings.iter().fold(String::new(), |mut list, finding| {
        let _ = write!(list, "\n  {finding}");
        list
    });
    assert!(findings.is_empty(), "{} found:{list}", findings.len());
}

fn has_word(line: &str, word: &str) -> bool {
    let part_of_a_word =
        |letter: Option<char>| letter.is_some_and(|c| c.is_alphanumeric() || c == '_');
    let (open, close) = (
        part_of_a_word(word.chars().next()),
        part_of_a_word(word.chars().next_back()),
    );
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + word.len()..].chars().next();
        !(open && part_of_a_word(before) || close && part_of_a_word(after))
    })
}

/// Splits Rust's text into code (comments and the insides of strings and characters blanked) and strings.
fn split(text: &str) -> (String, Vec<(usize, String)>) {
    let letters: Vec<char> = text.chars().collect();
    let (mut code, mut strings) = (String::with_capacity(text.len()), Vec::new());
    let (mut at, mut line) = (0, 1);
    while at < letters.len() {
        let end = match letters[at] {
            '/' if letters.get(at + 1) == Some(&'/') => end_of_line(&letters, at),
            '/' if letters.get(at + 1) == Some(&'*') => end_of_comment(&letters, at),
            '"' => end_of_string(&letters, at),
            'r' if !is_inside_word(&letters, at) => end_of_raw_string(&letters, at).unwrap_or(at),
            '\'' => end_of_character(&letters, at).unwrap_or(at),
            _ => at,
        };
        if end == at {
            code.push(letters[at]);
            line += usize::from(letters[at] == '\n');
            at += 1;
            continue;
        }
        let token: String = letters[at..end].iter().collect();
        if matches!(letters[at], '"' | 'r') {
            let inside = token.trim_start_matches(['r', '#']).trim_end_matches('#');
            strings.push((line, inside.trim_matches('"').to_owned()));
            code.push_str("\"\"");
        }
        let breaks = token.matches('\n').count();
        code.extend(std::iter::repeat_n('\n', breaks));
        line += breaks;
        at = end;
    }
    (code, strings)
}

fn is_inside_word(letters: &[char], at: usize) -> bool {
    // `br"…"` and `cr"…"` are strings too.
    let before = letters[..at]
        .iter()
        .rev()
        .find(|letter| !matches!(letter, 'b' | 'c'));
    before.is_some_and(|letter| letter.is_alphanumeric() || *letter == '_')
}

fn end_of_line(letters: &[char], from: usize) -> usize {
    let rest = letters[from..].iter().position(|letter| *letter == '\n');
    rest.map_or(letters.len(), |length| from + length)
}

fn end_of_comment(letters: &[char], from: usize) -> usize {
    let (mut at, mut depth) = (from, 0);
    while at + 1 < letters.len() {
        match (letters[at], letters[at + 1]) {
            ('/', '*') => depth += 1,
            ('*', '/') => depth -= 1,
            _ => {
                at += 1;
                continue;
            }
        }
        at += 2;
        if depth == 0 {
            return at;
        }
    }
    letters.len()
}

fn end_of_string(letters: &[char], from: usize) -> usize {
    let mut at = from + 1;
    while at < letters.len() && letters[at] != '"' {
        at += 1 + usize::from(letters[at] == '\\');
    }
    (at + 1).min(letters.len())
}

fn end_of_raw_string(letters: &[char], from: usize) -> Option<usize> {
    let hashes = letters[from + 1..]
        .iter()
        .take_while(|letter| **letter == '#')
        .count();
    let mut at = from + 1 + hashes;
    if letters.get(at) != Some(&'"') {
        return None;
    }
    loop {
        at += 1;
        if at >= letters.len() {
            return Some(letters.len());
        }
        let closing = letters[at + 1..].iter().take(hashes);
        if letters[at] == '"' && closing.filter(|letter| **letter == '#').count() == hashes {
            return Some(at + 1 + hashes);
        }
    }
}

/// The end of `'x'` or `'\u{1f}'`; `None` where the quote begins a lifetime.
fn end_of_character(letters: &[char], from: usize) -> Option<usize> {
    if letters.get(from + 1) == Some(&'\\') {
        let rest = letters[from + 3..]
            .iter()
            .position(|letter| *letter == '\'')?;
        return Some(from + 3 + rest + 1);
    }
    (letters.get(from + 2) == Some(&'\'')).then_some(from + 3)
}

#[test]
fn code_is_told_from_comments_and_strings() {
    let text = concat!(
        "let a = \"one // \\\" two\"; // unsafe\n",
        "/* outer /* inner */ unsafe\n */ let b = r#\"raw \" text\"#;\n",
        "let c: &'static str = x('\"', '\\'', 'y');\n",
        "unsafe {}\n",
    );
    let (code, strings) = split(text);
    assert_eq!(
        code,
        "let a = \"\"; \n\n let b = \"\";\nlet c: &'static str = x(, , );\nunsafe {}\n"
    );
    let expected = [(1, "one // \\\" two"), (3, "raw \" text")];
    assert_eq!(
        strings,
        expected.map(|(line, text)| (line, text.to_owned()))
    );
    assert!(has_word("std::thread::sleep(x)", "thread::sleep"));
    assert!(!has_word("forbid(unsafe_code)", "unsafe"));
}

#[test]
fn every_dependency_is_used() {
    let manifest = read(&root().join("Cargo.toml"));
    let (own, all) = (sources(&["src"]), sources(&["src", "tests"]));
    let (mut section, mut findings, mut seen) = (String::new(), Vec::new(), 0);
    for (line, number) in manifest.lines().zip(1..) {
        let mut dependency = None;
        if let Some(header) = line.strip_prefix('[') {
            header
                .trim_end()
                .trim_end_matches(']')
                .clone_into(&mut section);
            if let Some((kind, name)) = section.rsplit_once("dependencies.") {
                dependency = Some((format!("{kind}dependencies"), name.to_owned()));
            }
        } else if section.ends_with("dependencies")
            && let Some((name, _)) = line.split_once('=')
        {
            let name = name.trim();
            let name = name.split_once('.').map_or(name, |(name, _)| name);
            dependency = Some((section.clone(), name.to_owned()));
        }
        let Some((kind, name)) = dependency else {
            continue;
        };
        seen += 1;
        let (places, where_) = if kind.ends_with("dev-dependencies") {
            (&all, "src/ or tests/")
        } else {
            (&own, "src/")
        };
        let path = format!("{}::", name.replace('-', "_"));
        if !places
            .iter()
            .any(|source| source.lines_with(&path).next().is_some())
        {
            findings.push(format!(
                "Cargo.toml:{number}: `{name}` is not used in {where_}"
            ));
        }
    }
    assert!(seen > 0, "Cargo.toml names no dependency");
    none(&findings);
}

#[test]
fn nothing_forbidden_is_in_the_code() {
    let forbidden = [
        ("unsafe", "the crate is safe Rust"),
        ("todo!", "finish it, or leave it out"),
        ("unimplemented!", "finish it, or leave it out"),
        ("#[ignore", "a test runs, or is deleted"),
        ("should_panic", "say what is expected with an assertion"),
        ("thread::sleep", "wait for what happens, not for time"),
    ];
    let mut findings = Vec::new();
    for source in sources(&["src", "tests"]) {
        for (word, instead) in forbidden {
            for line in source.lines_with(word) {
                findings.push(format!("{}:{line}: `{word}`: {instead}", source.path));
            }
        }
    }
    none(&findings);
}

#[test]
fn no_file_is_too_long() {
    const MOST: usize = 800;
    let mut findings = Vec::new();
    for source in sources(&["src"]) {
        if source.lines > MOST {
            findings.push(format!(
                "{}:{}: {} lines; split it at a noun of the product",
                source.path,
                MOST + 1,
                source.lines
            ));
        }
    }
    none(&findings);
}

#[test]
fn all_sql_is_in_the_store() {
    let calls = [
        "rusqlite",
        "prepare(",
        "prepare_cached(",
        "query_row(",
        "query_map(",
        "execute_batch(",
        "execute(",
    ];
    let mut findings = Vec::new();
    for source in sources(&["src"]) {
        if source.path.starts_with("src/store/") {
            continue;
        }
        for call in calls {
            // The HTTP client's own verb has the same name.
            if call == "execute(" && source.path.starts_with("src/fetch/") {
                continue;
            }
            for line in source.lines_with(call) {
                findings.push(format!(
                    "{}:{line}: `{call}` outside src/store/",
                    source.path
                ));
            }
        }
        for (line, text) in &source.strings {
            if is_sql(text) {
                findings.push(format!("{}:{line}: SQL outside src/store/", source.path));
            }
        }
    }
    none(&findings);
}

fn is_sql(text: &str) -> bool {
    let words: Vec<_> = text
        .split_whitespace()
        .map(str::to_ascii_lowercase)
        .collect();
    let words: Vec<_> = words.iter().map(String::as_str).collect();
    match words[..] {
        ["select" | "with", ref rest @ ..] => rest.contains(&"from"),
        ["insert" | "replace", "into", ..]
        | ["insert", "or", ..]
        | ["delete", "from", ..]
        | ["update", _, "set", ..]
        | ["create", "table" | "index" | "view" | "trigger", ..]
        | ["alter" | "drop", "table", ..]
        | ["pragma", _] => true,
        _ => false,
    }
}

#[test]
fn the_library_knows_nothing_of_the_command_line() {
    let mut findings = Vec::new();
    for source in sources(&["src"]) {
        if source.path == "src/main.rs" || source.path.starts_with("src/cli/") {
            continue;
        }
        for name in ["clap", "anstream", "indicatif", "anyhow"] {
            for line in source.lines_with(name) {
                findings.push(format!(
                    "{}:{line}: `{name}` belongs to src/cli/",
                    source.path
                ));
            }
        }
    }
    none(&findings);
}

#[test]
fn the_readme_is_short() {
    const MOST: usize = 150;
    if let Ok(readme) = fs::read_to_string(root().join("README.md")) {
        let lines = readme.lines().count();
        assert!(
            lines <= MOST,
            "README.md:{}: {lines} lines; move some to docs/",
            MOST + 1
        );
    }
}

#[test]
fn documents_name_no_path_of_somebodys_machine() {
    let mut documents = files("docs", "md");
    documents.extend(
        [
            "README.md",
            "CHANGELOG.md",
            "RELEASE.md",
            "Cargo.toml",
            "deny.toml",
            ".ci/run",
        ]
        .map(|name| root().join(name))
        .into_iter()
        .filter(|path| path.exists()),
    );
    let mut findings = Vec::new();
    for path in documents {
        for (line, number) in read(&path).lines().zip(1..) {
            for folder in ["/work/", "/home/", "/root/", "/Users/", "/mnt/", "C:\\"] {
                let begins_a_path = |at: usize| {
                    let before = line[..at].chars().next_back();
                    before.is_none_or(|c| {
                        !c.is_alphanumeric() && !matches!(c, '.' | '_' | '-' | '~' | '}')
                    })
                };
                if line.match_indices(folder).any(|(at, _)| begins_a_path(at)) {
                    findings.push(format!("{}:{number}: `{folder}`", name(&path)));
                }
            }
        }
    }
    none(&findings);
}

#[cfg(unix)]
#[test]
fn the_checks_can_be_run() {
    use std::os::unix::fs::PermissionsExt;
    let path = root().join(".ci/run");
    let mode = fs::metadata(&path)
        .unwrap_or_else(|error| panic!(".ci/run:1: {error}"))
        .permissions()
        .mode();
    assert_eq!(
        mode & 0o111,
        0o111,
        ".ci/run:1: not executable (mode {mode:o})"
    );
}
