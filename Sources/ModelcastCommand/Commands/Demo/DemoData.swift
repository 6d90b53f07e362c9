import Basics
import Tabular
import Training

/// What the demonstration was asked for.
struct DemoOptions: Sendable {
    /// The file to stream; nil: simulated rides.
    var data: String?
    var label: String
    var include: [String]
    /// Rides to simulate.
    var rows: Int
    /// Events per second.
    var rate: Double
    var seed: UInt64
    var folder: String
}

/// The files that the demonstration works on.
struct DemoData: Sendable {
    /// All rows.
    let path: String
    /// The first rows: what the first model is trained on.
    let early: String
    /// Some rows with a column `id`: what the batch run scores.
    let batch: String
    let rows: Int
    let earlyRows: Int
    let batchRows: Int

    /// The share of the rows that the first model sees.
    private static let earlyShare = 0.1
    private static let batchRowsMax = 5_000

    /// Simulates the rides where no file is given, and cuts the other two files out of all rows. Blocks.
    static func prepare(_ options: DemoOptions) throws -> DemoData {
        let path: String
        if let given = options.data {
            path = given
        } else {
            path = "\(options.folder)/rides.csv"
            try RideSimulator.write(rows: options.rows, seed: options.seed, to: path)
        }
        let rows = try count(path)
        guard rows >= 1_000 else {
            throw CommandError(
                .unsuitableData, "\(path) has \(rows) rows",
                hint: "give the demonstration 1 000 rows or more",
                recovery: .fixInput)
        }
        let early = "\(options.folder)/early.csv"
        let batch = "\(options.folder)/batch.csv"
        return DemoData(
            path: path, early: early, batch: batch, rows: rows,
            earlyRows: try copy(
                path, to: early, rowsMax: max(500, Int(Double(rows) * earlyShare)), addsID: false),
            batchRows: try copy(path, to: batch, rowsMax: batchRowsMax, addsID: true))
    }

    private static func open(_ path: String) throws -> TableReader {
        try TableReader(ByteSource(path: path), format: TabularFormat.of(path, given: nil), header: .detect)
    }

    private static func count(_ path: String) throws -> Int {
        let reader = try open(path)
        var batch = RowBatch()
        var rows = 0
        while try reader.read(into: &batch) { rows += batch.count }
        return rows
    }

    /// Copies the first rows into a CSV file; with `addsID`, behind a column `id` where there is none.
    private static func copy(_ path: String, to target: String, rowsMax: Int, addsID: Bool) throws -> Int {
        let reader = try open(path)
        var batch = RowBatch()
        var rows = 0
        var writer: TableWriter?
        while rows < rowsMax, try reader.read(into: &batch) {
            let addsID = addsID && !reader.columns.contains("id")
            let out =
                try writer ?? TableWriter(path: target, columns: (addsID ? ["id"] : []) + reader.columns)
            writer = out
            for row in 0..<min(batch.count, rowsMax - rows) {
                rows += 1
                let cells = reader.columns.indices.map { batch.value(row, $0) }
                try out.write((addsID ? [.text("row-\(rows)")] : []) + cells)
            }
        }
        try writer?.finish()
        return rows
    }
}
