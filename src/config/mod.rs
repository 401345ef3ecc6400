//! Settings: flags over environment over `sourcekeep.toml` over defaults, validated once.
//!
//! The file is read by [`File::parse`], which knows lines and what was meant by a misspelt key. What the command line
//! and the environment say comes as [`Overrides`]; this room knows neither. [`Settings::resolve`] puts them together, and
//! [`Resolved`] says besides where each value comes from, and everything that is wrong.
//! Which file it is (`--config PATH`, else `sourcekeep.toml` in the working folder if there is one) and its reading is
//! the caller's affair. Every key is documented in `docs/CONFIGURATION.md`, and a test holds the two together.

mod addresses;
mod check;
mod error;
mod file;
mod limits;
mod origin;
mod parse;
mod resolve;
mod rules;
mod secret;
mod serving;
mod settings;
mod shown;
mod template;
#[cfg(test)]
mod tests;
mod value;

pub use addresses::{InputAddress, ReadAs, SecretUrl, SourceAddress, WebAddress};
pub use check::{Checked, check};
pub use error::{ConfigError, closest};
pub use file::{
    BackupFile, BrowserFile, CaptureFile, FetchFile, File, GatherFile, HostFile, InputFile,
    JudgeFile, KEYS, ScheduleFile, SourceFile,
};
pub use limits::LimitsFile;
pub use origin::{Origin, Origins};
pub use resolve::Resolved;
pub use serving::{Scope, ServeFile, ServeSettings, TokenFile, TokenSettings, WebOrigin};
pub use settings::{
    BackupSettings, BrowserSettings, CaptureSettings, FetchSettings, InputSettings, JudgeSettings,
    Overrides, ScheduleSettings, Settings, StoreSettings,
};
pub use shown::{HIDDEN, InForce, Shown, to_toml};
pub use template::TEMPLATE;
pub use value::{
    ByteSize, Cidr, Compacting, Day, HostName, Include, InvalidValue, Proxy, Rendering, Resolve,
    Robots,
};

use parse::full_name;

/// The name of the file that is looked for in the working folder.
pub const FILE_NAME: &str = "sourcekeep.toml";
/// The variable that holds a proxy's address; `--proxy` is stronger.
pub const PROXY_VARIABLE: &str = "SOURCEKEEP_PROXY";
/// The variable that holds the address to call after each good run.
pub const HEARTBEAT_VARIABLE: &str = "SOURCEKEEP_HEARTBEAT";
