internal import Basics

/// Turns events into rows of a ``FeatureBlock``. One for each model version and thread.
///
/// An event is a JSON object: `{"id": "a", "ts": 0, "features": {"fare": 9.5}}`, or flat (`{"id": "a",
/// "fare": 9.5}`), or with `"features": [9.5]` in the schema's order; see ``EventLayout``. Fields that the
/// schema does not name are ignored, but must be JSON. `null` is missing. The same key twice: the last wins.
/// A number in quotes is not a number.
///
/// It expects the keys of an event in the order of the one before, and then compares each with what it
/// expects instead of looking it up. Allocates nothing once it has seen events of a kind. Confined to one
/// thread at a time.
public struct EventDecoder: Sendable {
    /// The schema of the rows.
    public let schema: Schema
    let limits: FeatureLimits
    let columns: [Column]
    /// The types alone, for the most frequent case.
    let kinds: [Feature.Kind]
    /// For each feature, the end of the run of number features that begins with it.
    let numberRuns: [Int]
    private let layout: EventLayout
    let keys: KeyTable
    private let required: [Int32]
    private var outerOrder = KeyOrder()
    private var innerOrder = KeyOrder()
    var unescaped: [UInt8] = []
    /// What is being read, for the fault if it fails.
    private var field = RowFault.Field.event
    /// The fault's code where the JSON itself is not at fault.
    private var code: RowFault.Code?

    /// What decoding needs to know of a feature.
    struct Column: Sendable {
        var kind: Feature.Kind
        /// The place among the categorical features.
        var categorical: Int
        /// The categories' places by their text.
        var categories: ByteTable
    }

    /// A decoder of events for that schema.
    public init(schema: Schema, layout: EventLayout = EventLayout(), limits: FeatureLimits = FeatureLimits())
    {
        self.schema = schema
        self.layout = layout
        self.limits = limits
        keys = KeyTable(schema, layout)
        var categorical = 0
        columns = schema.features.map { feature in
            defer { if feature.kind == .categorical { categorical += 1 } }
            return Column(
                kind: feature.kind, categorical: categorical, categories: ByteTable(feature.categories))
        }
        kinds = schema.features.map(\.kind)
        var runs = Array(schema.features.indices)
        for index in runs.indices.reversed() where kinds[index] == .float {
            runs[index] = index + 1 < runs.count && kinds[index + 1] == .float ? runs[index + 1] : index + 1
        }
        numberRuns = runs
        required = schema.features.indices.filter { schema.features[$0].isRequired }.map { Int32($0) }
    }

    /// Decodes the event that stands in `range` into the block's next row.
    ///
    /// - Returns: nil when the row is there; else why it is not, and the block has the rows that it had
    /// before. Its ``FeatureBlock/withdrawnID`` is the event's id, where it can be read.
    public mutating func decode(
        _ bytes: Span<UInt8>, _ range: Range<Int>, into block: inout FeatureBlock
    ) -> RowFault? {
        block.beginRow()
        guard range.count <= limits.eventBytesMax else {
            block.withdrawRow()
            return RowFault(.tooLarge, .event, at: limits.eventBytesMax)
        }
        field = .event
        code = nil
        var scanner = JSONScanner(range, depthMax: limits.eventDepthMax)
        do throws(JSONError) {
            try event(bytes, &scanner, &block)
        } catch {
            var fault =
                code.map { RowFault($0, field, at: error.offset - range.lowerBound) }
                ?? RowFault(error, field, from: range.lowerBound)
            if fault.code == .notAnEvent, let reason = notJSON(bytes, range) {
                // The first byte alone does not tell `no` from `null`.
                fault = RowFault(reason, .event, from: range.lowerBound)
            }
            if !block.hasPendingID { recoverID(bytes, range, &block) }
            block.withdrawRow()
            return fault
        }
        return finishRow(&block)
    }

    /// Why the bytes are no JSON at all; nil when they are.
    private func notJSON(_ bytes: Span<UInt8>, _ range: Range<Int>) -> JSONError? {
        var scanner = JSONScanner(range, depthMax: limits.eventDepthMax)
        do throws(JSONError) {
            try scanner.skipValue(bytes)
            try scanner.finish(bytes)
            return nil
        } catch {
            return error
        }
    }

    /// Checks that nothing required is missing, and ends the row.
    mutating func finishRow(_ block: inout FeatureBlock) -> RowFault? {
        for feature in required where block.pendingValue(Int(feature)).isNaN {
            block.withdrawRow()
            return RowFault(.missingRequired, .feature(Int(feature)), at: 0)
        }
        block.commitRow()
        return nil
    }
}

extension EventDecoder {
    private mutating func event(
        _ bytes: Span<UInt8>, _ scanner: inout JSONScanner, _ block: inout FeatureBlock
    ) throws(JSONError) {
        // Tells what is no JSON at all from what is JSON and no object.
        _ = try scanner.peek(bytes)
        try scanner.beginObject(bytes)
        var position = 0
        while true {
            numbers(bytes, &scanner, outerOrder, &position, &block)
            guard try scanner.nextMember(bytes) else { break }
            let index = try key(bytes, &scanner, isInner: false, position)
            position &+= 1
            guard index >= 0 else {
                try scanner.skipValue(bytes)
                continue
            }
            try member(keys.entries[Int(index)], bytes, &scanner, &block)
            field = .event
        }
        try scanner.finish(bytes)
    }

