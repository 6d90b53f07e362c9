public import EventLog
internal import Basics
internal import Synchronization

/// The engine for real work: Apache Kafka (2.5 or newer) through librdkafka.
///
/// Every reader and writer is a client of its own with its own threads; opening connects to nothing yet. Safe
/// to call from any thread; `close` frees everything that was made from it.
///
/// Records without a partition go where the Java client would send them: by the murmur2 hash of the key, and
/// anywhere when they have none (`partitioner` in the options changes that).
///
/// ```swift
/// let log = try KafkaLog.open(url: "kafka://localhost:9092")
/// try await log.create([TopicDefinition(name: "greetings", partitions: 1)])
/// ```
public final class KafkaLog: EventLog {
    /// The brokers' URL.
    public let name: String
    private let settings: ClientSettings
    private let handles = OpenHandles()
    private let admin = Mutex(AdminState())

    private struct AdminState {
        var isClosed = false
        var client: AdminClient?
        /// Clients that asked for offsets of groups, the last used one last.
        var groups: [(name: String, client: AdminClient)] = []
    }

    private init(_ settings: ClientSettings) {
        self.settings = settings
        name = settings.address.url
    }

    /// The log of the brokers `kafka://HOST[:PORT][,HOST[:PORT]]…`. Throws `configuration` when the URL is
    /// malformed or an option has no meaning; whether a broker answers shows with the first call.
    public static func open(url: String, options: KafkaOptions = KafkaOptions()) throws(LogError) -> KafkaLog
    {
        let settings = ClientSettings(address: try BrokerAddress(url: url), options: options)
        try settings.validate()
        return KafkaLog(settings)
    }

    /// How many clients did not end before the deadline of a `close` and were left behind, in this process.
    public static var abandonedClients: Int { KafkaClient.abandoned.load(ordering: .relaxed) }

    @discardableResult
    public func create(_ topics: [TopicDefinition]) async throws(LogError) -> [TopicName] {
        try await administrator().create(topics)
    }

    public func topics() async throws(LogError) -> [TopicDescription] {
        try await administrator().topics()
    }

    public func partitionCount(of topic: TopicName) async throws(LogError) -> Int32? {
        try await administrator().partitionCount(of: topic)
    }

    public func watermarks(of topic: TopicName) async throws(LogError) -> [Partition: Watermarks] {
        try await administrator().watermarks(of: topic)
    }

    public func committedOffsets(of group: String, topic: TopicName) async throws(LogError)
        -> [Partition: Offset]
    {
        let count = try await administrator().existingPartitionCount(of: topic)
        return try await client(ofGroup: group).committedOffsets(of: topic, count: count)
    }

    public func reader(_ options: ReaderOptions) async throws(LogError) -> any PartitionReader {
        let offsets = try await startOffsets(options.start)
        let reader = try await KafkaPartitionReader(settings, offsets: offsets, options: options)
        handles.add(reader)
        return reader
    }

    public func groupReader(_ options: GroupOptions) async throws(LogError) -> any GroupReader {
        for topic in options.topics { _ = try await administrator().existingPartitionCount(of: topic) }
        let reader = try await KafkaGroupReader(settings, options)
        handles.add(reader)
        return reader
    }

    public func writer(_ options: WriterOptions) async throws(LogError) -> any LogWriter {
        _ = try administrator()
        let writer = try KafkaWriter(settings, options)
        handles.add(writer)
        return writer
    }

    public func transactionalWriter(
        id: String, _ options: WriterOptions
    ) async throws(LogError) -> any TransactionalWriter {
        _ = try administrator()
        let writer = try await KafkaTransactionalWriter(settings, id: id, options)
        handles.add(writer)
        return writer
    }

    public func close(deadline: Duration) async {
        let clients = takeAdminClients()
        await withTaskGroup(of: Void.self) { group in
            for client in clients { group.addTask { await client.close(deadline: deadline) } }
            await handles.closeAll(deadline: deadline)
        }
    }

    /// Ends everything as the death of the process would: no flush, no abort, no leaving of groups. For
    /// tests.
    package func kill() async {
        let clients = takeAdminClients()
        handles.killAll()
        for client in clients { await client.close(deadline: .seconds(1)) }
    }

    private func takeAdminClients() -> [AdminClient] {
        admin.withLock { state in
            defer { state = AdminState(isClosed: true) }
            return state.groups.map(\.client) + [state.client].compactMap(\.self)
        }
    }

    /// The client for administrative calls, made at the first need. Throws `closed` after `close`.
    private func administrator() throws(LogError) -> AdminClient {
        try withAdmin { state throws(LogError) in
            if let client = state.client { return client }
            let client = try AdminClient(settings)
            state.client = client
            return client
        }
    }

    /// The client that asks for the offsets of `name`. The last few stay connected.
    private func client(ofGroup name: String) throws(LogError) -> AdminClient {
        let (client, old) = try withAdmin { state throws(LogError) -> (AdminClient, AdminClient?) in
            if let index = state.groups.firstIndex(where: { $0.name == name }) {
                let entry = state.groups.remove(at: index)
                state.groups.append(entry)
                return (entry.client, nil)
            }
            let client = try AdminClient(settings, group: name)
            state.groups.append((name, client))
            guard state.groups.count > KafkaLimits.groupClients else { return (client, nil) }
            return (client, state.groups.removeFirst().client)
        }
        if let old { Task { await old.close(deadline: .seconds(1)) } }
        return client
    }

    private func withAdmin<Value: Sendable>(
        _ body: (inout AdminState) throws(LogError) -> Value
    ) throws(LogError) -> Value {
        let result = admin.withLock { state -> Result<Value, LogError> in
            if state.isClosed { return .failure(.closed("the log \(name)")) }
            do throws(LogError) {
                return .success(try body(&state))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    /// Where to start, as numbers: "latest" is looked up now, so that nothing written after this call is
    /// missed, and "earliest" too, because librdkafka looks it up with a timer of half a second when its
    /// first try comes too early.
    private func startOffsets(_ start: [TopicPartition: StartPosition]) async throws(LogError)
        -> [TopicPartition: Int64]
    {
        var counts: [TopicName: Int32] = [:]
        var ends: [TopicName: [Partition: Watermarks]] = [:]
        var offsets: [TopicPartition: Int64] = [:]
        for (place, position) in start.sorted(by: { $0.key < $1.key }) {
            let count =
                if let known = counts[place.topic] { known } else {
                    try await administrator().existingPartitionCount(of: place.topic)
                }
            counts[place.topic] = count
            guard place.partition.number >= 0, place.partition.number < count else {
                throw .noPartition(place, count: count)
            }
            if case .offset(let offset) = position {
                offsets[place] = max(0, offset.number)
                continue
            }
            if ends[place.topic] == nil { ends[place.topic] = try await watermarks(of: place.topic) }
            let known = ends[place.topic]?[place.partition]
            offsets[place] =
                position == .latest
                ? known?.high.number ?? PartitionList.end : known?.low.number ?? PartitionList.beginning
        }
        return offsets
    }
}
