internal import Features
internal import Models
public import Tabular

/// Scores the rows of a file in blocks, by the same decoding, pipeline and predictor as the scoring
/// service, so that the same row gives the same bits there and here.
///
/// Memory is bounded by the block. A row that cannot be scored is a reject in the block, and the rest goes
/// on. Confined to one thread; reading blocks.
///
/// ```swift
/// let scorer = try FileScorer(InputOptions(path: "rides.csv"), model: model)
/// var block = ScoredBlock()
/// while try scorer.next(into: &block) {
///     for index in 0..<block.count { print(block.scoredRows[index], block.prediction(index)) }
/// }
/// ```
public final class FileScorer {
    /// Rows of the input read so far, rejects counted.
    public private(set) var rowsRead = 0
    /// The form of the input.
    public var format: TabularFormat { reader.format }
    /// Features that the input has no column for, so that they are missing in every row. CSV only.
    public private(set) var missingFeatures: [String] = []

    private let model: ScoringModel
    private let limits: BatchLimits
    private let blockRows: Int
    private let keyColumn: String?
    private let keyIsRequired: Bool
    private let reader: TableReader
    private let detectsHeader: Bool
    /// 1 once the first row turned out to be a header: then rows are numbered without it.
    private var headerRows = 0
    private var cells: CellColumns?
    private var decoder: EventDecoder
    private var features: FeatureBlock
    private var batch = RowBatch()
    private var rows: [Float] = []
    private var featureScratch = FeatureScratch()
    private var predictionScratch = PredictionScratch()

    /// Begins to read the input (and reads a CSV file's first row).
    ///
    /// - Parameters:
    ///   - input: the file and how to read it.
    ///   - model: what scores it.
    ///   - keyIsRequired: whether a row without a key is a reject; otherwise its key is empty.
    /// - Throws: `file` when it cannot be read, `columns` when its columns are not those of the model,
    ///   `keyColumn` when
    ///   the key is not among them.
    public convenience init(
        _ input: InputOptions, model: ScoringModel, keyIsRequired: Bool = false,
        limits: BatchLimits = BatchLimits()
    ) throws(BatchError) {
        let source = try wrapping(.file) { try ByteSource(path: input.path) }
        try self.init(source, input, model: model, keyIsRequired: keyIsRequired, limits: limits)
    }

    init(
        _ source: ByteSource, _ input: InputOptions, model: ScoringModel, keyIsRequired: Bool,
        limits: BatchLimits
    ) throws(BatchError) {
        let schema = model.program.schema
        let names = schema.features.map(\.name)
        let key = input.keyColumn
        self.model = model
        self.limits = limits
        let width = max(schema.features.count, model.program.outputCount)
        blockRows = max(1, min(limits.blockRowsMax, limits.blockValuesMax / width))
        self.keyIsRequired = keyIsRequired
        keyColumn = key
        detectsHeader = input.header == .detect
        reader = try wrapping(.file) {
            try TableReader(
                source, format: try TabularFormat.of(input.path, given: input.format), header: input.header,
                expectedColumns: names + (key.map { [$0] } ?? []), parsesJSON: false)
        }
        // A member that cannot be: the time of a row does not matter here, so a strange one is no fault.
        let layout = EventLayout(idField: key ?? "id", timestampField: "\u{0}")
        var featureLimits = FeatureLimits()
        featureLimits.idBytesMax = limits.keyBytesMax
        decoder = EventDecoder(schema: schema, layout: layout, limits: featureLimits)
        features = FeatureBlock(schema: schema)
        // An empty file may have any columns.
        guard reader.format == .csv, reader.hasHeader || !reader.isAtEnd else { return }
        let table = InputColumns(
            file: reader.name, columns: reader.columns, hasHeader: reader.hasHeader, key: key, schema: schema)
        cells = try table.resolve()
        missingFeatures = table.missingFeatures
    }

    /// Scores the next rows into `block`; false at the end of the input, when the block is empty.
    ///
    /// Rows before `first` are read and skipped, which costs their reading alone.
    public func next(into block: inout ScoredBlock, from first: Int = 0) throws(BatchError) -> Bool {
        while true {
            let more = try wrapping(.file) { try reader.read(into: &batch, rowsMax: blockRows) }
            block.removeAll(from: max(first, rowsRead))
            guard more else { return false }
            let start = rowsRead
            if start == 0, headerRows == 0 { try skipUnknownHeader() }
            rowsRead = batchEnd
            guard rowsRead > first else { continue }
            block.rows = max(first, start)..<rowsRead
            score(from: first, into: &block)
            return true
        }
    }

