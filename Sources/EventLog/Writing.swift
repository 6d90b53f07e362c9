internal import Basics

/// How a writer writes.
public struct WriterOptions: Sendable, Hashable {
    /// How long a record may wait for its acknowledgement before `send` or `commit` fails with `timedOut`.
    public var deliveryTimeout: Duration
    /// After how long the log itself aborts a transaction whose writer is silent.
    public var transactionTimeout: Duration
    /// Compresses records on the way to a broker; false for values that are already compressed.
    public var compresses: Bool

    /// A writer's options.
    public init(
        deliveryTimeout: Duration = .seconds(30), transactionTimeout: Duration = .seconds(10),
        compresses: Bool = false
    ) {
        self.deliveryTimeout = deliveryTimeout
        self.transactionTimeout = transactionTimeout
        self.compresses = compresses
    }
}

/// Writes records outside transactions. Safe to call from any thread; records of one `send` keep their order
/// in each partition, and so do calls of one task.
public protocol LogWriter: AnyObject, Sendable {
    /// Appends the batch and returns where each record stands, in the batch's order, once every copy that the
    /// topic asks for has it. Throws when any record was not written; others may have been. Waits while the
    /// local queue is full.
    func send(_ batch: RecordBatch) async throws(LogError) -> [RecordPlace]

    /// Appends the batch without telling where its records stand: returns when it is on its way, before it is
    /// acknowledged. `settle` tells what came of it. Waits while the local queue is full.
    func post(_ batch: RecordBatch) async throws(LogError)

    /// Waits until everything that was posted is acknowledged. Throws an *abortable* error when a record was
    /// lost since the last call; others may have been written. One task at a time may post and settle.
    func settle() async throws(LogError)

    /// Waits for what was sent, up to `deadline`, and frees the writer.
    func close(deadline: Duration) async
}

extension LogWriter {
    /// Acknowledged before it returns, for writers that have no other way.
    public func post(_ batch: RecordBatch) async throws(LogError) {
        _ = try await send(batch)
    }

    /// Nothing is on its way.
    public func settle() async throws(LogError) {}

    /// Appends one record and returns where it stands.
    @discardableResult
    public func send(_ record: Record) async throws(LogError) -> RecordPlace {
        let places = try await send(RecordBatch([record]))
        guard let place = places.first else {
            throw LogError(.engine, "the log acknowledged no record of \(record.topic)", recovery: .bug)
        }
        return place
    }
}

/// The input that a transaction has used up: the reader, and for each partition the next record to read.
public struct ConsumedOffsets: Sendable {
    /// The member of the group that read the records, of the same log as the writer.
    public var reader: any GroupReader
    /// The next record to read, by partition.
    public var offsets: [TopicPartition: Offset]

    /// Offsets that `reader` has read up to.
    public init(reader: any GroupReader, offsets: [TopicPartition: Offset]) {
        self.reader = reader
        self.offsets = offsets
    }
}

/// Writes records in transactions: all of one become visible together, with the input offsets that they used
/// up, or none does. One task at a time may use it.
///
/// `begin` → `send`… → `commit` or `abort`, and again. After an *abortable* error call `abort`; after a
/// *fatal* one `close`.
public protocol TransactionalWriter: AnyObject, Sendable {
    /// The name that fences older writers.
    var id: String { get }

    /// Opens a transaction.
    func begin() async throws(LogError)

    /// Adds records to the open transaction. Does not wait for acknowledgements; a record that could not be
    /// written fails `commit`. Waits while the local queue is full.
    func send(_ batch: RecordBatch) async throws(LogError)

    /// Waits for all records, adds `consumed`, and makes everything visible at once. When it throws an
    /// *abortable* or *retriable* error, nothing was committed. When the outcome cannot be learned in time it
    /// throws a *fatal* `timedOut`: the next writer of the same id waits until it is decided, and the group's
    /// committed offsets tell.
    func commit(consumed: ConsumedOffsets?) async throws(LogError)

    /// Drops the open transaction. Does nothing when none is open.
    func abort() async throws(LogError)

    /// Aborts what is open and frees the writer. Returns by `deadline`.
    func close(deadline: Duration) async
}
