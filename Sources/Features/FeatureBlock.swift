internal import Basics

/// Decoded rows of a batch, in memory that the caller keeps from batch to batch: values, ids and times.
///
/// A row is built by ``EventDecoder`` and is there only when it was whole and right. A number that is missing
/// is NaN. A category is its place in the schema's list, ``unknownCategory`` when it is not there, NaN when
/// it is missing; the hash of its text is kept beside it. Confined to one thread at a time.
public struct FeatureBlock: Sendable {
    /// The value of a category that the schema does not list.
    public static let unknownCategory: Double = -1

    /// Values in a row.
    public let featureCount: Int
    /// Categorical features: hashes in a row.
    public let categoricalCount: Int
    /// Rows in the block.
    public private(set) var count = 0
    /// Row by row, `featureCount` each; what stands behind the last row is left over.
    var values: [Double] = []
    /// Row by row, `categoricalCount` each.
    private(set) var hashes: [UInt64] = []
    /// The ids of all rows, and of the one that was refused last; ``idRange(_:)`` says where each stands.
    public private(set) var idBytes: [UInt8] = []
    private var places: [Place] = []
    private var withdrawn: (range: Range<Int>, form: IDForm) = (0..<0, .none)

    /// How an event gave its id.
    public enum IDForm: UInt8, Sendable {
        /// Not at all.
        case none
        /// As a string.
        case string
        /// As a number; the id's bytes are its digits as they stood there.
        case number
    }

    private struct Place: Sendable {
        var idEnd = 0
        var form = IDForm.none
        var timestamp: Int64?
    }

    /// An empty block for rows of that schema.
    public init(schema: Schema) {
        featureCount = schema.features.count
        categoricalCount = schema.features.count { $0.kind == .categorical }
    }

    /// Forgets all rows and keeps the memory.
    public mutating func removeAll() {
        count = 0
        idBytes.removeAll(keepingCapacity: true)
        withdrawn = (0..<0, .none)
    }

    /// A feature's value in a row.
    public func value(_ row: Int, _ feature: Int) -> Double { values[row * featureCount + feature] }

    /// The FNV-1a 64 hash of a categorical feature's text, by its place among the categorical features.
    /// Without meaning where the value is missing.
    public func hash(_ row: Int, _ categorical: Int) -> UInt64 {
        hashes[row * categoricalCount + categorical]
    }

    /// The id of a row as UTF-8, escapes resolved; empty when there was none.
    public func id(_ row: Int) -> ArraySlice<UInt8> { idBytes[idRange(row)] }

    /// Where in ``idBytes`` the id of a row stands.
    public func idRange(_ row: Int) -> Range<Int> {
        precondition(row < count, "row \(row) of \(count)")
        return (row == 0 ? 0 : places[row - 1].idEnd)..<places[row].idEnd
    }

    /// Hands the id of a row to `body` without a copy: for writing it.
    public func withID(_ row: Int, _ body: (Span<UInt8>) -> Void) {
        body(idBytes.span.extracting(idRange(row)))
    }

    /// How the id of a row was given.
    public func idForm(_ row: Int) -> IDForm { places[row].form }

    /// The time of a row's event in milliseconds since 1970, where it had one.
    public func timestampMilliseconds(_ row: Int) -> Int64? { places[row].timestamp }

    /// The id of the row that was refused last, where it could be read; until the next row is begun.
    public var withdrawnID: ArraySlice<UInt8>? { withdrawnIDRange.map { idBytes[$0] } }

    /// Where in ``idBytes`` that id stands.
    public var withdrawnIDRange: Range<Int>? { withdrawn.form == .none ? nil : withdrawn.range }
}

/// Building a row: begin, set, then commit or withdraw.
extension FeatureBlock {
    /// Where in `values` the row that has been begun stands.
    var rowStart: Int { count &* featureCount }

    private var idStart: Int { count == 0 ? 0 : places[count - 1].idEnd }

    /// Begins a row in which everything is missing.
    mutating func beginRow() {
        if values.count < rowStart + featureCount { grow() }
        let row = rowStart..<rowStart + featureCount
        var span = values.mutableSpan
        for index in row { span[index] = .nan }
        places[count] = Place()
        withdrawn = (0..<0, .none)
        dropPendingID()
    }

    private mutating func dropPendingID() {
        let start = idStart
        if idBytes.count > start { idBytes.removeLast(idBytes.count - start) }
    }

    /// Doubles the room.
    private mutating func grow() {
        let rows = Swift.max(count * 2, 16)
        values.append(contentsOf: repeatElement(.nan, count: rows * featureCount - values.count))
        hashes.append(contentsOf: repeatElement(0, count: rows * categoricalCount - hashes.count))
        places.append(contentsOf: repeatElement(Place(), count: rows - places.count))
    }

    /// Sets a value of the row that has been begun.
    @inline(__always)
    mutating func set(_ feature: Int, _ value: Double) { values[count &* featureCount &+ feature] = value }

    /// Sets a category of the row that has been begun: its place and the hash of its text.
    mutating func set(_ feature: Int, categorical: Int, code: Int32, hash: UInt64) {
        set(feature, Double(code))
        hashes[count * categoricalCount + categorical] = hash
    }

    /// Sets the id of the row that has been begun.
    mutating func setID(_ form: IDForm, _ bytes: Span<UInt8>, _ range: Range<Int>) {
        dropPendingID()
        idBytes.append(copying: bytes.extracting(range))
        places[count].form = form
    }

    /// Sets the time of the row that has been begun.
    mutating func setTimestamp(_ milliseconds: Int64?) { places[count].timestamp = milliseconds }

    /// The value that the row begun has so far.
    func pendingValue(_ feature: Int) -> Double { values[count &* featureCount &+ feature] }

    /// Whether the row begun has an id so far.
    var hasPendingID: Bool { places[count].form != .none }

    /// Ends the row: it counts.
    mutating func commitRow() {
        places[count].idEnd = idBytes.count
        count += 1
    }

    /// Takes the row back. Its id stays readable.
    mutating func withdrawRow() { withdrawn = (idStart..<idBytes.count, places[count].form) }
}