    /// The number of the row behind the batch.
    private var batchEnd: Int {
        let last = max(
            batch.count == 0 ? -1 : batch.ordinal(batch.count - 1), batch.rejects.last?.ordinal ?? -1)
        return last + 1 - headerRows
    }

    /// A first row of texts where numbers are expected is a header whose names are not those of the
    /// features. A model that came without names takes the columns as they stand; for another one it is the
    /// wrong file.
    private func skipUnknownHeader() throws(BatchError) {
        guard reader.format == .csv, detectsHeader, !reader.hasHeader, batch.count > 0, batch.ordinal(0) == 0
        else { return }
        let schema = model.program.schema
        guard schema.features.contains(where: { $0.kind != .categorical }),
            reader.columns.indices.allSatisfy({ column in
                batch.kind(0, column) != .missing && batch.real(0, column) == nil
                    && batch.boolean(0, column) == nil
            })
        else { return }
        guard schema.features.indices.allSatisfy({ schema.features[$0].name == "f\($0)" }) else {
            let names = reader.columns.indices.map { batch.text(0, $0) ?? "" }
            throw InputColumns(
                file: reader.name, columns: names, hasHeader: true, key: keyColumn, schema: schema
            ).noFeatureError
        }
        headerRows = 1
    }

    private func score(from first: Int, into block: inout ScoredBlock) {
        // A second reference while nothing is read: the spans below borrow from it.
        let batch = self.batch
        features.removeAll()
        for reject in batch.rejects where reject.ordinal - headerRows >= first {
            self.reject(
                reject.ordinal - headerRows, reject.line, reject.reason.rawValue, reject.detail,
                batch.bytes[reject.raw],
                &block)
        }
        for row in 0..<batch.count where batch.ordinal(row) - headerRows >= max(first, 0) {
            decode(row, of: batch, into: &block)
        }
        block.rejects.sort { $0.row < $1.row }
        model.program.write(features, into: &rows, scratch: &featureScratch)
        let written = rows
        model.predictor.predict(
            rows: written.span, count: features.count, into: &block.predictions, scratch: &predictionScratch)
    }

    private func decode(_ row: Int, of batch: RowBatch, into block: inout ScoredBlock) {
        let slot = features.count
        let bytes = batch.bytes
        let fault: RowFault?
        if let cells {
            fault = decoder.decodeCells(bytes.span, columns: cells, into: &features) { column in
                TextCell(
                    TextCell.Kind(rawValue: batch.kind(row, column).rawValue) ?? .missing,
                    batch.range(row, column))
            }
        } else {
            fault = decoder.decode(bytes.span, batch.raw(row), into: &features)
        }
        let (ordinal, line, raw) = (
            batch.ordinal(row) - headerRows, batch.line(row), batch.bytes[batch.raw(row)]
        )
        if let fault {
            reject(ordinal, line, fault.code.rawValue, fault.message(model.program.schema), raw, &block)
            return
        }
        if let keyColumn {
            let id = features.id(slot)
            if keyIsRequired, id.isEmpty {
                // Its features stay in the block and are scored for nothing: `slots` leaves them out.
                reject(ordinal, line, "missing-key", "`\(keyColumn)` is missing or empty", raw, &block)
                return
            }
            block.keyBytes.append(contentsOf: id)
            block.keyEnds.append(block.keyBytes.count)
            block.keyIsNumber.append(features.idForm(slot) == .number)
        }
        block.slots.append(slot)
        block.scoredRows.append(ordinal)
    }

    private func reject(
        _ row: Int, _ line: Int, _ reason: String, _ detail: String, _ raw: ArraySlice<UInt8>,
        _ block: inout ScoredBlock
    ) {
        let input = String(decoding: raw.prefix(limits.rejectBytesMax), as: UTF8.self)
        block.rejects.append(RejectedRow(row: row, line: line, reason: reason, detail: detail, input: input))
    }
}
