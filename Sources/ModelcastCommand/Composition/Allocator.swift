internal import CAllocator

/// How the C library's allocator works in this program.
enum Allocator {
    /// Blocks from this size on are taken from the system one by one and given back at once: large models
    /// are.
    private static let ownBlockBytes: Int32 = 32 << 20
    /// Free memory that is kept at hand.
    private static let keptBytes: Int32 = 64 << 20

    /// Sets the allocator up for a client that gets and frees millions of small blocks a second on different
    /// threads. To be called before the first thread starts.
    ///
    /// By default every buffer of a fetch is taken from the system anew, which zeroes it: a tenth of a
    /// scorer's processor time. And small blocks that another thread has freed are kept in lists that are
    /// searched again and again while many are in use: a quarter of that time in a storm of dead letters,
    /// whose headers are a block each.
    static func prepare() {
        _ = mallopt(M_MMAP_THRESHOLD, ownBlockBytes)
        _ = mallopt(M_TRIM_THRESHOLD, keptBytes)
        _ = mallopt(M_MXFAST, 0)
    }
}
