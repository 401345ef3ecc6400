//! A test in a network of its own (`unshare -rn`): it may have any address, and no way out.

use std::io::Write as _;
use std::process::{Command, Stdio};

/// Set for the test when it runs inside.
const INSIDE: &str = "SOURCEKEEP_TEST_APART";

/// Whether the test named here runs in a network of its own. If not, it is run once more, in one where `setup` was
/// done; then, or where the system does not let us, there is nothing left to do outside.
#[track_caller]
pub(crate) fn apart(test: &str, setup: &str) -> bool {
    if std::env::var_os(INSIDE).is_some_and(|inside| inside == test) {
        return true;
    }
    let can = Command::new("unshare")
        .args(["-rn", "ip", "link", "set", "lo", "up"])
        .output();
    if !can.is_ok_and(|output| output.status.success()) {
        let required = std::env::var_os("SOURCEKEEP_REQUIRE_TOOLS").is_some_and(|one| one == "1");
        assert!(
            !required,
            "this system does not let us make a network (unshare -rn, ip)"
        );
        // Past the harness, which shows only what a failed test says.
        let line =
            format!("skipped {test}: this system does not let us make a network (unshare -rn)\n");
        let _ = std::io::stderr().write_all(line.as_bytes());
        return false;
    }
    let program = std::env::current_exe().expect("the test's own program");
    let output = Command::new("unshare")
        .args(["-rn", "sh", "-ec"])
        .arg(format!("{setup}\nexec \"$0\" --exact \"$1\" --nocapture"))
        .arg(program)
        .arg(test)
        .env(INSIDE, test)
        .stdin(Stdio::null())
        .output()
        .expect("a shell");
    assert!(
        output.status.success(),
        "inside:\n{}\n{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(
        String::from_utf8_lossy(&output.stdout).contains("1 passed"),
        "no test of the name {test}"
    );
    false
}
