//! The program as an operator meets it: its words, its configuration, its start and end, backups, and what a kill leaves.

mod backups;
mod checks;
mod crashes;
mod passwords;
mod serving;
mod starting;
mod tls;
mod words;
