//! `preview` for the page in `playground/`: the browser runs the policy's module, and all else is done here, by the
//! code of the command.
//!
//! The page calls [`preview`] in a worker. What it hands to the policy and what that looks up go through [`browser`].

mod answer;
// what wasm-bindgen writes for a function of JavaScript has to be unsafe
#[allow(unsafe_code)]
mod browser;
#[allow(unsafe_code)]
mod exports;

pub use answer::{Answer, Request, answer};
pub use browser::Browser;
pub use exports::preview;
