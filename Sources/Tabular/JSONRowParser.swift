internal import Basics

/// Reads one JSON object into cells: its members are columns in the order of their first appearance. A member
/// named `features` that is an object gives its own members as columns; one that is an array gives its
/// elements by position.
///
/// Keys are compared with the key that followed last time, so that rows of one shape need no look-up.
struct JSONRowParser {
    typealias Fault = JSONCursor.Fault

    private(set) var names: [[UInt8]] = []
    private var index: [[UInt8]: Int] = [:]
    /// The column that followed each column the last time; the last entry is for a row's beginning.
    private var successor: [Int] = []
    private var first = -1
    private var seenInRow: [Int] = []
    private var row = 0
    private var last = -1
    private let limits: TabularLimits
    /// Names of the elements of an array of features, as far as they are known.
    private let positional: [String]

    init(limits: TabularLimits, positional: [String]) {
        self.limits = limits
        self.positional = positional
    }

    /// Appends the row's cells to `cells` (unescaped text to `bytes`); on a fault the caller cuts both back.
    mutating func parse(
        _ raw: Range<Int>, in bytes: inout [UInt8], into cells: inout [RowBatch.Cell]
    ) throws(Fault) {
        row += 1
        last = -1
        let base = cells.count
        cells.append(contentsOf: repeatElement(RowBatch.Cell(), count: names.count))
        var cursor = JSONCursor(raw, depthMax: limits.depthMax)
        try members(&cursor, &bytes, &cells, base, top: true)
        try cursor.finish(bytes)
    }

    private mutating func members(
        _ cursor: inout JSONCursor, _ bytes: inout [UInt8], _ cells: inout [RowBatch.Cell], _ base: Int,
        top: Bool
    ) throws(Fault) {
        try cursor.beginObject(bytes)
        while let (key, place) = try cursor.nextKey(&bytes) {
            let kind = try cursor.peek(bytes)
            if top, kind == .object || kind == .array, isFeatures(key, bytes) {
                if kind == .object {
                    try members(&cursor, &bytes, &cells, base, top: false)
                } else {
                    try elements(&cursor, &bytes, &cells, base)
                }
            } else {
                let column = try column(key, at: place, bytes, &cells)
                cells[base + column] = try cursor.value(&bytes)
            }
        }
    }

    private mutating func elements(
        _ cursor: inout JSONCursor, _ bytes: inout [UInt8], _ cells: inout [RowBatch.Cell], _ base: Int
    ) throws(Fault) {
        try cursor.beginArray(bytes)
        var position = 0
        while try cursor.nextElement(bytes) {
            let name = position < positional.count ? positional[position] : "f\(position)"
            let column = try column(Array(name.utf8), cursor.position, &cells)
            cells[base + column] = try cursor.value(&bytes)
            position += 1
        }
    }

    private func isFeatures(_ key: Range<Int>, _ bytes: [UInt8]) -> Bool {
        bytes[key].elementsEqual("features".utf8)
    }

    /// The column named by `key`; the one that followed last time is tried first.
    private mutating func column(
        _ key: Range<Int>, at: Int, _ bytes: [UInt8], _ cells: inout [RowBatch.Cell]
    ) throws(Fault) -> Int {
        let guess = last < 0 ? first : successor[last]
        if guess >= 0, matches(names[guess], key, bytes) {
            return try take(guess, at: at)
        }
        return try column(Array(bytes[key]), at, &cells)
    }

    private mutating func column(
        _ name: [UInt8], _ at: Int, _ cells: inout [RowBatch.Cell]
    ) throws(Fault) -> Int {
        if let known = index[name] { return try take(known, at: at) }
        guard names.count < limits.columnsMax else {
            throw Fault(offset: at, detail: "more than \(limits.columnsMax) different keys")
        }
        guard name.count <= limits.nameBytesMax else {
            throw Fault(offset: at, detail: "a key of more than \(limits.nameBytesMax) bytes")
        }
        let column = names.count
        names.append(name)
        index[name] = column
        successor.append(-1)
        seenInRow.append(0)
        cells.append(RowBatch.Cell())
        return try take(column, at: at)
    }

    private mutating func take(_ column: Int, at: Int) throws(Fault) -> Int {
        guard seenInRow[column] != row else {
            throw Fault(
                offset: at, detail: "the key \(String(decoding: names[column], as: UTF8.self)) stands twice")
        }
        seenInRow[column] = row
        if last < 0 { first = column } else { successor[last] = column }
        last = column
        return column
    }

    private func matches(_ name: [UInt8], _ key: Range<Int>, _ bytes: [UInt8]) -> Bool {
        guard name.count == key.count else { return false }
        for offset in 0..<name.count where name[offset] != bytes[key.lowerBound + offset] { return false }
        return true
    }
}
