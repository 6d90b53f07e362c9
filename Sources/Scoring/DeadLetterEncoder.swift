internal import Basics
internal import EventLog
internal import Features

/// Writes events that could not be scored: each record untouched, the reason in headers.
///
/// | header | |
/// |---|---|
/// | `modelcast-reason` | the kind of fault: `not-json`, `wrong-type`, `missing-required`, `too-large`, … |
/// | `modelcast-detail` | what was wrong, and where, in words |
/// | `modelcast-source` | `TOPIC:PARTITION:OFFSET` of the event |
/// | `modelcast-model`, `modelcast-version` | whose schema it broke |
/// | `modelcast-truncated` | the value's whole size in bytes, where only its beginning was kept |
///
/// Allocates nothing once its buffer and the output have grown, so that a storm of bad events costs no more
/// than good ones. Confined to one task at a time.
struct DeadLetterEncoder {
    private let schema: Schema
    private let model: [UInt8]
    private let version: [UInt8]
    private let recordBytesMax: Int
    /// The words of the reasons, by their numbers.
    private let reasons = DeadLetterReason.allCases.map { Array($0.text.utf8) }
    /// A header's value while it is put together.
    private var text: [UInt8] = []

    /// Bytes of a detail that are kept.
    static let detailBytesMax = 1_024

    /// An encoder of what a version refuses. Of a value that would not fit a record of `recordBytesMax` bytes
    /// beside key and headers, only the beginning is kept: the whole can still be found at its source.
    init(schema: Schema, model: String, version: Int, recordBytesMax: Int) {
        self.schema = schema
        self.model = Array(model.utf8)
        self.version = Array(String(version).utf8)
        self.recordBytesMax = recordBytesMax
    }

    /// Appends the dead letter of a record whose event has a fault. Without a key, it gets the event's id,
    /// where that could be read, which is the id of the row that `block` withdrew last.
    mutating func append(
        _ fault: RowFault, _ record: Int, of input: RecordBatch, block: FeatureBlock,
        to output: inout RecordBatch, topic: Int
    ) {
        text.removeAll(keepingCapacity: true)
        fault.append(messageTo: &text, schema)
        if text.count > DeadLetterEncoder.detailBytesMax {
            text.removeLast(text.count - DeadLetterEncoder.detailBytesMax)
        }
        if let range = block.withdrawnIDRange, (input.keyRange(at: record)?.count ?? 0) == 0 {
            appendRecord(
                record, of: input, key: block.idBytes.span.extracting(range), to: &output, topic: topic)
        } else {
            appendRecord(record, of: input, key: nil, to: &output, topic: topic)
        }
        appendHeaders(DeadLetterReason(fault.code), record, of: input, to: &output)
    }

    /// Appends the dead letter of a record that holds no event.
    mutating func append(
        _ reason: DeadLetterReason, _ record: Int, of input: RecordBatch, to output: inout RecordBatch,
        topic: Int
    ) {
        text.removeAll(keepingCapacity: true)
        text.append(fixed: "the record has no value")
        appendRecord(record, of: input, key: nil, to: &output, topic: topic)
        appendHeaders(reason, record, of: input, to: &output)
    }

    /// Appends the record, with `key` in the place of none.
    private func appendRecord(
        _ record: Int, of input: RecordBatch, key: Span<UInt8>?, to output: inout RecordBatch, topic: Int
    ) {
        let value = input.valueRange(at: record)
        let ownKey = input.keyRange(at: record)
        let size = (value?.count ?? 0) + (ownKey?.count ?? 0) + DeadLetterEncoder.headerBytes(record, input)
        let fits = size <= recordBytesMax
        if fits, key == nil { return output.append(copyOf: record, of: input, topic: topic) }
        let bytes = input.bytes.span
        let keyRange = fits ? ownKey : ownKey.map { $0.prefix(recordBytesMax / 4) }
        let valueRange = fits ? value : value.map { $0.prefix(recordBytesMax / 2) }
        var usedKey: Span<UInt8>?
        if let key {
            usedKey = key
        } else if let keyRange {
            usedKey = bytes.extracting(keyRange)
        }
        var usedValue: Span<UInt8>?
        if let valueRange { usedValue = bytes.extracting(valueRange) }
        output.append(
            topic: topic, timestamp: input.timestamp(at: record), key: usedKey, value: usedValue)
        if fits {
            for number in 0..<input.headerCount(at: record) {
                let header = input.headerRanges(at: record, number: number)
                output.appendHeader(
                    name: bytes.extracting(header.name), value: bytes.extracting(header.value))
            }
        } else {
            output.appendHeader(name: "modelcast-truncated") { $0.append(decimal: value?.count ?? 0) }
        }
    }

    /// Appends the headers that say why, to the record appended last. The detail is in `text`.
    private func appendHeaders(
        _ reason: DeadLetterReason, _ record: Int, of input: RecordBatch, to output: inout RecordBatch
    ) {
        let word = reasons[reason.rawValue]
        output.appendHeader(name: "modelcast-reason", value: word.span)
        output.appendHeader(name: "modelcast-detail", value: text.span)
        output.appendHeader(name: "modelcast-source") { bytes in
            guard let partition = input.partition(at: record), let offset = input.offset(at: record) else {
                return
            }
            bytes.append(text: input.topic(at: record).text)
            bytes.append(0x3A)
            bytes.append(decimal: Int(partition.number))
            bytes.append(0x3A)
            bytes.append(decimal: Int(offset.number))
        }
        output.appendHeader(name: "modelcast-model", value: model.span)
        output.appendHeader(name: "modelcast-version", value: version.span)
    }

    private static func headerBytes(_ record: Int, _ input: RecordBatch) -> Int {
        var sum = 0
        for number in 0..<input.headerCount(at: record) {
            let header = input.headerRanges(at: record, number: number)
            sum += header.name.count + header.value.count
        }
        return sum
    }
}
