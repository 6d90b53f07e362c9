import Basics
import EventLog
import Tabular

/// Turns the rows of a table into events, and labels where they are asked for, batch by batch.
///
/// An actor on a thread of its own, because reading a file blocks.
actor EventRows {
    /// What becomes of the rows.
    struct Plan: Sendable {
        var path: String
        var format: TabularFormat?
        var header = TableHeader.detect
        /// The column of the event's id; nil: the column `id`, else the file's name and the row's number.
        var idColumn: String?
        /// The column of the event's time; nil: the time of sending.
        var timeColumn: String?
        /// A column or an SQL expression.
        var label: String?
        /// Columns that stay in the event although the label mentions them.
        var include: [String] = []
        var exclude: [String] = []
        var eventTopic: TopicName
        var labelTopic: TopicName
        /// Rows at the most; nil: all.
        var rowsMax: Int?
    }

    /// Records of one batch of rows.
    struct Chunk: Sendable {
        var records = RecordBatch()
        var events = 0
        var labels = 0
        /// Rows that became nothing, and why.
        var rejects: [TabularError] = []
    }

    private let executor = ThreadExecutor(name: "rows")
    private let plan: Plan
    private var reader: TableReader?
    private var batch = RowBatch()
    private var encoder: EventEncoder?
    private var rows = 0

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    init(_ plan: Plan) {
        self.plan = plan
    }

    /// The records of the next rows, `rowsMax` at the most; nil at the end of the file.
    func next(rowsMax: Int) throws -> Chunk? {
        let reader = try openReader()
        let limit = min(rowsMax, (plan.rowsMax ?? .max) - rows)
        guard limit > 0, try reader.read(into: &batch, rowsMax: limit) else { return nil }
        rows += batch.count
        var chunk = Chunk()
        chunk.rejects = batch.rejects.map { $0.error(file: reader.name) }
        if encoder?.columns != reader.columns {
            encoder = try EventEncoder(plan: plan, columns: reader.columns, file: reader.name)
        }
        guard let encoder else { return chunk }
        for row in 0..<batch.count { try encoder.add(row, of: batch, to: &chunk) }
        return chunk
    }

    private func openReader() throws -> TableReader {
        if let reader { return reader }
        let opened = try TableReader(
            ByteSource(path: plan.path), format: TabularFormat.of(plan.path, given: plan.format),
            header: plan.header)
        reader = opened
        return opened
    }
}
