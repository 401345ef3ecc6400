#![doc = include_str!("../README.md")]

pub mod address;
pub mod capture;
pub mod charset;
pub mod config;
pub mod demo;
pub mod doctor;
pub mod explain;
pub mod fetch;
pub mod gather;
pub mod judge;
pub mod report;
pub mod run;
pub mod schedule;
pub mod store;
pub mod timer;
pub mod watch;
