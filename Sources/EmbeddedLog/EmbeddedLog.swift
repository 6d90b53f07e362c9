public import EventLog
internal import Basics
internal import Synchronization

/// An `EventLog` in one SQLite file, for one machine: durable, shared by several processes, no server.
///
/// The target's DESIGN.md says how. Next to the file stand SQLite's own `-wal` and `-shm`, `-members` (which
/// members of groups are alive) and `-wake` (wakes readers of other processes); the last two may be deleted
/// while no process has the log open. The file must be on a local disk.
///
/// ```swift
/// let log = try await EmbeddedLog.open(path: "modelcast.db")
/// ```
public final class EmbeddedLog: EventLog {
    private let core: EmbeddedCore
    /// Members of groups, to leave when the handle closes.
    private let members = Mutex<[Weak]>([])

    /// Refers to a reader without keeping it.
    private struct Weak: Sendable {
        weak var reader: EmbeddedGroupReader?
    }

    public let name: String

    private init(core: EmbeddedCore) {
        self.core = core
        name = "file:\(core.path)"
    }

    /// Opens the log at `path`, creating the file when it is missing.
    ///
    /// Throws `unavailable` when the folder is missing, `denied` when the file may not be written, `corrupt`
    /// when it is no log, a newer program's, or damaged.
    public static func open(
        path: String, options: EmbeddedLogOptions = EmbeddedLogOptions()
    ) async throws(LogError) -> EmbeddedLog {
        EmbeddedLog(core: try await EmbeddedCore.open(path, options))
    }

    // MARK: EventLog

    @discardableResult
    public func create(_ topics: [TopicDefinition]) async throws(LogError) -> [TopicName] {
        try core.check()
        return try await core.write.create(topics)
    }

    public func topics() async throws(LogError) -> [TopicDescription] {
        try core.check()
        let entries = try await core.lane().topics()
        core.directory.add(entries)
        return entries.map(\.description)
    }

    public func partitionCount(of topic: TopicName) async throws(LogError) -> Int32? {
        try core.check()
        return try await core.topicIfAny(topic).map { Int32($0.partitionIDs.count) }
    }

    public func watermarks(of topic: TopicName) async throws(LogError) -> [Partition: Watermarks] {
        try core.check()
        return try await core.lane().watermarks(of: try await core.topic(topic))
    }

    public func committedOffsets(
        of group: String, topic: TopicName
    ) async throws(LogError) -> [Partition: Offset] {
        try core.check()
        return try await core.lane().committedOffsets(of: group, topic: try await core.topic(topic))
    }

    public func reader(_ options: ReaderOptions) async throws(LogError) -> any PartitionReader {
        try core.check()
        return try await EmbeddedPartitionReader.open(core, options)
    }

    public func groupReader(_ options: GroupOptions) async throws(LogError) -> any GroupReader {
        try core.check()
        let reader = try await EmbeddedGroupReader.join(core, options)
        members.withLock { members in
            members.removeAll { $0.reader == nil }
            members.append(Weak(reader: reader))
        }
        return reader
    }

    public func writer(_ options: WriterOptions) async throws(LogError) -> any LogWriter {
        try core.check()
        return EmbeddedWriter(core, options)
    }

    public func transactionalWriter(
        id: String, _ options: WriterOptions
    ) async throws(LogError) -> any TransactionalWriter {
        try core.check()
        let epoch = try await core.write.startProducer(id)
        return EmbeddedTransactionalWriter(core, id: id, epoch: epoch, options)
    }

    public func close(deadline: Duration) async {
        guard core.beginClosing() else { return }
        let readers = members.withLock { members in
            defer { members = [] }
            return members.compactMap(\.reader)
        }
        let end = ContinuousClock.now + deadline
        for reader in readers { await reader.close(deadline: max(.zero, end - .now)) }
        // Another process may hold the file's lock for longer than the caller wants to wait.
        await end.bound { [core] in await core.finishClosing() }
    }

    // MARK: Upkeep

    /// Removes all but the last record of each key of the compacted topic `topic` now. Tombstones older than
    /// the topic's `delete.retention.ms` (a day by default) are removed too. Runs beside readers and writers.
    public func compact(_ topic: TopicName) async throws(LogError) {
        try core.check()
        try await core.maintenance.compact(try await core.topic(topic))
    }

    /// Removes what is older than its topic keeps it, and compacts what has grown, as writers have it done
    /// now and then.
    public func maintain() async throws(LogError) {
        try core.check()
        try await core.maintenance.run()
    }

    /// What is wrong with the file; empty when it is sound. Reads all of it.
    public func problems() async throws(LogError) -> [String] {
        try core.check()
        return try await core.maintenance.problems()
    }

    /// Stops everything made from this handle as if its process were killed. For tests.
    package func abandon() {
        guard core.beginClosing() else { return }
        core.members.closeFile()
    }
}
