public import Tabular

/// Writes predictions as CSV or JSON lines, one row each, in the order of the input.
///
/// The columns, and the keys of the JSON objects: the key column by its own name with its text (a whole
/// number stays one), or `row` with the row's number from 0 where no key was named; `prediction`, a number,
/// or a list where the model predicts several; and `scores`, a list, where the model gives scores by class.
/// A list in CSV is the text of a JSON array. A rejected row has no line.
public final class PredictionWriter {
    private let writer: TableWriter
    private let hasKey: Bool
    private let hasScores: Bool

    /// Begins to write at `path` (`-`: standard output). The file appears under its name when `finish` is
    /// called.
    public init(
        path: String, format: TabularFormat? = nil, keyColumn: String?, hasScores: Bool
    ) throws(BatchError) {
        hasKey = keyColumn != nil
        self.hasScores = hasScores
        let key = keyColumn ?? "row"
        guard key != "prediction", key != "scores" else {
            throw BatchError(
                .keyColumn, "the key column cannot be called `\(key)`: the output has a column of that name",
                hint: "rename it in the input")
        }
        writer = try wrapping(.file) {
            try TableWriter(
                path: path, format: format, columns: [key, "prediction"] + (hasScores ? ["scores"] : []))
        }
    }

    /// Writes the scored rows of a block.
    public func write(_ block: ScoredBlock) throws(BatchError) {
        do throws(TabularError) {
            for index in 0..<block.count {
                if hasKey {
                    let key = block.key(index)
                    if key.isEmpty {
                        writer.addMissing()
                    } else if block.keyIsNumber[index], let number = Int64(block.keyText(index) ?? "") {
                        writer.add(.integer(number))
                    } else {
                        writer.add(text: block.keyBytes[key])
                    }
                } else {
                    writer.add(.integer(Int64(block.scoredRows[index])))
                }
                if block.predictionWidth == 1 {
                    writer.add(.float(block.prediction(index)))
                } else {
                    writer.add(list: Array(block.predictionValues(index)))
                }
                if hasScores { writer.add(list: Array(block.scoreValues(index))) }
                try writer.endRow()
            }
        } catch {
            throw BatchError.wrap(error, as: .file)
        }
    }

    /// Writes what is buffered, so that whoever reads the other end of a pipe sees it.
    public func flush() throws(BatchError) {
        try wrapping(.file) { try writer.flush() }
    }

    /// Writes the rest and gives the file its name.
    public func finish() throws(BatchError) {
        try wrapping(.file) { try writer.finish() }
    }
}

/// Writes rejected rows as CSV or JSON lines: `row` (its number from 0), `line` (from 1), `reason`,
/// `detail`, `input`.
public final class RejectWriter {
    private let writer: TableWriter

    /// Begins to write at `path`, in the format that its suffix names.
    public init(path: String) throws(BatchError) {
        writer = try wrapping(.file) {
            try TableWriter(path: path, columns: ["row", "line", "reason", "detail", "input"])
        }
    }

    /// Writes one row.
    public func write(_ reject: RejectedRow) throws(BatchError) {
        try wrapping(.file) {
            try writer.write([
                .integer(Int64(reject.row)), .integer(Int64(reject.line)), .text(reject.reason),
                .text(reject.detail), .text(reject.input),
            ])
        }
    }

    /// Writes the rest and gives the file its name.
    public func finish() throws(BatchError) {
        try wrapping(.file) { try writer.finish() }
    }
}
