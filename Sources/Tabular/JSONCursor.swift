internal import Basics

/// A place in the JSON text of one row: a `JSONScanner` that makes cells and says in words what is wrong.
struct JSONCursor {
    /// What is wrong with a row, and at which byte.
    struct Fault: Error {
        var offset: Int
        var detail: String
    }

    private var scanner: JSONScanner
    private let depthMax: Int
    /// A text while its escapes are resolved.
    private var scratch: [UInt8] = []

    init(_ row: Range<Int>, depthMax: Int) {
        scanner = JSONScanner(row)
        self.depthMax = depthMax
    }

    var position: Int { scanner.position }

    mutating func peek(_ bytes: [UInt8]) throws(Fault) -> JSONScanner.Kind {
        try Self.checked(depthMax) { () throws(JSONError) in try scanner.peek(bytes.span) }
    }

    mutating func beginObject(_ bytes: [UInt8]) throws(Fault) {
        guard
            try Self.checked(depthMax, { () throws(JSONError) in try scanner.nextByte(bytes.span) })
                == UInt8(ascii: "{")
        else { throw Fault(offset: position, detail: "a JSON object was expected") }
        try Self.checked(depthMax) { () throws(JSONError) in try scanner.beginObject(bytes.span) }
    }

    mutating func beginArray(_ bytes: [UInt8]) throws(Fault) {
        try Self.checked(depthMax) { () throws(JSONError) in try scanner.beginArray(bytes.span) }
    }

    mutating func nextElement(_ bytes: [UInt8]) throws(Fault) -> Bool {
        try Self.checked(depthMax) { () throws(JSONError) in try scanner.nextElement(bytes.span) }
    }

    /// The range of the next key's characters, and where it stands in the row; nil at the object's end.
    mutating func nextKey(_ bytes: inout [UInt8]) throws(Fault) -> (key: Range<Int>, place: Int)? {
        let token = try Self.checked(depthMax) { () throws(JSONError) in try scanner.nextKey(bytes.span) }
        return token.map { (resolved($0, &bytes), $0.range.lowerBound - 1) }
    }

    /// Any value; arrays and objects are checked and kept as they stand.
    mutating func value(_ bytes: inout [UInt8]) throws(Fault) -> RowBatch.Cell {
        let kind = try peek(bytes)
        if kind == .string {
            let token = try Self.checked(depthMax) { () throws(JSONError) in try scanner.string(bytes.span) }
            return cell(resolved(token, &bytes), .text)
        }
        // With a depth of its own: the limit counts from the value.
        var inner = JSONScanner(position..<scanner.end, depthMax: depthMax)
        let range = try Self.checked(depthMax) { () throws(JSONError) in try inner.valueRange(bytes.span) }
        scanner.position = inner.position
        switch kind {
        case .null: return RowBatch.Cell()
        case .boolean: return cell(range, .boolean)
        case .number: return cell(range, .number)
        case .object, .array, .string: return cell(range, .nested)
        }
    }

    mutating func finish(_ bytes: [UInt8]) throws(Fault) {
        try Self.checked(depthMax) { () throws(JSONError) in try scanner.finish(bytes.span) }
    }

    /// The range of a string's characters: in the row itself, or appended to `bytes` where it has escapes.
    private mutating func resolved(_ token: JSONString, _ bytes: inout [UInt8]) -> Range<Int> {
        guard token.hasEscapes else { return token.range }
        scratch.removeAll(keepingCapacity: true)
        token.append(bytes.span, to: &scratch)
        let start = bytes.count
        bytes.append(contentsOf: scratch)
        return start..<bytes.count
    }

    private func cell(_ range: Range<Int>, _ kind: CellKind) -> RowBatch.Cell {
        RowBatch.Cell(start: UInt32(range.lowerBound), end: UInt32(range.upperBound), kind: kind)
    }

    private static func checked<Value>(
        _ depthMax: Int, _ body: () throws(JSONError) -> Value
    ) throws(Fault) -> Value {
        do throws(JSONError) {
            return try body()
        } catch {
            let detail = error.code == .tooDeep ? "nested deeper than \(depthMax)" : error.code.phrase
            throw Fault(offset: error.offset, detail: detail)
        }
    }
}
