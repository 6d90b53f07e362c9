internal import Basics
internal import CRdKafka
public import EventLog
internal import Synchronization

/// librdkafka's own mock cluster: the real protocol over TCP on loopback, in this process, with faults on
/// demand.
///
/// It keeps at most 5 MiB or 100 000 records a partition, does not compact, does not filter aborted
/// transactions, elects no new leader when a broker goes down, and creates no topics by the protocol: use
/// `create` here. Any number of clients may share one. Safe to call from any thread; brokers end with the
/// last reference.
///
/// ```swift
/// let cluster = try MockKafkaCluster(brokers: 3)
/// try cluster.create("events", partitions: 4)
/// let log = try KafkaLog.open(url: cluster.url)
/// ```
@safe public final class MockKafkaCluster: @unchecked Sendable {
    // `@unchecked`: the mock cluster locks itself; both pointers are set once and freed once, in `deinit`.
    private let client: OpaquePointer
    private let cluster: OpaquePointer

    /// Requests of the protocol that can be made to fail, by their number there.
    public struct Request: Sendable, Hashable {
        /// Answering it so ends the connection instead of answering.
        public static let disconnect: Int32 = RD_KAFKA_RESP_ERR__TRANSPORT.rawValue

        /// The number of the request in the protocol.
        public let key: Int16

        /// The request numbered `key`.
        public init(key: Int16) { self.key = key }

        /// Writing records.
        public static let produce = Request(key: 0)
        /// Reading records.
        public static let fetch = Request(key: 1)
        /// Asking for the ends of partitions.
        public static let listOffsets = Request(key: 2)
        /// Asking for topics and leaders.
        public static let metadata = Request(key: 3)
        /// Committing offsets of a group.
        public static let offsetCommit = Request(key: 8)
        /// Asking for offsets of a group.
        public static let offsetFetch = Request(key: 9)
        /// Looking for a coordinator.
        public static let findCoordinator = Request(key: 10)
        /// Joining a group.
        public static let joinGroup = Request(key: 11)
        /// A member's sign of life.
        public static let heartbeat = Request(key: 12)
        /// Leaving a group.
        public static let leaveGroup = Request(key: 13)
        /// Learning a member's partitions.
        public static let syncGroup = Request(key: 14)
        /// Asking what a broker can do, at each connection.
        public static let apiVersions = Request(key: 18)
        /// Taking over a transactional name.
        public static let initProducerID = Request(key: 22)
        /// Adding a partition to a transaction.
        public static let addPartitionsToTransaction = Request(key: 24)
        /// Adding a group's offsets to a transaction.
        public static let addOffsetsToTransaction = Request(key: 25)
        /// Ending a transaction.
        public static let endTransaction = Request(key: 26)
        /// Adding offsets to a transaction.
        public static let transactionOffsetCommit = Request(key: 28)
    }

    /// Starts `brokers` brokers, numbered from 1.
    public init(brokers: Int32 = 1) throws(LogError) {
        let configuration = unsafe rd_kafka_conf_new()
        // The client only carries the cluster; its complaints would be the brokers' noise.
        unsafe rd_kafka_conf_set(configuration, "log_level", "0", nil, 0)
        let handle = unsafe rd_kafka_new(RD_KAFKA_PRODUCER, configuration, nil, 0)
        guard let handle = unsafe handle else {
            unsafe rd_kafka_conf_destroy(configuration)
            throw LogError(.engine, "librdkafka makes no client for a mock cluster", recovery: .bug)
        }
        guard let mock = unsafe rd_kafka_mock_cluster_new(handle, brokers) else {
            unsafe rd_kafka_destroy(handle)
            throw LogError(.engine, "librdkafka makes no mock cluster", recovery: .bug)
        }
        unsafe client = handle
        unsafe cluster = mock
    }

    deinit {
        // Ending takes up to a second, which no thread of Swift's pool may spend.
        let remains = unsafe Remains(client: client, cluster: cluster)
        _ = CancellableThread(name: "kafka-mock-end") { _ in remains.free() }
    }

    /// `host:port` of every broker.
    public var bootstrap: String { unsafe String(cString: rd_kafka_mock_cluster_bootstraps(cluster)) }

    /// The URL to open a log with.
    public var url: String { "kafka://\(bootstrap)" }

    /// Creates a topic.
    public func create(_ topic: TopicName, partitions: Int32, replication: Int32 = 1) throws(LogError) {
        try check(
            unsafe rd_kafka_mock_topic_create(cluster, topic.text, partitions, replication),
            "creating \(topic)")
    }

    /// Makes the next requests of a kind fail, one after another, with these error numbers of the protocol; a
    /// 0 among them lets one pass.
    public func fail(_ request: Request, with codes: [Int32]) {
        let errors = codes.map { rd_kafka_resp_err_t(rawValue: $0) }
        unsafe rd_kafka_mock_push_request_errors_array(cluster, request.key, errors.count, errors)
    }

    /// Takes back the faults of `fail` that have not happened yet.
    public func clearFaults(of request: Request) {
        unsafe rd_kafka_mock_clear_request_errors(cluster, request.key)
    }

    /// Delays every answer of a broker by `time`.
    public func setRoundTrip(_ time: Duration, broker: Int32 = 1) throws(LogError) {
        try check(
            unsafe rd_kafka_mock_broker_set_rtt(cluster, broker, Int32(clamping: time.wholeMilliseconds)),
            "delaying broker \(broker)")
    }

    /// Closes a broker's connections and port.
    public func takeDown(broker: Int32 = 1) throws(LogError) {
        try check(unsafe rd_kafka_mock_broker_set_down(cluster, broker), "taking down broker \(broker)")
    }

    /// Opens the port of a broker again.
    public func bringUp(broker: Int32 = 1) throws(LogError) {
        try check(unsafe rd_kafka_mock_broker_set_up(cluster, broker), "bringing up broker \(broker)")
    }

    /// Moves the leadership of a partition.
    public func setLeader(of partition: TopicPartition, broker: Int32) throws(LogError) {
        try check(
            unsafe rd_kafka_mock_partition_set_leader(
                cluster, partition.topic.text, partition.partition.number, broker), "moving \(partition)")
    }

    /// Moves the coordinator of a group.
    public func setCoordinator(ofGroup group: String, broker: Int32) throws(LogError) {
        try check(
            unsafe rd_kafka_mock_coordinator_set(cluster, "group", group, broker), "moving group \(group)")
    }

    /// Moves the coordinator of a transactional name.
    public func setCoordinator(ofTransactions id: String, broker: Int32) throws(LogError) {
        try check(
            unsafe rd_kafka_mock_coordinator_set(cluster, "transaction", id, broker), "moving '\(id)'")
    }

    private func check(_ code: rd_kafka_resp_err_t, _ what: String) throws(LogError) {
        guard code != RD_KAFKA_RESP_ERR_NO_ERROR else { return }
        throw LogError(
            .engine, "\(what) on the mock cluster: \(unsafe String(cString: rd_kafka_err2str(code)))",
            recovery: .fixInput)
    }
}

/// What a thread frees after the last reference to a cluster is gone.
///
/// `@unchecked`: the one thread that gets this value is the only user of both pointers.
@safe private struct Remains: @unchecked Sendable {
    private let client: OpaquePointer
    private let cluster: OpaquePointer

    init(client: OpaquePointer, cluster: OpaquePointer) {
        unsafe self.client = client
        unsafe self.cluster = cluster
    }

    func free() {
        unsafe rd_kafka_mock_cluster_destroy(cluster)
        unsafe rd_kafka_destroy(client)
    }
}
