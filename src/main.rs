//! The `sourcekeep` command.

fn main() {}
