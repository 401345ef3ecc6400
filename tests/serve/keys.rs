//! What the keyboard does where scripts run, in real Chromium; and that it does nothing where somebody writes.

use serde_json::json;

use crate::browser::chromium;
use crate::chromium::Chromium;
use crate::serving::Serving;
use crate::support::Desk;

/// The row, or the repair, in which the focus is: its place among all, and how many there are.
const ROW: &str = "(() => { const all = [...document.querySelectorAll('tbody tr, .repair')]; \
     return all.findIndex(one => one.contains(document.activeElement)) + ' of ' + all.length; })()";

const ACTIVE: &str =
    "document.activeElement.id || document.activeElement.name || document.activeElement.tagName";

fn browser(desk: &Desk) -> Option<Chromium> {
    let program = chromium()?;
    let rules = format!(
        "--host-resolver-rules=MAP * {}, EXCLUDE 127.0.0.1",
        desk.web.addr()
    );
    let mut chromium = Chromium::start(&program, &[rules]);
    let looked_at = json!({ "enabled": true });
    chromium.ask_page("Emulation.setFocusEmulationEnabled", &looked_at);
    Some(chromium)
}

fn open(chromium: &mut Chromium, serving: &Serving, path: &str) {
    let address = format!("http://{}{path}", serving.ui);
    chromium.open(&address);
    chromium.has_come(&address);
}

#[test]
fn keys_search_go_through_rows_and_say_what_they_do() {
    let desk = crate::walk::full();
    let Some(mut chromium) = browser(&desk) else {
        return;
    };
    let serving = Serving::start(&desk);
    open(&mut chromium, &serving, "/sources");
    let chromium = &mut chromium;
    let all: usize = chromium
        .says("document.querySelectorAll('tbody tr').length + ''")
        .parse()
        .unwrap();
    assert!(all > 5);
    for (key, row) in [
        ("j", 0),
        ("j", 1),
        ("j", 2),
        ("k", 1),
        ("k", 0),
        ("k", 0),
        ("j", 1),
    ] {
        chromium.key(key);
        assert_eq!(chromium.says(ROW), format!("{row} of {all}"), "{key}");
    }
    for _ in 0..all {
        chromium.key("j");
    }
    assert_eq!(chromium.says(ROW), format!("{} of {all}", all - 1));
    assert_eq!(chromium.says(ACTIVE), "A");
    // Where somebody writes, keys write.
    chromium.key("/");
    assert_eq!(chromium.says(ACTIVE), "find");
    for key in ["j", "?", "/", "c"] {
        chromium.key(key);
    }
    assert_eq!(chromium.says("document.activeElement.value"), "j?/c");
    assert_eq!(
        chromium.says("String(document.querySelector('dialog'))"),
        "null"
    );
    chromium.key("Escape");
    assert_eq!(chromium.says(ACTIVE), "BODY");
    // What the keys do is told, and gone again.
    let shown = "String(Boolean(document.querySelector('dialog[open]')))";
    for (key, is_shown) in [
        ("?", "true"),
        ("Escape", "false"),
        ("?", "true"),
        ("?", "false"),
    ] {
        chromium.key(key);
        assert_eq!(chromium.says(shown), is_shown, "{key}");
    }
    let told = chromium.says("document.querySelector('dialog').textContent");
    assert!(told.contains("search") && told.contains("close"), "{told}");
    // (What is closed loses the focus when the browser draws next.)
    let is_body = format!("(one => one === 'BODY' ? one : null)({ACTIVE})");
    chromium.says(&is_body);
    // With another key held, they are the browser's.
    for held in [1, 2, 4] {
        let pressed = json!({ "type": "rawKeyDown", "key": "/", "modifiers": held });
        chromium.ask_page("Input.dispatchKeyEvent", &pressed);
        assert_eq!(chromium.says(ACTIVE), "BODY", "{held}");
    }
    // One tick for all.
    let ticked = "document.querySelectorAll('td.tick input:checked').length + ''";
    assert_eq!(chromium.says(ticked), "0");
    for many in [all, 0] {
        chromium.script("document.querySelector('th.tick input').click()");
        assert_eq!(chromium.says(ticked), many.to_string());
    }
    // Where there are no rows, nothing happens.
    open(chromium, &serving, "/health");
    for key in ["j", "k", "c", "u"] {
        chromium.key(key);
    }
    assert_eq!(chromium.says(ACTIVE), "BODY");
}

#[test]
fn keys_decide_what_becomes_of_what_is_broken() {
    let desk = crate::walk::full();
    let Some(mut chromium) = browser(&desk) else {
        return;
    };
    let serving = Serving::start(&desk);
    let chromium = &mut chromium;
    let repairs = format!("http://{}/repairs", serving.ui);
    let decided = |action: &str| {
        desk.number(&format!(
            "select count(distinct source_id) from decision where action = '{action}'"
        ))
    };
    // Nothing is decided on what nobody has gone to, or while somebody writes.
    open(chromium, &serving, "/repairs");
    for key in ["c", "a", "u", "l"] {
        chromium.key(key);
    }
    chromium.key("j");
    chromium.script("document.querySelector('.repair input[name=note]').focus()");
    for key in ["c", "a", "u", "l"] {
        chromium.key(key);
    }
    assert_eq!(chromium.says("document.activeElement.value"), "caul");
    assert_eq!(chromium.says("location.href"), repairs);
    assert_eq!(desk.number("select count(*) from decision"), 0);
    // The address has to be there: that of what moved is.
    for (key, action, wants) in [
        ("a", "address", "input[name=address]:not([value=\"\"])"),
        ("c", "copy", "button[data-key=c]"),
        ("u", "unlink", "button[data-key=u]"),
        ("l", "leave", "button[data-key=l]"),
    ] {
        open(chromium, &serving, "/repairs");
        let many = chromium.says("document.querySelectorAll('.repair').length + ''");
        let wanted = format!(
            "String(Boolean(document.activeElement.closest('.repair')?.querySelector('{wants}')))"
        );
        for _ in 0..many.parse().unwrap() {
            chromium.key("j");
            if chromium.says(&wanted) == "true" {
                break;
            }
        }
        assert_eq!(chromium.says(&wanted), "true", "{action}");
        chromium.key(key);
        let told = chromium.says("document.querySelector('.done')?.textContent");
        assert!(told.contains("decided"), "{told}");
        assert_eq!(decided(action), 1, "{action}");
    }
}