    /// Reads the value of a known key of the event itself.
    private mutating func member(
        _ entry: KeyTable.Entry, _ bytes: Span<UInt8>, _ scanner: inout JSONScanner,
        _ block: inout FeatureBlock
    ) throws(JSONError) {
        let isFeature = entry.feature >= 0 && layout.shape != .nested
        let start = scanner.position
        switch entry.role {
        case .none:
            if !isFeature { return try scanner.skipValue(bytes) }
        case .id:
            field = .id
            try id(bytes, &scanner, &block)
            if !isFeature { return }
            scanner.position = start
        case .timestamp:
            field = .timestamp
            try timestamp(bytes, &scanner, &block)
            if !isFeature { return }
            scanner.position = start
        case .features:
            field = .features
            switch try scanner.peek(bytes) {
            case .object: return try namedFeatures(bytes, &scanner, &block)
            case .array: return try orderedFeatures(bytes, &scanner, &block)
            default:
                if !isFeature { throw JSONError(.wrongType, at: scanner.position) }
            }
        }
        try feature(Int(entry.feature), bytes, &scanner, &block)
    }

    private mutating func namedFeatures(
        _ bytes: Span<UInt8>, _ scanner: inout JSONScanner, _ block: inout FeatureBlock
    ) throws(JSONError) {
        try scanner.beginObject(bytes)
        var position = 0
        while true {
            numbers(bytes, &scanner, innerOrder, &position, &block)
            guard try scanner.nextMember(bytes) else { break }
            let index = try key(bytes, &scanner, isInner: true, position)
            position &+= 1
            let place = index < 0 ? -1 : keys.entries[Int(index)].feature
            guard place >= 0 else {
                try scanner.skipValue(bytes)
                continue
            }
            try feature(Int(place), bytes, &scanner, &block)
        }
    }

    private mutating func orderedFeatures(
        _ bytes: Span<UInt8>, _ scanner: inout JSONScanner, _ block: inout FeatureBlock
    ) throws(JSONError) {
        try scanner.beginArray(bytes)
        var index = 0
        while true {
            numbers(bytes, &scanner, &index, &block)
            guard try scanner.nextElement(bytes) else { break }
            guard index < columns.count else {
                field = .features
                code = .wrongCount
                throw JSONError(.wrongType, at: scanner.position)
            }
            try feature(index, bytes, &scanner, &block)
            index &+= 1
        }
        field = .features
        guard index == columns.count else {
            code = .wrongCount
            throw JSONError(.wrongType, at: scanner.position)
        }
    }

    /// Reads the key at the position and says which it is: first by comparing it with the one expected.
    @inline(__always)
    private mutating func key(
        _ bytes: Span<UInt8>, _ scanner: inout JSONScanner, isInner: Bool, _ position: Int
    ) throws(JSONError) -> Int32 {
        let guess = isInner ? innerOrder.guess(position) : outerOrder.guess(position)
        if guess >= 0 {
            let entry = keys.entries[Int(guess)]
            let expected = keys.written.span.extracting(Int(entry.start)..<Int(entry.end))
            if scanner.matches(expected, bytes) { return guess }
        }
        return try unexpectedKey(bytes, &scanner, isInner: isInner, position)
    }

    private mutating func unexpectedKey(
        _ bytes: Span<UInt8>, _ scanner: inout JSONScanner, isInner: Bool, _ position: Int
    ) throws(JSONError) -> Int32 {
        let text = try scanner.key(bytes)
        let index: Int32
        if text.hasEscapes {
            unescaped.removeAll(keepingCapacity: true)
            text.append(bytes, to: &unescaped)
            index = keys.entry(unescaped.span, 0..<unescaped.count)
        } else {
            index = keys.entry(bytes, text.range)
        }
        let expected = expectation(index, isInner: isInner)
        if isInner { innerOrder.learn(position, expected) } else { outerOrder.learn(position, expected) }
        return index
    }

    /// What to expect where the key of that entry stood.
    private func expectation(_ index: Int32, isInner: Bool) -> KeyOrder.Expected {
        guard index >= 0 else { return KeyOrder.Expected() }
        let entry = keys.entries[Int(index)]
        let isFeature = entry.feature >= 0 && (isInner || entry.role == .none && layout.shape != .nested)
        let isNumber = isFeature && kinds[Int(entry.feature)] == .float
        return KeyOrder.Expected(
            entry: index, number: isNumber ? entry.feature : -1, start: entry.start, end: entry.end)
    }

    /// Reads the value of a feature.
    @inline(__always)
    private mutating func feature(
        _ index: Int, _ bytes: Span<UInt8>, _ scanner: inout JSONScanner, _ block: inout FeatureBlock
    ) throws(JSONError) {
        field = .feature(index)
        let byte = try scanner.nextByte(bytes)
        if byte &- 0x30 < 10 || byte == 0x2D, kinds[index] == .float {
            block.set(index, try scanner.number(bytes))
        } else {
            try otherFeature(index, try scanner.peek(bytes), bytes, &scanner, &block)
        }
    }

