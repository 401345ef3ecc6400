//! Settings: flags over environment over `sourcekeep.toml` over defaults, validated once.
//!
//! The file is read by [`File::parse`], which knows lines and what was meant by a misspelt key. What the command line
//! and the environment say comes as [`Overrides`]; this room knows neither. [`Settings::resolve`] puts them together.
//! Which file it is (`--config PATH`, else `sourcekeep.toml` in the working folder if there is one) and its reading is
//! the caller's affair. Every key is documented in `docs/CONFIGURATION.md`, and a test holds the two together.

mod error;
mod file;
mod limits;
mod settings;
mod value;

pub use error::ConfigError;
pub use file::{CaptureFile, FetchFile, File, GatherFile, HostFile, KEYS, ScheduleFile};
pub use limits::LimitsFile;
pub use settings::{CaptureSettings, FetchSettings, Overrides, ScheduleSettings, Settings};
pub use value::{ByteSize, Cidr, HostName, Include, InvalidValue, Proxy, Resolve, Robots};

/// The name of the file that is looked for in the working folder.
pub const FILE_NAME: &str = "sourcekeep.toml";
