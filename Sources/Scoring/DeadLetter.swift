internal import EventLog

/// An event that could not be scored: its record untouched, the reason in headers.
///
/// | header | |
/// |---|---|
/// | `modelcast-reason` | the kind of fault: `not-json`, `wrong-type`, `missing-required`, `too-large`, … |
/// | `modelcast-detail` | what was wrong, and where, in words |
/// | `modelcast-source` | `TOPIC:PARTITION:OFFSET` of the event |
/// | `modelcast-model`, `modelcast-version` | whose schema it broke |
/// | `modelcast-truncated` | the value's whole size in bytes, where only its beginning was kept |
struct DeadLetter {
    let reason: String
    let detail: String
    /// The event's id, where it could be read: the key of a record that had none.
    let id: [UInt8]?
    let model: [UInt8]
    let version: [UInt8]

    /// Bytes of a detail that are kept.
    static let detailBytesMax = 1_024

    /// Appends the dead letter of record `index` of `input`. Of a value that would not fit a record of
    /// `bytesMax` bytes beside key and headers, only the beginning is kept: it can still be found at its
    /// source.
    func append(
        record index: Int, of input: RecordBatch, to output: inout RecordBatch, topic: Int, bytesMax: Int
    ) {
        let size = input.valueRange(at: index)?.count ?? 0
        let keySize = input.keyRange(at: index)?.count ?? 0
        let fits = size + keySize + headerBytes(index, input) <= bytesMax
        if fits, keySize > 0 || id == nil {
            output.append(copyOf: index, of: input, topic: topic)
        } else {
            var record = input.record(at: index)
            record.topic = output.topics[topic]
            record.partition = nil
            record.offset = nil
            if keySize == 0, let id { record.key = id }
            if !fits {
                record.key = record.key.map { Array($0.prefix(bytesMax / 4)) }
                record.value = record.value.map { Array($0.prefix(bytesMax / 2)) }
                record.headers = [Header("modelcast-truncated", String(size))]
            }
            output.append(record)
        }
        let source =
            input.place(at: index).map { "\($0.partition.topic):\($0.partition.partition):\($0.offset)" }
            ?? ""
        let texts = (
            Array(reason.utf8), Array(detail.utf8.prefix(DeadLetter.detailBytesMax)), Array(source.utf8)
        )
        output.appendHeader(name: "modelcast-reason", value: texts.0.span)
        output.appendHeader(name: "modelcast-detail", value: texts.1.span)
        output.appendHeader(name: "modelcast-source", value: texts.2.span)
        output.appendHeader(name: "modelcast-model", value: model.span)
        output.appendHeader(name: "modelcast-version", value: version.span)
    }

    private func headerBytes(_ index: Int, _ input: RecordBatch) -> Int {
        (0..<input.headerCount(at: index)).reduce(0) { sum, number in
            let header = input.headerRanges(at: index, number: number)
            return sum + header.name.count + header.value.count
        }
    }
}
