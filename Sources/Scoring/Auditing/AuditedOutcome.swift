internal import Basics
internal import EventLog
internal import Snapshots

/// What an audit keeps of a prediction or a dead letter.
struct AuditedOutcome: Equatable {
    /// The event's partition and offset.
    var partition: Int32
    var offset: Int64
    var isDeadLetter: Bool
    /// The version that made it.
    var version: Int
    /// Why it is a dead letter.
    var reason: String?
    /// Of everything that the version and the event decide. Two outcomes of one event have the same
    /// fingerprint when they say the same, and else but for a chance of 2⁻⁶⁴; it holds within a process.
    var fingerprint: UInt64
}

/// Reads predictions and dead letters as far as an audit needs them.
///
/// The fingerprint of a prediction covers its key, id, prediction, scores and time as they are written: equal
/// texts of numbers are equal bits, for each number is written as the shortest text that reads back as
/// itself. That of a dead letter covers the record it keeps and its reason, not the words of its detail.
struct OutcomeParser {
    enum Reading: Equatable {
        case outcome(AuditedOutcome)
        /// Of another model, or of another input.
        case elsewhere
        case unreadable(String)
    }

    /// The members of a prediction that are looked at, by their places below.
    private static let names = ["id", "prediction", "scores", "ts", "model", "version", "source"]
    private static let hashed = 0..<4

    private let model: String
    private let input: [UInt8]
    private var values: [Range<Int>?] = Array(repeating: nil, count: 7)

    /// A reader of what `model` made of the events of `input`.
    init(model: ModelName, input: TopicName) {
        self.model = model.text
        self.input = Array(input.text.utf8)
    }

    /// Reads record `index` of `batch` as a prediction.
    mutating func prediction(_ batch: RecordBatch, _ index: Int) -> Reading {
        guard let range = batch.valueRange(at: index) else { return .unreadable("it has no value") }
        let bytes = batch.bytes.span
        do throws(JSONError) {
            try members(bytes, range)
        } catch {
            return .unreadable("it is no prediction: \(error.message)")
        }
        guard let name = values[4], name.count >= 2 else { return .unreadable("it names no model") }
        let isOurs = JSONString(range: name.lowerBound + 1..<name.upperBound - 1, hasEscapes: false)
            .equals(model, bytes)
        guard isOurs else { return .elsewhere }
        guard let place = values[6], let source = Self.place(bytes, place.dropFirst().dropLast()) else {
            return .unreadable("its source is no PARTITION:OFFSET")
        }
        guard let number = values[5], let version = DecimalNumber.integer(bytes.extracting(number)),
            ModelVersion(Int(version)) != nil
        else { return .unreadable("it names no version") }
        var hasher = Hasher()
        hasher.combine(false)
        Self.combine(&hasher, bytes, batch.keyRange(at: index))
        for part in Self.hashed { Self.combine(&hasher, bytes, values[part]) }
        return .outcome(
            AuditedOutcome(
                partition: source.partition, offset: source.offset, isDeadLetter: false,
                version: Int(version), fingerprint: UInt64(bitPattern: Int64(hasher.finalize()))))
    }

    /// Reads record `index` of `batch` as a dead letter.
    func deadLetter(_ batch: RecordBatch, _ index: Int) -> Reading {
        let bytes = batch.bytes.span
        var hasher = Hasher()
        hasher.combine(true)
        Self.combine(&hasher, bytes, batch.keyRange(at: index))
        Self.combine(&hasher, bytes, batch.valueRange(at: index))
        var found: (reason: Range<Int>?, source: Range<Int>?, model: Range<Int>?, version: Range<Int>?)
        for number in 0..<batch.headerCount(at: index) {
            let header = batch.headerRanges(at: index, number: number)
            let name = JSONString(range: header.name, hasEscapes: false)
            if name.equals("modelcast-reason", bytes) {
                found.reason = header.value
            } else if name.equals("modelcast-source", bytes) {
                found.source = header.value
            } else if name.equals("modelcast-model", bytes) {
                found.model = header.value
            } else if name.equals("modelcast-version", bytes) {
                found.version = header.value
            } else if !name.equals("modelcast-detail", bytes) {
                Self.combine(&hasher, bytes, header.name)
                Self.combine(&hasher, bytes, header.value)
            }
        }
        guard let reason = found.reason, let source = found.source, let model = found.model,
            let version = found.version.flatMap({ DecimalNumber.integer(bytes.extracting($0)) })
        else { return .unreadable("it lacks the headers of a dead letter") }
        let isOurs = JSONString(range: model, hasEscapes: false).equals(self.model, bytes)
        guard isOurs, isOfInput(bytes, source) else { return .elsewhere }
        guard let place = Self.place(bytes, source.dropFirst(input.count + 1)) else {
            return .unreadable("its source is no TOPIC:PARTITION:OFFSET")
        }
        Self.combine(&hasher, bytes, reason)
        return .outcome(
            AuditedOutcome(
                partition: place.partition, offset: place.offset, isDeadLetter: true, version: Int(version),
                reason: String(decoding: batch.bytes[reason], as: UTF8.self),
                fingerprint: UInt64(bitPattern: Int64(hasher.finalize()))))
    }

    // MARK: Private

    /// Where the members of a prediction stand.
    private mutating func members(_ bytes: Span<UInt8>, _ range: Range<Int>) throws(JSONError) {
        for index in values.indices { values[index] = nil }
        var scanner = JSONScanner(range)
        try scanner.beginObject(bytes)
        while let key = try scanner.nextKey(bytes) {
            let known = Self.names.firstIndex { key.equals($0, bytes) }
            let value = try scanner.valueRange(bytes)
            if let known { values[known] = value }
        }
        try scanner.finish(bytes)
    }

    private func isOfInput(_ bytes: Span<UInt8>, _ source: Range<Int>) -> Bool {
        guard source.count > input.count, bytes[source.lowerBound + input.count] == 58 else { return false }
        for index in input.indices where bytes[source.lowerBound + index] != input[index] { return false }
        return true
    }

    /// `PARTITION:OFFSET`.
    private static func place(
        _ bytes: Span<UInt8>, _ range: Range<Int>
    ) -> (partition: Int32, offset: Int64)? {
        guard let colon = range.first(where: { bytes[$0] == 58 }),
            let partition = DecimalNumber.integer(bytes.extracting(range.lowerBound..<colon)),
            let offset = DecimalNumber.integer(bytes.extracting(colon + 1..<range.upperBound)),
            let number = Int32(exactly: partition), number >= 0, offset >= 0
        else { return nil }
        return (number, offset)
    }

    /// The bytes with their count, so that no two runs of parts look like one.
    private static func combine(_ hasher: inout Hasher, _ bytes: Span<UInt8>, _ range: Range<Int>?) {
        hasher.combine(range?.count ?? -1)
        guard let range else { return }
        bytes.extracting(range).withUnsafeBufferPointer { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }
}
