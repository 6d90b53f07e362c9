internal import EventLog

/// Which partitions a reader has, where it stands in each, and what it still has to tell its caller: a pure
/// value.
///
/// The reader's thread feeds it events and obeys its actions. A revocation is told first and carried out at
/// the next read, so that the caller can finish and commit in between.
struct Assignment {
    /// Something that happened.
    enum Event {
        /// The caller reads again.
        case read
        /// The group gives partitions.
        case given([TopicPartition])
        /// The group takes partitions back; with `lost`, somebody else already has them.
        case taken([TopicPartition], lost: Bool)
        /// Records of a partition were handed to the caller; `next` follows the last.
        case advanced(TopicPartition, next: Offset)
        /// The end of a partition was reached.
        case reachedEnd(TopicPartition, Offset)
        /// The caller continues elsewhere.
        case sought([TopicPartition: Offset])
        /// The reader closes: whatever is told must be carried out at once.
        case closing
    }

    /// Something to do.
    enum Action: Equatable {
        case assign([TopicPartition])
        case unassign([TopicPartition])
    }

    /// The partitions that the reader has, those being taken back included until they are given up.
    private(set) var partitions: Set<TopicPartition> = []
    /// The next record to read, where it is known.
    private(set) var positions: [TopicPartition: Offset] = [:]
    /// The last end that was reached, where the reader still stands there.
    private(set) var lastEnds: [TopicPartition: Offset] = [:]
    private var ends: [TopicPartition: Offset] = [:]
    private var outcome: ReadOutcome?
    private var leaving: [TopicPartition] = []
    private var hasToldLeaving = false
    private var isClosing = false

    /// A reader that has `partitions` from the start.
    init(_ partitions: [TopicPartition] = []) {
        self.partitions = Set(partitions)
    }

    /// The partitions that the caller may still work on: all but those that have been lost.
    func holds(_ partition: TopicPartition) -> Bool { partitions.contains(partition) }

    /// Whether a rebalance waits to be told, so that nothing more should be read before.
    var hasRebalance: Bool { outcome != nil }

    /// Takes `event` in and says what to do now.
    mutating func handle(_ event: Event) -> [Action] {
        switch event {
        case .read:
            guard hasToldLeaving else { return [] }
            return giveUp()
        case .given(let added):
            partitions.formUnion(added)
            if !added.isEmpty { outcome = .assigned(added.sorted()) }
            return [.assign(added.sorted())]
        case .taken(let removed, let lost):
            leaving = removed.sorted()
            if lost { removed.forEach { drop($0) } }
            // With nothing to tell, and in closing, there is nobody to wait for.
            guard !isClosing, !removed.isEmpty else { return giveUp() }
            outcome = .revoking(leaving, lost: lost)
            return []
        case .advanced(let partition, let next):
            positions[partition] = next
            ends[partition] = nil
            lastEnds[partition] = nil
        case .reachedEnd(let partition, let offset):
            guard partitions.contains(partition) else { return [] }
            positions[partition] = offset
            ends[partition] = offset
            lastEnds[partition] = offset
        case .sought(let offsets):
            for (partition, offset) in offsets {
                positions[partition] = offset
                ends[partition] = nil
                lastEnds[partition] = nil
            }
        case .closing:
            isClosing = true
            outcome = nil
            return leaving.isEmpty ? [] : giveUp()
        }
        return []
    }

    /// What to tell the caller now, if anything: first the ends that were reached, then a rebalance.
    mutating func takeOutcome() -> ReadOutcome? {
        if !ends.isEmpty {
            defer { ends = [:] }
            return .caughtUp(ends)
        }
        defer { outcome = nil }
        if case .revoking = outcome { hasToldLeaving = true }
        return outcome
    }

    private mutating func giveUp() -> [Action] {
        let removed = leaving
        leaving = []
        hasToldLeaving = false
        removed.forEach { drop($0) }
        return [.unassign(removed)]
    }

    private mutating func drop(_ partition: TopicPartition) {
        partitions.remove(partition)
        positions[partition] = nil
        ends[partition] = nil
        lastEnds[partition] = nil
    }
}
