//! What the policy asks of the system, which is next to nothing: no files, no arguments, no environment, no clock
//! (WASI preview 1, module `wasi_snapshot_preview1`).

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::io::Write;

use wasmi::{Caller, Error, Linker};

use super::wapc::{Exchange, memory, take, write};

/// The `errno` of WASI for what went well, and for a file that is not open.
const SUCCESS: i32 = 0;
const BAD_FILE: i32 = 8;
/// Standard output and standard error.
const STREAMS: [u32; 2] = [1, 2];
/// No module writes more pieces at once.
const PIECES: u32 = 1024;

pub(super) fn add_to(linker: &mut Linker<Exchange>) -> Result<(), Error> {
    const HOST: &str = "wasi_snapshot_preview1";
    linker.func_wrap(HOST, "environ_sizes_get", |mut caller: Caller<'_, Exchange>, count: u32, size: u32| {
        let memory = memory(&caller)?.data_mut(&mut caller);
        write(memory, count, &0_u32.to_le_bytes())?;
        write(memory, size, &0_u32.to_le_bytes())?;
        Ok::<_, Error>(SUCCESS)
    })?;
    linker.func_wrap(HOST, "environ_get", |_: u32, _: u32| SUCCESS)?;
    linker.func_wrap(HOST, "proc_exit", |status: i32| Err::<(), _>(Error::i32_exit(status)))?;
    linker.func_wrap(HOST, "random_get", |mut caller: Caller<'_, Exchange>, at: u32, length: u32| {
        // the seeds of hash maps; the standard library's are as good
        let mut bytes = vec![0; take(&caller, at, length)?.len()];
        for piece in bytes.chunks_mut(size_of::<u64>()) {
            let random = RandomState::new().build_hasher().finish().to_le_bytes();
            piece.copy_from_slice(&random[..piece.len()]);
        }
        write(memory(&caller)?.data_mut(&mut caller), at, &bytes)?;
        Ok::<_, Error>(SUCCESS)
    })?;
    linker.func_wrap(HOST, "fd_write", fd_write)?;
    Ok(())
}

/// What a module that crashes says last goes where this program's own errors go.
fn fd_write(mut caller: Caller<'_, Exchange>, file: u32, pieces: u32, count: u32, written: u32) -> Result<i32, Error> {
    if !STREAMS.contains(&file) {
        return Ok(BAD_FILE);
    }
    let mut length = 0_u32;
    for index in 0..count.min(PIECES) {
        let word = |at: u32| -> Result<u32, Error> {
            let at = pieces.checked_add(index * 8 + at).ok_or_else(|| Error::new("no such address"))?;
            Ok(u32::from_le_bytes(take(&caller, at, 4)?.try_into().unwrap_or_default()))
        };
        let piece = take(&caller, word(0)?, word(4)?)?;
        length = length.saturating_add(word(4)?);
        let _ = std::io::stderr().write_all(piece);
    }
    write(memory(&caller)?.data_mut(&mut caller), written, &length.to_le_bytes())?;
    Ok(SUCCESS)
}
