internal import Basics
package import EventLog
package import Features
package import Models

/// Writes predictions as JSON, a record each. What is the same in all predictions of a version is written
/// once.
///
/// ```json
/// {"id":"a","model":"fares","version":3,"prediction":9.5,"source":"0:17","ts":"2026-01-31T12:00:00.000Z"}
/// ```
///
/// Allocates nothing once its buffer and the output have grown. Confined to one task at a time.
package struct PredictionEncoder {
    /// `,"model":"NAME","version":N,"prediction":`
    private let head: [UInt8]
    /// The record being written.
    private var line: [UInt8] = []
    /// The end of a record, written from the right: `,"source":"PARTITION:OFFSET","ts":"TIME"}`.
    private var tail: [UInt8]
    private var time = TimestampField()

    /// `","ts":"`, the time and `"}`.
    private static let timeBytes = 8 + TimestampField.byteCount + 2
    private static let sourceKey: StaticString = #","source":""#
    /// Room for the key of the source, a partition, a colon and an offset of 64 bits, and the time.
    private static let tailBytes = 11 + 10 + 1 + 19 + timeBytes

    /// An encoder of the predictions of a version.
    package init(model: String, version: Int) {
        var json = JSONWriter()
        json.beginObject()
        json.key("model")
        json.string(model)
        json.key("version")
        json.integer(version)
        json.key("prediction")
        head = [0x2C] + json.bytes.dropFirst()
        tail = Array(repeating: 0, count: PredictionEncoder.tailBytes - PredictionEncoder.timeBytes)
        tail.append(fixed: #"","ts":""#)
        tail.append(contentsOf: repeatElement(0, count: TimestampField.byteCount))
        tail.append(fixed: #""}"#)
        precondition(tail.count == PredictionEncoder.tailBytes, "\(tail.count) bytes")
    }

    /// Appends one record to `output` for each row of the block. Its key is the event's, or the event's id.
    ///
    /// - Parameters:
    ///   - scores: what the model gave for the rows.
    ///   - block: the rows, for their ids and times.
    ///   - records: for each row the index of its event in `input`.
    ///   - input: the events.
    ///   - output: receives the records.
    ///   - topic: their topic, as an index into `output`.
    package mutating func append(
        _ scores: PredictionBlock, of block: FeatureBlock, records: [Int], of input: RecordBatch,
        to output: inout RecordBatch, topic: Int
    ) {
        // Moved out while it is written, since a span of a member keeps the others from being changed.
        var line = line
        self.line = []
        defer { self.line = line }
        let ids = block.idBytes.span
        let bytes = input.bytes.span
        for row in records.indices {
            let record = records[row]
            let id = ids.extracting(block.idRange(row))
            let form = block.idForm(row)
            let key = input.keyRange(at: record)
            let milliseconds =
                block.timestampMilliseconds(row) ?? input.timestamp(at: record)?.milliseconds ?? 0
            let start = writeTail(
                partition: input.partition(at: record)?.number ?? 0,
                offset: input.offset(at: record)?.number ?? 0, milliseconds)
            line.removeAll(keepingCapacity: true)
            line.append(fixed: #"{"id":"#)
            switch form {
            case .string: JSONEscaping.append(quoted: id, to: &line)
            case .number: line.append(copying: id)
            case .none: appendFallbackID(bytes, key ?? 0..<0, tailStart: start, to: &line)
            }
            line.append(copying: head.span)
            scores.append(row, to: &line)
            line.append(copying: tail.span.extracting(start..<tail.count))
            if let key {
                output.append(topic: topic, key: bytes.extracting(key), value: line.span)
            } else {
                output.append(topic: topic, key: form == .none ? nil : id, value: line.span)
            }
        }
    }

    /// An event without an id goes by its record's key where that is text, else by its place.
    private func appendFallbackID(
        _ bytes: Span<UInt8>, _ key: Range<Int>, tailStart: Int, to line: inout [UInt8]
    ) {
        let key = bytes.extracting(key)
        if key.count > 0, UTF8Check.firstFault(key) == nil {
            return JSONEscaping.append(quoted: key, to: &line)
        }
        let source = tailStart + 11..<tail.count - PredictionEncoder.timeBytes
        line.append(0x22)
        line.append(copying: tail.span.extracting(source))
        line.append(0x22)
    }

    /// Writes the end of a record into `tail` and returns where it begins there.
    private mutating func writeTail(partition: Int32, offset: Int64, _ milliseconds: Int64) -> Int {
        var time = time
        defer { self.time = time }
        var span = tail.mutableSpan
        time.write(
            Timestamp(milliseconds: milliseconds), to: &span,
            at: PredictionEncoder.tailBytes - 2 - TimestampField.byteCount)
        var at = PredictionEncoder.tailBytes - PredictionEncoder.timeBytes
        PredictionEncoder.write(UInt64(max(0, offset)), to: &span, before: &at)
        at -= 1
        span[at] = 0x3A
        PredictionEncoder.write(UInt64(max(0, partition)), to: &span, before: &at)
        at -= 11
        PredictionEncoder.sourceKey.withUTF8Buffer { key in
            for index in 0..<11 { span[at + index] = key[index] }
        }
        return at
    }

    /// Writes decimal digits that end before `index`, two at a time, and moves it to the first.
    private static func write(_ value: UInt64, to bytes: inout MutableSpan<UInt8>, before index: inout Int) {
        var rest = value
        while rest >= 10 {
            let pair = rest % 100
            rest /= 100
            index -= 2
            bytes[index] = 0x30 + UInt8(truncatingIfNeeded: pair / 10)
            bytes[index + 1] = 0x30 + UInt8(truncatingIfNeeded: pair % 10)
        }
        guard rest > 0 || value == 0 else { return }
        index -= 1
        bytes[index] = 0x30 + UInt8(truncatingIfNeeded: rest)
    }
}
