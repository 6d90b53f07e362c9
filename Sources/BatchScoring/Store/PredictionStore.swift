public import Basics
public import Tabular

/// The shared store of batch predictions: an SQLite file that several processes write and read at once.
///
/// Readers see complete runs only and wait for nobody; `StoreSchema` describes the tables and views for
/// plain SQL. An actor on a thread of its own, since SQLite blocks. The file is opened at the first call
/// that needs it: for reading by the queries, for writing by the decisions.
///
/// ```swift
/// let store = PredictionStore(path: "predictions.db")
/// try await store.predictions(PredictionQuery(key: "customer-17")) { print($0.prediction) }
/// ```
public actor PredictionStore {
    /// The file.
    public nonisolated let path: String
    private let limits: BatchLimits
    private let executor = ThreadExecutor(name: "predictions")
    private var reader: StoreConnection?

    /// The store at `path`.
    public init(path: String, limits: BatchLimits = BatchLimits()) {
        self.path = path
        self.limits = limits
    }

    /// The thread of the store.
    public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// The runs, newest first; of one model or in one state where asked for.
    public func runs(model: String? = nil, state: RunState? = nil) throws(BatchError) -> [RunRecord] {
        try reading().runs(model: model, state: state)
    }

    /// The run that `name` means: its own name, or the first digits of no other.
    ///
    /// Throws `unknownRun` and `ambiguousRun`.
    public func run(_ name: String) throws(BatchError) -> RunRecord {
        try reading().resolve(name)
    }

    /// Hands the wanted predictions to `body`, one by one, on the store's thread: a run's in the order of
    /// its rows, current ones in no order. What `body` throws ends the query.
    public func predictions(
        _ query: PredictionQuery, _ body: @Sendable (StoredPrediction) throws -> Void
    ) throws(BatchError) {
        try reading().predictions(query, body)
    }

    /// Hands the bad rows of a complete run to `body`, in the order of the input, on the store's thread.
    public func rejects(run: String, _ body: @Sendable (RejectedRow) throws -> Void) throws(BatchError) {
        try reading().rejects(run: run, body)
    }

    /// Runs one statement that reads, on a connection that cannot write, and hands each row to `body` with
    /// the columns' names, on the store's thread. Blobs come as hexadecimal text.
    ///
    /// Throws `notReadOnly`, and `query` for SQL that fails or takes longer than `timeLimit`.
    public func query(
        _ sql: String, timeLimit: Duration = .seconds(60),
        _ body: @Sendable ([String], [TableValue]) throws -> Void
    ) throws(BatchError) {
        try reading().query(sql, timeLimit: timeLimit, body)
    }

    /// Shows a complete run: it becomes the newest approved run of its model. Nothing changes when it is
    /// approved already.
    ///
    /// Throws `state` when it is not complete, `unknownRun` and `ambiguousRun`.
    @discardableResult
    public func approve(
        _ run: String, by person: String? = nil, note: String? = nil, at now: Timestamp = .now
    ) throws(BatchError) -> RunRecord {
        try decide(.approve, run, person, note, now)
    }

    /// Takes a run out of the current predictions, for good unless somebody approves it again; stops a
    /// running one.
    @discardableResult
    public func reject(
        _ run: String, by person: String? = nil, note: String? = nil, at now: Timestamp = .now
    ) throws(BatchError) -> RunRecord {
        try decide(.reject, run, person, note, now)
    }

    /// Lets a run wait for a decision: a complete one is not shown any more, a running one is not when it
    /// ends.
    @discardableResult
    public func hold(
        _ run: String, by person: String? = nil, note: String? = nil, at now: Timestamp = .now
    ) throws(BatchError) -> RunRecord {
        try decide(.hold, run, person, note, now)
    }

    private func decide(
        _ event: RunMachine.Event, _ run: String, _ person: String?, _ note: String?, _ now: Timestamp
    ) throws(BatchError) -> RunRecord {
        // A decision makes no store: where there is none, this says so.
        _ = try reading()
        let writer = try StoreConnection.open(path, limits: limits)
        return try writer.decide(event, run: run, by: person, note: note, at: now)
    }

    private func reading() throws(BatchError) -> StoreConnection {
        if let reader { return reader }
        let opened = try StoreConnection.openReadOnly(path, limits: limits)
        reader = opened
        return opened
    }
}
