import Basics
import Foundation
import Models
import SQLite

@testable import BatchScoring

/// A fresh folder with a store, removed at the end.
final class StoreFixture: Sendable {
    let folder: String
    var path: String { folder + "/store.db" }

    init() throws {
        folder = NSTemporaryDirectory() + "/batch-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: folder)
    }

    func write(_ text: String, _ name: String) throws -> String {
        let path = folder + "/" + name
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        return path
    }

    func read(_ name: String) throws -> String {
        String(decoding: try Data(contentsOf: URL(fileURLWithPath: folder + "/" + name)), as: UTF8.self)
    }

    /// Plain SQL, as somebody with `sqlite3` would ask: rows of texts.
    func sql(_ sql: String) throws -> [[String]] {
        let connection = try Connection(path: path, .readOnly)
        return try connection.query(sql).map { row in row.values.map(Self.text) }
    }

    private static func text(_ value: Value) -> String {
        switch value {
        case .null: ""
        case .integer(let number): String(number)
        case .real(let number): String(number)
        case .text(let text): text
        case .blob(let bytes): Hex.encode(bytes)
        }
    }
}

/// A predictor whose prediction is the row's first number, so that a test sees which row it came from.
private struct Echo: Predictor {
    var format: ModelFormat { .nativeLinear }
    var featureCount: Int { 1 }
    var featureNames: [String]? { nil }
    var output: PredictionShape { PredictionShape(kind: .regression) }

    func predict(
        rows: Span<Float>, count: Int, into block: inout PredictionBlock, scratch: inout PredictionScratch
    ) {
        block.prepare(count: count, shape: output)
        for row in 0..<count { block.predictions[row] = rows[row] }
    }
}

extension ScoredBlock {
    /// Rows `rows`, each with its number and a tenth as prediction and the key that `key` gives; those in
    /// `rejects` are bad.
    static func made(
        _ rows: Range<Int>, rejects: Set<Int> = [], key: (Int) -> String = { "e\($0)" }
    ) -> ScoredBlock {
        var block = ScoredBlock()
        block.rows = rows
        block.slots = Array(0..<rows.count)
        block.scoredRows = rows.filter { !rejects.contains($0) }
        for row in block.scoredRows {
            block.keyBytes.append(contentsOf: key(row).utf8)
            block.keyEnds.append(block.keyBytes.count)
        }
        block.predictions = Echo().predict(rows: block.scoredRows.map { Float($0) + 0.1 })
        block.rejects = rows.filter { rejects.contains($0) }.map {
            RejectedRow(row: $0, line: $0 + 2, reason: "ragged", detail: "bad", input: "row \($0)")
        }
        return block
    }
}

extension RunIdentity {
    static func made(_ input: String, model: String = "m", version: Int = 1) -> RunIdentity {
        RunIdentity(
            model: model, version: version, modelDigest: "d\(version)", inputDigest: input, keyColumn: "id",
            reading: "csv")
    }
}

/// Writes a whole run in blocks of `blockRows`, from wherever it stands.
func writeRun(
    _ store: StoreConnection, _ identity: RunIdentity, rows: Int, blockRows: Int = 10, rejects: Set<Int> = [],
    hold: Bool = false, key: (Int) -> String = { "e\($0)" }
) throws {
    let (record, actions) = try store.begin(identity, input: "x.csv", inputBytes: 9, hold: hold, at: .now)
    guard case .score(let first)? = actions.first else { return }
    var at = first
    while at < rows {
        let end = min(rows, at + blockRows)
        _ = try store.store(.made(at..<end, rejects: rejects, key: key), run: record.run, at: .now)
        at = end
    }
    _ = try store.end(run: record.run, rows: rows, at: .now)
}

func openStore(_ fixture: StoreFixture) throws -> StoreConnection {
    try StoreConnection.open(fixture.path, limits: BatchLimits())
}
