internal import Glibc
internal import Synchronization

/// A reference that one task at a time replaces while any number of threads read it without a lock.
///
/// **Layout.** `generation` counts the replacements; the reference of generation g stands in cell g mod 8,
/// which holds +1 on it. Beside it the cell counts the readers that are just looking.
///
/// **Reading.** Load g; count up in its cell; load g again. If it is the same, retain what the cell holds,
/// and count down. If not, count down and begin again. Lock-free: a reader repeats only because a
/// replacement has succeeded.
///
/// **Replacing** (under a mutex that readers never touch): put the new reference into the next cell, which
/// is empty; store g + 1. The old cell is emptied, under the same mutex, once its count is 0.
///
/// **Why a reader never retains what was freed.** All four operations are sequentially consistent, so they
/// have one order. A reader whose second load gave g made it before the store of g + 1; its counting up
/// came before that. So whoever empties the cell after the store, and sees 0 there, sees it after that
/// reader has counted down, hence after it has retained. A reader that counts up later loads another
/// generation and touches nothing. Generations never repeat (2⁶⁴), so a cell that is used again is not
/// mistaken for its earlier self.
///
/// `@unchecked`: as shown; everything else in it is `Sendable`.
@safe final class SharedReference<Value: AnyObject & Sendable>: @unchecked Sendable {
    /// One place for a reference.
    @safe private final class Cell: @unchecked Sendable {
        let readers = Atomic<Int>(0)
        /// Holds +1 while not nil.
        let reference = unsafe Atomic<UnsafeMutableRawPointer?>(nil)

        /// Takes the reference out when no reader is looking; nil while one is, or when the cell is empty.
        func empty() -> Value? {
            guard readers.load(ordering: .sequentiallyConsistent) == 0,
                let pointer = unsafe reference.exchange(nil, ordering: .acquiringAndReleasing)
            else { return nil }
            return unsafe Unmanaged<Value>.fromOpaque(pointer).takeRetainedValue()
        }

        var isEmpty: Bool { unsafe reference.load(ordering: .acquiring) == nil }
    }

    /// What came of an attempt to take an old reference out.
    enum Taking {
        /// Here it is, with the cell's +1.
        case taken(Value)
        /// A reader is just looking; try again.
        case busy
        /// Somebody else has taken it out.
        case gone
    }

    private static var cellCount: Int { 8 }

    private let cells: [Cell] = (0..<SharedReference.cellCount).map { _ in Cell() }
    private let current = Atomic<UInt64>(0)
    /// The generation that each cell was last filled for. Whoever fills or empties a cell holds the mutex.
    private let filled = Mutex([UInt64](repeating: 0, count: SharedReference.cellCount))

    init() {}

    deinit {
        for cell in cells { _ = cell.empty() }
    }

    /// How often the reference was replaced: one atomic load.
    var generation: UInt64 { current.load(ordering: .acquiring) }

    /// The reference; nil before the first.
    func load() -> Value? {
        while true {
            let generation = current.load(ordering: .sequentiallyConsistent)
            let cell = cells[SharedReference.index(of: generation)]
            cell.readers.add(1, ordering: .sequentiallyConsistent)
            defer { cell.readers.subtract(1, ordering: .sequentiallyConsistent) }
            guard current.load(ordering: .sequentiallyConsistent) == generation else { continue }
            // Generation g is in force, so the cell cannot be emptied before this reader has counted down.
            guard let pointer = unsafe cell.reference.load(ordering: .acquiring) else { return nil }
            return unsafe Unmanaged<Value>.fromOpaque(pointer).takeUnretainedValue()
        }
    }

    /// Replaces the reference. Returns the old one's generation, which the caller is to `take` before long;
    /// nil when there was none. Waits while a reader looks at what was there eight replacements ago, which
    /// nobody has taken.
    func replace(with value: Value?) -> UInt64? {
        filled.withLock { filled in
            let generation = current.load(ordering: .sequentiallyConsistent)
            let index = SharedReference.index(of: generation + 1)
            let next = cells[index]
            while !next.isEmpty {
                if next.empty() == nil { sched_yield() }
            }
            filled[index] = generation + 1
            if let value {
                // The cell's +1, given back by whoever empties it.
                let pointer = unsafe Unmanaged.passRetained(value).toOpaque()
                unsafe next.reference.store(pointer, ordering: .releasing)
            }
            current.store(generation + 1, ordering: .sequentiallyConsistent)
            return cells[SharedReference.index(of: generation)].isEmpty ? nil : generation
        }
    }

    /// Takes the reference of an old generation out of its cell.
    func take(_ generation: UInt64) -> Taking {
        filled.withLock { filled in
            precondition(
                generation < current.load(ordering: .sequentiallyConsistent),
                "generation \(generation) is in force")
            let index = SharedReference.index(of: generation)
            guard filled[index] == generation, !cells[index].isEmpty else { return .gone }
            guard let value = cells[index].empty() else { return .busy }
            return .taken(value)
        }
    }

    private static func index(of generation: UInt64) -> Int { Int(generation % UInt64(cellCount)) }
}
