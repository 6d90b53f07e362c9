public import Basics
public import EventLog

/// Changes the catalog: claims versions, moves aliases, retires versions. Each change is one record; whether
/// it won its number is learnt by reading on to it. Each is told to the audit topic afterwards.
///
/// Safe to call from any task; calls may overlap.
public actor CatalogWriter {
    let log: any EventLog
    let topics: TopicNames
    let follower: CatalogFollower
    let limits: CatalogLimits
    let time: any TimeSource
    /// Who changes the catalog, as records and the audit topic name it.
    public nonisolated let author: String
    private var writer: (any LogWriter)?

    /// A writer that reads the catalog through `follower`; `author` is who does it, such as `ann@host`.
    public init(
        log: any EventLog, topics: TopicNames = TopicNames(), follower: CatalogFollower, author: String,
        limits: CatalogLimits = CatalogLimits(), time: any TimeSource = SystemTime()
    ) {
        self.log = log
        self.topics = topics
        self.follower = follower
        self.author = author
        self.limits = limits
        self.time = time
    }

    /// Frees the writer; later calls make a new one.
    public func close(deadline: Duration = .seconds(5)) async {
        let closing = writer
        writer = nil
        await closing?.close(deadline: deadline)
    }

    /// Appends records to the catalog, or to the audit topic.
    func send(_ records: [Record], doing: String) async throws(CatalogError) -> [RecordPlace] {
        do throws(LogError) {
            let writer = try await openWriter()
            return try await writer.send(RecordBatch(records))
        } catch {
            // A writer that failed for good is of no use any more.
            if error.severity == .fatal { writer = nil }
            throw CatalogError(error, doing: doing)
        }
    }

    /// What became of a claim that was written.
    enum Outcome {
        /// It got its number; its record stands at this offset. `gaps` as `CatalogFollower.gaps` was then.
        case won(Offset, gaps: Int)
        /// The number belongs to another one.
        case lost
        /// The record was written and then removed before it could be read.
        case removed
        /// The log did not say whether it wrote the record, and it is not there.
        case unknown
    }

    /// Appends the claim `value` under `key` and waits until the follower has read it.
    func claim(_ key: CatalogKey, _ value: [UInt8], doing: String) async throws(CatalogError) -> Outcome {
        await follower.watch(key)
        let isPlaced: Bool
        do throws(CatalogError) {
            try await write(key, value, doing: doing)
            isPlaced = true
        } catch {
            guard let cause = error.cause as? LogError, cause.code == .timedOut else {
                _ = await follower.outcome(of: key)
                throw error
            }
            _ = try await follower.asOfNow()
            isPlaced = false
        }
        switch await follower.outcome(of: key) {
        case .won(let offset, let gaps): return .won(offset, gaps: gaps)
        case .lost: return .lost
        case nil: return isPlaced ? .removed : .unknown
        }
    }

    /// Appends one record to the catalog and waits until the follower has read it.
    func write(_ key: CatalogKey, _ value: [UInt8], doing: String) async throws(CatalogError) {
        let record = CatalogRecord.sealed(key, value, topic: topics.catalog)
        guard let place = try await send([record], doing: doing).first else {
            throw CatalogError(.log, "\(doing): the log acknowledged nothing", recovery: .bug)
        }
        try await follower.reach(place.offset.next)
    }

    /// Withdraws claims that have lost.
    func withdraw(_ keys: [CatalogKey]) async throws(CatalogError) {
        guard !keys.isEmpty else { return }
        let tombstones = keys.map {
            Record(topic: topics.catalog, partition: Partition(0), key: $0.bytes, value: nil)
        }
        _ = try await send(tombstones, doing: "withdrawing claims")
    }

    /// Writes `entry` to the audit topic. The change itself has happened: a failure is returned, not thrown.
    @discardableResult
    public func audit(_ entry: AuditRecord) async -> CatalogError? {
        do throws(CatalogError) {
            _ = try await send([entry.record(topic: topics.audit)], doing: "writing to \(topics.audit)")
            return nil
        } catch {
            return error
        }
    }

    private func openWriter() async throws(LogError) -> any LogWriter {
        if let writer { return writer }
        let made = try await log.writer(WriterOptions())
        writer = made
        return made
    }
}
