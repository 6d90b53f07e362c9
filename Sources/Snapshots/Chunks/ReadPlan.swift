internal import Crypto
internal import EventLog

/// Which records a fetch still waits for: a pure value that is told what was read.
struct ReadPlan {
    /// Wanted chunks by partition, the nearest last.
    private var pending: [TopicPartition: [ChunkEntry]] = [:]
    /// Where to start each partition.
    let starts: [TopicPartition: Offset]
    /// Chunks that did not stand at their places.
    private(set) var missing: [ChunkEntry] = []
    /// Partitions that brought records past the last wanted one.
    private(set) var strays: Set<TopicPartition> = []

    /// Waits for `chunks` of `topic`, each digest once.
    init(topic: TopicName, _ chunks: [ChunkEntry]) {
        var seen: Set<Digest> = []
        for chunk in chunks where seen.insert(chunk.digest).inserted {
            pending[TopicPartition(topic, chunk.partition), default: []].append(chunk)
        }
        for partition in pending.keys {
            pending[partition]?.sort { $0.offset > $1.offset }
        }
        starts = pending.compactMapValues { $0.last?.offset }
    }

    /// Whether nothing is waited for.
    var isDone: Bool { pending.isEmpty }

    /// How many chunks are waited for.
    var pendingCount: Int { pending.values.reduce(0) { $0 + $1.count } }

    /// Whether the chunk is still waited for.
    func waits(for chunk: ChunkEntry, topic: TopicName) -> Bool {
        pending[TopicPartition(topic, chunk.partition)]?.contains { $0.digest == chunk.digest } ?? false
    }

    /// The place of the next chunk of each partition that has one.
    var nextOffsets: [TopicPartition: Offset] { pending.compactMapValues { $0.last?.offset } }

    /// The strays since the last call.
    mutating func takeStrays() -> Set<TopicPartition> {
        defer { strays = [] }
        return strays
    }

    /// A record was read. Returns the chunk that it is, when it is wanted; chunks whose places were passed
    /// are missing.
    mutating func take(_ place: RecordPlace, key: Digest?, isTombstone: Bool) -> ChunkEntry? {
        guard var waiting = pending[place.partition] else {
            strays.insert(place.partition)
            return nil
        }
        var taken: ChunkEntry?
        while let next = waiting.last, next.offset <= place.offset {
            waiting.removeLast()
            if next.offset == place.offset, key == next.digest, !isTombstone {
                taken = next
            } else {
                missing.append(next)
            }
        }
        pending[place.partition] = waiting.isEmpty ? nil : waiting
        return taken
    }

    /// The reader reached these ends: whatever was to stand before an end is missing. Returns whether chunks
    /// are left that were to stand behind one; only the log itself says whether they can come.
    mutating func reached(_ ends: [TopicPartition: Offset]) -> Bool {
        var isBeyond = false
        for (partition, end) in ends {
            drop(from: partition) { $0.offset < end }
            isBeyond = isBeyond || pending[partition] != nil
        }
        return isBeyond
    }

    /// The log says that partitions end here: whatever was to stand behind an end is missing.
    mutating func bound(_ ends: [TopicPartition: Offset]) {
        for (partition, end) in ends { drop(from: partition) { $0.offset >= end } }
    }

    private mutating func drop(from partition: TopicPartition, where isMissing: (ChunkEntry) -> Bool) {
        guard let waiting = pending[partition] else { return }
        missing.append(contentsOf: waiting.filter(isMissing))
        let rest = waiting.filter { !isMissing($0) }
        pending[partition] = rest.isEmpty ? nil : rest
    }
}
