internal import Basics
internal import EventLog
internal import Features
internal import Modelcast
internal import Models
internal import Snapshots

/// Turns a batch of events into predictions and dead letters: parse, transform, score, encode.
///
/// Works in blocks of rows and keeps its memory, so that nothing is allocated per event in steady state. What
/// belongs to a version (decoder, encoded names) is made anew when the version changes. Confined to one task
/// at a time.
final class EventScorer {
    /// What a version needs.
    private struct Lane {
        let model: LoadedModel
        var decoder: EventDecoder
        var block: FeatureBlock
        /// `"model":"NAME","version":N`, the same in every prediction.
        let head: [UInt8]
        let name: [UInt8]
        let version: [UInt8]
    }

    /// Numbers of a dead letter's header.
    private var text: [UInt8] = []
    private let options: ScoringOptions
    private let predictions: Int
    private let deadLetters: Int
    private var lane: Lane?
    private var rows: [Float] = []
    private var scores = PredictionBlock()
    private var scratch = PredictionScratch()
    private var featureScratch = FeatureScratch()
    private var json = JSONWriter(capacity: 512)
    /// The record of each row of the block.
    private var records: [Int] = []

    /// A scorer that writes to the output and dead-letter topics of `options`, which join `output`.
    init(options: ScoringOptions, output: inout RecordBatch) {
        self.options = options
        predictions = output.index(of: options.output)
        deadLetters = output.index(of: options.deadLetter)
    }

    /// Appends one prediction or one dead letter to `output` for each record of `input`, all by `model`.
    func score(
        _ input: RecordBatch, with model: LoadedModel, into output: inout RecordBatch,
        tally: inout ScoringTally
    ) {
        var lane: Lane
        if let current = self.lane, current.model === model {
            lane = current
        } else {
            lane = makeLane(model)
        }
        // Held in one place only while it works, so that its buffers are not copied.
        self.lane = nil
        let bytes = input.bytes.span
        var index = 0
        while index < input.count {
            lane.block.removeAll()
            records.removeAll(keepingCapacity: true)
            while index < input.count, records.count < options.limits.blockRowsMax {
                defer { index += 1 }
                guard let range = input.valueRange(at: index) else {
                    refuse(
                        index, of: input, reason: "no-value", detail: "the record has no value", lane,
                        &output, &tally)
                    continue
                }
                if let fault = lane.decoder.decode(bytes, range, into: &lane.block) {
                    let detail = fault.message(model.schema)
                    refuse(
                        index, of: input, reason: fault.code.rawValue, detail: detail, lane, &output, &tally)
                } else {
                    records.append(index)
                }
            }
            scoreBlock(of: input, &lane, into: &output, tally: &tally)
        }
        self.lane = lane
    }

    /// Predictions for the rows that the block holds.
    private func scoreBlock(
        of input: RecordBatch, _ lane: inout Lane, into output: inout RecordBatch, tally: inout ScoringTally
    ) {
        guard !records.isEmpty else { return }
        let model = lane.model
        model.program.write(lane.block, into: &rows, scratch: &featureScratch)
        model.predictor.predict(
            rows: rows.span, count: records.count, into: &scores, scratch: &scratch)
        for row in 0..<records.count {
            let record = records[row]
            encode(row, record, of: input, lane)
            if let key = input.keyRange(at: record) {
                output.append(
                    topic: predictions, key: input.bytes.span.extracting(key), value: json.bytes.span)
            } else if lane.block.idForm(row) != .none {
                output.append(topic: predictions, key: lane.block.id(row).span, value: json.bytes.span)
            } else {
                output.append(topic: predictions, key: nil, value: json.bytes.span)
            }
        }
        tally.add(predictions: records.count, version: Int(model.version.number))
    }

    /// The prediction of `row` as JSON, into `json`.
    private func encode(_ row: Int, _ record: Int, of input: RecordBatch, _ lane: Lane) {
        json.removeAll()
        json.beginObject()
        json.key("id")
        switch lane.block.idForm(row) {
        case .string: json.string(utf8: lane.block.id(row).span)
        case .number: json.raw(lane.block.id(row).span)
        case .none: writeFallbackID(record, of: input)
        }
        json.raw(lane.head.span)
        json.key("prediction")
        scores.write(row, to: &json)
        json.key("source")
        writeSource(record, of: input)
        json.string(utf8: text.span)
        json.key("ts")
        let milliseconds =
            lane.block.timestampMilliseconds(row) ?? input.timestamp(at: record)?.milliseconds ?? 0
        text.removeAll(keepingCapacity: true)
        Timestamp(milliseconds: milliseconds).appendISO8601(to: &text)
        json.string(utf8: text.span)
        json.endObject()
    }

    /// An event without an id goes by its record's key where that is text, else by its place.
    private func writeFallbackID(_ record: Int, of input: RecordBatch) {
        if let key = input.keyRange(at: record), !key.isEmpty,
            let name = String(validating: input.bytes[key], as: UTF8.self)
        {
            return json.string(name)
        }
        writeSource(record, of: input)
        let source = text
        json.string(utf8: source.span)
    }

    /// `PARTITION:OFFSET`, into `text`.
    private func writeSource(_ record: Int, of input: RecordBatch) {
        text.removeAll(keepingCapacity: true)
        EventScorer.append(Int64(input.partition(at: record)?.number ?? 0), to: &text)
        text.append(58)
        EventScorer.append(input.offset(at: record)?.number ?? 0, to: &text)
    }

    /// The untouched record with the reason in headers.
    private func refuse(
        _ index: Int, of input: RecordBatch, reason: String, detail: String, _ lane: Lane,
        _ output: inout RecordBatch, _ tally: inout ScoringTally
    ) {
        DeadLetter(
            reason: reason, detail: detail, id: lane.block.withdrawnID.map(Array.init), model: lane.name,
            version: lane.version
        ).append(
            record: index, of: input, to: &output, topic: deadLetters,
            bytesMax: options.limits.deadLetterBytesMax)
        tally.deadLetters[reason, default: 0] += 1
    }

    private func makeLane(_ model: LoadedModel) -> Lane {
        var head = JSONWriter()
        head.beginObject()
        head.key("model")
        head.string(model.name.text)
        head.key("version")
        head.integer(Int(model.version.number))
        head.endObject()
        return Lane(
            model: model,
            decoder: EventDecoder(
                schema: model.schema, layout: options.layout, limits: options.limits.features),
            block: FeatureBlock(schema: model.schema),
            head: Array(head.bytes.dropFirst().dropLast()), name: Array(model.name.text.utf8),
            version: Array(String(model.version.number).utf8))
    }

    private static func append(_ value: Int64, to bytes: inout [UInt8]) {
        var rest = value.magnitude
        let first = bytes.count
        repeat {
            bytes.append(48 + UInt8(truncatingIfNeeded: rest % 10))
            rest /= 10
        } while rest != 0
        bytes[first...].reverse()
    }
}
