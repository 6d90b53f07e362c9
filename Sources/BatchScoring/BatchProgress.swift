internal import Synchronization

/// How far a scored file is, for a progress line. Safe to read from any thread while the work goes on.
public final class BatchProgress: Sendable {
    private let rowsDone = Atomic<Int>(0)
    private let rejectsDone = Atomic<Int>(0)
    private let bytesDone = Atomic<Int>(0)
    private let bytesAll = Atomic<Int>(0)

    /// Progress of work that has not begun.
    public init() {}

    /// Predictions of the whole run so far, those before a resume included.
    public var rows: Int { rowsDone.load(ordering: .relaxed) }

    /// Rejected rows of the whole run so far.
    public var rejects: Int { rejectsDone.load(ordering: .relaxed) }

    /// Bytes of the input read so far.
    public var bytesRead: Int { bytesDone.load(ordering: .relaxed) }

    /// Bytes of the input; 0 while unknown.
    public var bytesTotal: Int { bytesAll.load(ordering: .relaxed) }

    func set(rows: Int, rejects: Int) {
        rowsDone.store(rows, ordering: .relaxed)
        rejectsDone.store(rejects, ordering: .relaxed)
    }

    func read(_ bytes: Int) {
        bytesDone.add(bytes, ordering: .relaxed)
    }

    func set(bytesTotal: Int) {
        bytesAll.store(bytesTotal, ordering: .relaxed)
    }
}
