internal import Basics
internal import Features
internal import Models

/// The way that a row goes when a model serves: decoded as a table's cells, through the compiled pipeline,
/// into the predictor. Training evaluates by this way and no other, so that what is reported is what will be
/// served.
struct ServingPath {
    let program: FeatureProgram

    init(schema: Schema, pipeline: Pipeline?) throws(TrainingError) {
        do throws(FeatureError) {
            program = try FeatureProgram(schema: schema, pipeline: pipeline)
        } catch {
            throw TrainingError(.verification, error.message, hint: error.hint, recovery: .bug, cause: error)
        }
    }

    /// The float rows of the table's rows at `indices`; `columns` are the features in the schema's order.
    func rows(_ columns: [FrameColumn], at indices: [Int]) throws(TrainingError) -> [Float] {
        try batch(columns, at: indices).values
    }

    /// The float rows of a decoded block.
    func rows(_ block: FeatureBlock) -> [Float] {
        var rows: [Float] = []
        var scratch = FeatureScratch()
        program.write(block, into: &rows, scratch: &scratch)
        return Array(rows.prefix(block.count * program.outputCount))
    }

    /// The decoded rows of the table's rows at `indices`, and the float rows that the pipeline makes of them.
    func batch(
        _ columns: [FrameColumn], at indices: [Int]
    ) throws(TrainingError) -> (block: FeatureBlock, values: [Float]) {
        var block = FeatureBlock(schema: program.schema)
        var decoder = EventDecoder(schema: program.schema)
        let table = CellColumns(positionsOf: program.schema)
        var bytes: [UInt8] = []
        var cells: [TextCell] = []
        for row in indices {
            bytes.removeAll(keepingCapacity: true)
            cells.removeAll(keepingCapacity: true)
            for column in columns { cells.append(column.cell(row, into: &bytes)) }
            let cellsOfRow = cells
            if let fault = decoder.decodeCells(
                bytes.span, columns: table, into: &block, cell: { cellsOfRow[$0] })
            {
                throw TrainingError(
                    .verification, "a row does not fit the schema: \(fault.message(program.schema))",
                    hint: "check the table against the schema")
            }
        }
        return (block, rows(block))
    }
}

extension FrameColumn {
    /// The cell of a row as a table of JSON lines would have it, its text appended to `bytes`.
    fileprivate func cell(_ row: Int, into bytes: inout [UInt8]) -> TextCell {
        let start = bytes.count
        switch values {
        case .numbers(let numbers):
            let number = numbers[row]
            guard !number.isNaN else { return TextCell(.missing, start..<start) }
            if type == .boolean {
                bytes.append(contentsOf: (number == 0 ? "false" : "true").utf8)
                return TextCell(.boolean, start..<bytes.count)
            }
            // The shortest text that gives the same number again.
            let text = Int64(exactly: number).map(String.init) ?? number.description
            bytes.append(contentsOf: text.utf8)
            return TextCell(.number, start..<bytes.count)
        case .codes(let codes, let categories):
            guard codes[row] >= 0 else { return TextCell(.missing, start..<start) }
            bytes.append(contentsOf: categories[Int(codes[row])].utf8)
            return TextCell(.text, start..<bytes.count)
        }
    }
}