    private mutating func otherFeature(
        _ index: Int, _ kind: JSONScanner.Kind, _ bytes: Span<UInt8>, _ scanner: inout JSONScanner,
        _ block: inout FeatureBlock
    ) throws(JSONError) {
        let start = scanner.position
        if kind == .null {
            try scanner.null(bytes)
            return block.set(index, .nan)
        }
        switch (columns[index].kind, kind) {
        case (.integer, .number):
            let value = try scanner.number(bytes)
            guard value.rounded(.towardZero) == value else { throw JSONError(.wrongType, at: start) }
            block.set(index, value)
        case (.boolean, .boolean): block.set(index, try scanner.boolean(bytes) ? 1 : 0)
        case (.boolean, .number):
            let value = try scanner.number(bytes)
            guard value == 0 || value == 1 else { throw JSONError(.wrongType, at: start) }
            block.set(index, value)
        case (.categorical, .string):
            let text = try scanner.string(bytes)
            guard text.hasEscapes else { return category(index, bytes, text.range, &block) }
            unescaped.removeAll(keepingCapacity: true)
            text.append(bytes, to: &unescaped)
            category(index, unescaped.span, 0..<unescaped.count, &block)
        case (.categorical, .number):
            let token = try scanner.numberToken(bytes)
            guard token.isInteger else { throw JSONError(.wrongType, at: start) }
            category(index, bytes, token.start..<token.end, &block)
        default: throw JSONError(.wrongType, at: start)
        }
    }

    /// Sets a category by its text.
    func category(_ index: Int, _ text: Span<UInt8>, _ range: Range<Int>, _ block: inout FeatureBlock) {
        let hash = FNV1a.hash(text, range)
        let place = columns[index].categories.place(text, range, hash: hash)
        block.set(
            index, categorical: columns[index].categorical,
            code: place < 0 ? Int32(FeatureBlock.unknownCategory) : place, hash: hash)
    }
}

/// The fields around the features.
extension EventDecoder {
    private mutating func id(
        _ bytes: Span<UInt8>, _ scanner: inout JSONScanner, _ block: inout FeatureBlock
    ) throws(JSONError) {
        switch try scanner.peek(bytes) {
        case .string:
            let text = try scanner.string(bytes)
            try checkID(text.range.count, text.range.lowerBound)
            if text.hasEscapes {
                unescaped.removeAll(keepingCapacity: true)
                text.append(bytes, to: &unescaped)
                block.setID(.string, unescaped.span, 0..<unescaped.count)
            } else {
                block.setID(.string, bytes, text.range)
            }
        case .number:
            let token = try scanner.numberToken(bytes)
            try checkID(token.end - token.start, token.start)
            block.setID(.number, bytes, token.start..<token.end)
        case .null:
            try scanner.null(bytes)
            block.setID(.none, bytes, 0..<0)
        default: throw JSONError(.wrongType, at: scanner.position)
        }
    }

    mutating func checkID(_ count: Int, _ offset: Int) throws(JSONError) {
        guard count > limits.idBytesMax else { return }
        code = .tooLarge
        throw JSONError(.wrongType, at: offset)
    }

    private mutating func timestamp(
        _ bytes: Span<UInt8>, _ scanner: inout JSONScanner, _ block: inout FeatureBlock
    ) throws(JSONError) {
        let kind = try scanner.peek(bytes)
        let start = scanner.position
        switch kind {
        case .number:
            guard let time = EventDecoder.timestamp(try scanner.number(bytes)) else {
                throw JSONError(.numberOutOfRange, at: start)
            }
            block.setTimestamp(time)
        case .string:
            let text = try scanner.string(bytes)
            guard let time = Timestamp(iso8601: bytes.extracting(text.range)) else {
                throw JSONError(.wrongType, at: start)
            }
            block.setTimestamp(time.milliseconds)
        case .null:
            try scanner.null(bytes)
            block.setTimestamp(nil)
        default: throw JSONError(.wrongType, at: start)
        }
    }

    /// Milliseconds since 1970 in the years 0 to 9999, which a prediction can name; nil for another number.
    static func timestamp(_ value: Double) -> Int64? {
        let time = value.rounded(.down)
        guard time >= Double(Timestamp.earliest.milliseconds), time <= Double(Timestamp.latest.milliseconds)
        else { return nil }
        return Int64(time)
    }

    /// Looks for the id of an event that was refused before its id was reached.
    private mutating func recoverID(_ bytes: Span<UInt8>, _ range: Range<Int>, _ block: inout FeatureBlock) {
        var scanner = JSONScanner(range, depthMax: limits.eventDepthMax)
        do throws(JSONError) {
            try scanner.beginObject(bytes)
            while let key = try scanner.nextKey(bytes) {
                if key.equals(layout.idField, bytes) {
                    let fault = code
                    defer { code = fault }
                    return try id(bytes, &scanner, &block)
                }
                try scanner.skipValue(bytes)
            }
        } catch {
            return
        }
    }
}
