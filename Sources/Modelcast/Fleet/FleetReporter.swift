internal import Basics
public import Catalog
internal import Crypto
public import EventLog
internal import Snapshots
internal import Synchronization
public import Telemetry

/// Tells the fleet topic what this process runs, and the audit topic what it began to run and what it
/// refused.
///
/// One record stands for the process; it is written again at every change and every `heartbeat`, and
/// withdrawn by `close`. Reports never hold up a swap: they are written behind it, the newest only, and a
/// failure is logged and tried again with the next.
public actor FleetReporter {
    /// How often the record is written when nothing changes.
    public static let heartbeat = Duration.seconds(30)
    /// How long a report may wait for its acknowledgement: a process that ends without its broker waits as
    /// long.
    private static let deliveryTimeout = Duration.seconds(5)
    /// Audit records that wait; the oldest are dropped and counted.
    private static let auditWaitingMax = 1_000
    private static let made = Atomic<Int>(0)

    /// The name under which this process stands in the fleet topic.
    public nonisolated let instance: String
    private let log: any EventLog
    private let topics: TopicNames
    private let instruments: Instruments
    private let time: any TimeSource
    private let startedAt: Timestamp
    private var writer: (any LogWriter)?
    private var subscriptions: [ModelReference: FleetStatus.Subscription] = [:]
    private var audits: [AuditRecord] = []
    private var isDirty = false
    private var isWriting = false
    private var isClosed = false
    private var pulse: Task<Void, Never>?

    /// A reporter for `instance`; nil: host and process number.
    public init(
        log: any EventLog, topics: TopicNames = TopicNames(), instance: String? = nil,
        instruments: Instruments = .disabled
    ) {
        self.log = log
        self.topics = topics
        self.instruments = instruments
        time = SystemTime()
        startedAt = time.wall()
        let number = FleetReporter.made.add(1, ordering: .relaxed).newValue
        let own = "\(ProcessIdentity.host)-\(ProcessIdentity.process)"
        self.instance = instance ?? (number == 1 ? own : "\(own)-\(number)")
    }

    deinit {
        pulse?.cancel()
    }

    /// The state of one subscription as it is now, and what the audit topic is to know.
    func report(_ status: FleetStatus.Subscription, audits entries: [AuditRecord]) {
        guard !isClosed else { return }
        audits = Array((audits + entries).suffix(FleetReporter.auditWaitingMax))
        if subscriptions[status.reference] != status {
            subscriptions[status.reference] = status
            isDirty = true
        }
        if pulse == nil { beat() }
        wake()
    }

    /// A subscription has ended.
    func leave(_ reference: ModelReference) {
        guard subscriptions.removeValue(forKey: reference) != nil else { return }
        isDirty = true
        wake()
    }

    /// Writes what is left, withdraws the record, and frees the writer.
    public func close() async {
        guard !isClosed else { return }
        isClosed = true
        pulse?.cancel()
        subscriptions = [:]
        var records = audits.map { $0.record(topic: topics.audit) }
        audits = []
        records.append(
            Record(topic: topics.fleet, partition: Partition(0), key: Array(instance.utf8), value: nil))
        await send(records)
        let closing = writer
        writer = nil
        await closing?.close(deadline: .seconds(1))
    }

    private func beat() {
        pulse = Task { [weak self, time] in
            while !Task.isCancelled {
                try? await time.sleep(for: FleetReporter.heartbeat)
                guard !Task.isCancelled, let self else { return }
                await self.touch()
            }
        }
    }

    private func touch() {
        isDirty = true
        wake()
    }

    private func wake() {
        guard !isWriting, !isClosed else { return }
        isWriting = true
        Task { await self.write() }
    }

    private func write() async {
        while !isClosed, isDirty || !audits.isEmpty {
            var records = audits.map { $0.record(topic: topics.audit) }
            let count = audits.count
            if isDirty { records.append(status().record(topic: topics.fleet)) }
            isDirty = false
            guard await send(records) else { break }
            audits.removeFirst(min(count, audits.count))
        }
        isWriting = false
    }

    private func status() -> FleetStatus {
        FleetStatus(
            instance: instance, host: ProcessIdentity.host, process: ProcessIdentity.process,
            startedAt: startedAt,
            at: time.wall(),
            subscriptions: subscriptions.values.sorted { $0.reference.model < $1.reference.model })
    }

    @discardableResult
    private func send(_ records: [Record]) async -> Bool {
        do throws(LogError) {
            let writer: any LogWriter
            if let open = self.writer {
                writer = open
            } else {
                writer = try await log.writer(WriterOptions(deliveryTimeout: FleetReporter.deliveryTimeout))
                self.writer = writer
            }
            _ = try await writer.send(RecordBatch(records))
            return true
        } catch {
            if error.severity == .fatal { writer = nil }
            isDirty = true
            instruments.emit(ReportNotSent(error: error))
            return false
        }
    }
}
