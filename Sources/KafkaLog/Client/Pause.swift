internal import Glibc

/// A wait of a thread of our own, where C offers nothing to wait for.
enum Pause {
    /// Waits; never on Swift's pool.
    static func milliseconds(_ count: Int32) {
        _ = poll(nil, 0, count)
    }
}
