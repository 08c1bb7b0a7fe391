//! What the allocators need to be told.
//!
//! Memory of the C++ side: RocksDB takes its blocks from glibc, not from our allocator, and glibc gives each thread an arena of
//! its own: what one thread read and another let go of stays there unused, about a fifth of the process after mixed load. The
//! calls are few and short, so one arena for all costs nothing that could be measured.

/// One arena for all threads. To be called before there are any.
pub fn share() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    #[expect(unsafe_code, reason = "glibc has no safe way to say this; the call only sets a number")]
    // SAFETY: mallopt takes two numbers, and nothing runs beside this yet.
    unsafe {
        libc::mallopt(libc::M_ARENA_MAX, 1);
    }
}

/// Gives back to the system what our allocator has kept free for longer than its delay of a second. By itself it looks only
/// where something is allocated: after a load that nothing follows, a process would stay as large as it was at its largest.
/// To be called about once a second; where there is nothing to give back it takes some microseconds.
#[expect(unsafe_code, reason = "the crate has no safe way to say this")]
pub fn give_back() {
    // SAFETY: the signature is that of mimalloc.h; the library is linked, see below.
    unsafe extern "C" {
        fn mi_collect(force: bool);
    }
    // SAFETY: any thread may call it at any time, and it frees only what nobody uses.
    unsafe { mi_collect(false) };
}

// `give_back` calls into its library, which is linked where the crate is used.
use mimalloc as _;
