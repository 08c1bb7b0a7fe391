//! Memory of the C++ side. RocksDB takes its blocks from glibc, not from our allocator, and glibc gives each thread an arena of
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
