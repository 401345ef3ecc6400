//! Pages as people see them: pictures in light and dark, wide, narrow and on paper, and the rules of axe-core.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use crate::chromium::Chromium;

const RUN: &str = "window.said = null; axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', \
     'best-practice'] }).then(found => { window.said = JSON.stringify(found.violations.map(one => one.id + ': ' + \
     one.nodes.map(node => node.html).join(' ').slice(0, 300))) }, error => { window.said = String(error) }); ''";

/// A browser, and what looks at its pages.
pub(crate) struct Eyes {
    axe: String,
    program: PathBuf,
    pictures: PathBuf,
}

impl Eyes {
    /// Needs Chromium and `axe.min.js` of axe-core, which `SOURCEKEEP_AXE` names; without, one line says so, and under
    /// `SOURCEKEEP_REQUIRE_TOOLS=1` that is a failure.
    pub(crate) fn open() -> Option<Self> {
        let required = std::env::var_os("SOURCEKEEP_REQUIRE_TOOLS").is_some_and(|one| one == "1");
        let axe =
            std::env::var_os("SOURCEKEEP_AXE").and_then(|path| std::fs::read_to_string(path).ok());
        assert!(
            axe.is_some() || !required,
            "SOURCEKEEP_AXE names no axe.min.js"
        );
        let (Some(axe), Some(program)) = (axe, crate::browser::chromium()) else {
            let _ = writeln!(
                std::io::stderr(),
                "skipped: no axe-core, which SOURCEKEEP_AXE would name, or no Chromium"
            );
            return None;
        };
        let pictures = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/pages");
        std::fs::create_dir_all(&pictures).unwrap();
        Some(Self {
            axe,
            program,
            pictures,
        })
    }

    pub(crate) fn browser(&self) -> Chromium {
        Chromium::start(&self.program, &[])
    }

    /// Looks at the page of an address, and leaves pictures of it under this name in `target/pages`, that of paper as PDF.
    #[track_caller]
    pub(crate) fn look(&self, chromium: &mut Chromium, address: &str, name: &str, is_judged: bool) {
        for (scheme, width) in [("light", 1280), ("dark", 1280), ("light", 400)] {
            chromium.look(scheme, width);
            chromium.open("about:blank");
            chromium.has_come("about:blank");
            chromium.open(address);
            chromium.has_come(address);
            self.leave(&format!("{name}-{scheme}-{width}.png"), &chromium.picture());
            if !is_judged {
                continue;
            }
            chromium.script(&self.axe);
            chromium.script(RUN);
            let said = chromium.says("window.said");
            assert_eq!(said, "[]", "{name} {scheme} {width}");
            let over = chromium.says("String(document.documentElement.scrollWidth - innerWidth)");
            let over: i64 = over.parse().unwrap();
            assert!(over <= 0, "{name} {scheme} {width}: {over} pixels too wide");
        }
        if is_judged {
            self.leave(&format!("{name}.pdf"), &chromium.paper());
            chromium.on_paper();
            let colours = "(style => style.color + ' on ' + style.backgroundColor)(getComputedStyle(document.body))";
            assert_eq!(
                chromium.says(colours),
                "rgb(0, 0, 0) on rgb(255, 255, 255)",
                "{name} on paper"
            );
            // Nothing that is for hands, and nothing folded.
            let left = "[...document.querySelectorAll('input, button, header nav, details:not([open]) > :not(summary)')] \
                 .filter(one => one.checkVisibility() === !one.closest('details:not(.change, .filter details)') && !one.closest('dialog')) \
                 .map(one => one.outerHTML.slice(0, 80)).join(' ')";
            assert_eq!(chromium.says(left), "", "{name} on paper");
        }
    }

    fn leave(&self, file: &str, base64: &str) {
        let bytes = BASE64.decode(base64).unwrap();
        assert!(!bytes.is_empty(), "{file}");
        std::fs::write(self.pictures.join(file), bytes).unwrap();
    }
}
