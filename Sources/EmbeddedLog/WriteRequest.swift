internal import EventLog
internal import Synchronization

/// A set of blocks that is to be committed whole, with what must hold for that. Filled in by the write
/// thread.
final class WriteRequest: Sendable {
    /// A writer of transactions, which a newer one of the same name fences.
    struct Producer: Sendable {
        var name: String
        var epoch: Int64
    }

    /// Input that is used up by the request.
    struct Consumed: Sendable {
        var group: String
        var member: Int64
        var instance: String?
        /// The next record to read, by partition, with the partition's id.
        var offsets: [(partition: TopicPartition, id: Int64, next: Int64)]
    }

    let blocks: [Block]
    let producer: Producer?
    let consumed: Consumed?
    let deadline: ContinuousClock.Instant
    /// Bytes of the blocks.
    let byteCount: Int
    private let outcome = Mutex<Result<[Int64], LogError>?>(nil)

    init(
        blocks: [Block], producer: Producer? = nil, consumed: Consumed? = nil,
        deadline: ContinuousClock.Instant
    ) {
        self.blocks = blocks
        self.producer = producer
        self.consumed = consumed
        self.deadline = deadline
        byteCount = blocks.reduce(0) { $0 + $1.head.count + $1.body.count }
    }

    /// Ends it: the first offset of each block, or why it was not committed.
    func finish(_ result: Result<[Int64], LogError>) {
        outcome.withLock { $0 = result }
    }

    /// How it ended; a request that the write thread never saw was closed under.
    func result() throws(LogError) -> [Int64] {
        let result = outcome.withLock { $0 } ?? .failure(.closed("the log"))
        return try result.get()
    }
}

/// Requests that wait for the write thread. Safe to call from any thread.
final class WriteQueue: Sendable {
    private let waiting = Mutex<[WriteRequest]>([])

    func add(_ request: WriteRequest) {
        waiting.withLock { $0.append(request) }
    }

    /// Takes requests off the front: at least one where there is one, then more up to `bytesMax` bytes
    /// together.
    func take(bytesMax: Int) -> [WriteRequest] {
        waiting.withLock { waiting in
            var bytes = 0
            var count = 0
            while count < waiting.count, count == 0 || bytes + waiting[count].byteCount <= bytesMax {
                bytes += waiting[count].byteCount
                count += 1
            }
            defer { waiting.removeFirst(count) }
            return Array(waiting.prefix(count))
        }
    }
}
