//! How much memory the process ever held, for those who wonder whether a run fits their machine.

/// The most physical memory that this process ever held, in bytes; `None` where the system does not say.
pub(crate) fn peak() -> Option<u64> {
    // There is no such file but on Linux.
    of_status(&std::fs::read_to_string("/proc/self/status").ok()?)
}

fn of_status(status: &str) -> Option<u64> {
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim_end().parse().ok()?;
    kibibytes.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_peak_is_read_from_the_status() {
        let status =
            "Name:\tsourcekeep\nVmPeak:\t  913072 kB\nVmHWM:\t   45312 kB\nVmRSS:\t   44000 kB\n";
        assert_eq!(of_status(status), Some(46_399_488));
        assert_eq!(of_status("Name:\tsourcekeep\n"), None);
        assert_eq!(of_status("VmHWM:\tmuch\n"), None);
        assert_eq!(peak().is_some(), cfg!(target_os = "linux"));
    }
}
