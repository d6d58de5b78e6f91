//! A buffer for each thread, in which values are written before they are stored: once written,
//! the length is known, and one allocation of that size holds the result.

use std::cell::RefCell;

/// What a buffer may keep between two uses; one grown further is given back.
const KEPT: usize = 64 * 1024;

thread_local! {
    static BUFFER: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Lends the thread's buffer, empty; a use within a use gets one of its own.
pub(crate) fn with<T>(write: impl FnOnce(&mut Vec<u8>) -> T) -> T {
    BUFFER.with(|shared| match shared.try_borrow_mut() {
        Ok(mut buffer) => {
            buffer.clear();
            buffer.shrink_to(KEPT);
            write(&mut buffer)
        }
        Err(_) => write(&mut Vec::new()),
    })
}
