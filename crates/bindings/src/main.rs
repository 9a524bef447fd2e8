//! Writes the JavaScript by which the playground's page calls its module, as wasm-bindgen's own command does.
//!
//! That command is the same library behind a command line and a test server. As a program of this workspace the
//! library is held to its version by `Cargo.lock`, and needs nothing installed.
#![forbid(unsafe_code)]

use std::path::PathBuf;
use std::process::ExitCode;

use wasm_bindgen_cli_support::Bindgen;

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let (Some(module), Some(folder), None) = (arguments.next(), arguments.next(), arguments.next()) else {
        eprintln!("usage: bindings MODULE FOLDER");
        return ExitCode::from(2);
    };
    let mut bindgen = Bindgen::new();
    bindgen.input_path(&module).out_name("page").typescript(false).remove_name_section(true);
    bindgen.remove_producers_section(true);
    match bindgen.web(true).and_then(|bindgen| bindgen.generate(&folder)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {}: {error:#}", module.display());
            ExitCode::FAILURE
        }
    }
}
