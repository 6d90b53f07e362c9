import Basics
import EventLog
import Tabular

/// Writes one row as an event and its label, for a table of known columns. Confined to one thread.
final class EventEncoder {
    let columns: [String]
    private let plan: EventRows.Plan
    private let file: String
    private let idColumn: Int?
    private let timeColumn: Int?
    /// A column that already holds the event's features as an object or array (JSON lines only).
    private let featuresColumn: Int?
    private let label: LabelExpression?
    private let features: [(column: Int, key: [UInt8])]

    /// Throws when a named column is missing, or the label has no meaning over the columns.
    init(plan: EventRows.Plan, columns: [String], file: String) throws {
        self.plan = plan
        self.columns = columns
        self.file = file
        func place(_ name: String?, _ option: String) throws -> Int? {
            guard let name else { return nil }
            guard let place = columns.firstIndex(of: name) else {
                throw CommandError(
                    .notFound, "\(file) has no column '\(name)' for --\(option)",
                    hint: "columns: \(columns.prefix(40).joined(separator: ", "))", recovery: .fixInput)
            }
            return place
        }
        for name in plan.include { _ = try place(name, "include") }
        for name in plan.exclude { _ = try place(name, "exclude") }
        idColumn = try place(plan.idColumn, "id") ?? columns.firstIndex(of: "id")
        timeColumn = try place(plan.timeColumn, "time")
        featuresColumn = columns.firstIndex(of: "features")
        label = try plan.label.map { try LabelExpression($0, columns: columns) }
        var left = Set(plan.exclude)
        left.formUnion(label?.columns ?? [])
        for place in [idColumn, timeColumn] { if let place { left.insert(columns[place]) } }
        left.subtract(plan.include)
        features = columns.indices.filter { !left.contains(columns[$0]) }.map { column in
            var key: [UInt8] = []
            RowEncoding.json(columns[column].utf8, into: &key)
            key.append(UInt8(ascii: ":"))
            return (column, key)
        }
    }

    /// Adds the records of `row` to `chunk`, or the reason why there are none.
    func add(_ row: Int, of batch: RowBatch, to chunk: inout EventRows.Chunk) throws {
        guard let id = id(of: row, in: batch) else {
            return reject(row, batch, "no value in the id column", &chunk)
        }
        guard let time = time(of: row, in: batch) else {
            return reject(row, batch, "no time in the column of --time", &chunk)
        }
        var value: [UInt8] = []
        writeEvent(row, batch, id: id, time: time, to: &value)
        chunk.records.append(
            topic: chunk.records.index(of: plan.eventTopic), timestamp: time, key: id.span, value: value.span)
        chunk.events += 1
        guard let label = try label?.label(of: row, in: batch) else { return }
        value.removeAll(keepingCapacity: true)
        value += #"{"id":"#.utf8
        RowEncoding.json(id, into: &value)
        value += #","ts":"\#(time)","label":"#.utf8
        value += label.encoded()
        value.append(UInt8(ascii: "}"))
        chunk.records.append(
            topic: chunk.records.index(of: plan.labelTopic), timestamp: time, key: id.span, value: value.span)
        chunk.labels += 1
    }

    /// The event's id; nil when its cell is empty.
    private func id(of row: Int, in batch: RowBatch) -> [UInt8]? {
        guard let idColumn else {
            return Array("\(file.split(separator: "/").last ?? "row"):\(batch.ordinal(row))".utf8)
        }
        return batch.kind(row, idColumn) == .missing ? nil : Array(batch.bytes[batch.range(row, idColumn)])
    }

    /// The event's time: ISO 8601, or milliseconds since 1970; nil when its cell holds neither.
    private func time(of row: Int, in batch: RowBatch) -> Timestamp? {
        guard let timeColumn else { return .now }
        if let number = batch.integer(row, timeColumn) { return Timestamp(milliseconds: number) }
        return Timestamp(iso8601: batch.bytes.span.extracting(batch.range(row, timeColumn)))
    }

    private func reject(_ row: Int, _ batch: RowBatch, _ detail: String, _ chunk: inout EventRows.Chunk) {
        chunk.rejects.append(
            TabularError(.row, "\(file):\(batch.line(row)):1: \(detail)", hint: "correct or remove the row"))
    }

    private func writeEvent(
        _ row: Int, _ batch: RowBatch, id: [UInt8], time: Timestamp, to bytes: inout [UInt8]
    ) {
        bytes += #"{"id":"#.utf8
        RowEncoding.json(id, into: &bytes)
        bytes += #","ts":"\#(time)","features":"#.utf8
        if let featuresColumn, batch.kind(row, featuresColumn) == .nested {
            // The row is an event already.
            bytes += batch.bytes[batch.range(row, featuresColumn)]
        } else {
            var separator = UInt8(ascii: "{")
            for (column, key) in features where batch.kind(row, column) != .missing {
                bytes.append(separator)
                bytes += key
                writeCell(row, column, batch, to: &bytes)
                separator = UInt8(ascii: ",")
            }
            if separator == UInt8(ascii: "{") { bytes.append(separator) }
            bytes.append(UInt8(ascii: "}"))
        }
        bytes.append(UInt8(ascii: "}"))
    }

    private func writeCell(_ row: Int, _ column: Int, _ batch: RowBatch, to bytes: inout [UInt8]) {
        let range = batch.range(row, column)
        switch batch.kind(row, column) {
        case .missing: bytes += "null".utf8
        case .number, .boolean, .nested: bytes += batch.bytes[range]
        case .text: RowEncoding.json(batch.bytes[range], into: &bytes)
        case .plain:
            if JSONNumber.isNumber(batch.bytes[range]) {
                bytes += batch.bytes[range]
            } else if JSONNumber.isCode(batch.bytes[range]) {
                RowEncoding.json(batch.bytes[range], into: &bytes)
            } else if let number = batch.real(row, column) {
                bytes += RowEncoding.number(number).utf8
            } else if let truth = batch.boolean(row, column) {
                bytes += (truth ? "true" : "false").utf8
            } else {
                RowEncoding.json(batch.bytes[range], into: &bytes)
            }
        }
    }
}

/// The grammar of JSON's numbers (RFC 8259, section 6).
enum JSONNumber {
    /// Whether `text` is digits with zeros before them: a code such as `007`, whose zeros count.
    static func isCode(_ text: ArraySlice<UInt8>) -> Bool {
        text.count > 1 && text.first == UInt8(ascii: "0") && text.allSatisfy { $0 >= 48 && $0 <= 57 }
    }

    /// Whether `text` may stand in JSON as it is.
    static func isNumber(_ text: ArraySlice<UInt8>) -> Bool {
        var rest = text
        func isDigit(_ byte: UInt8?) -> Bool { byte.map { $0 >= 48 && $0 <= 57 } ?? false }
        if rest.first == UInt8(ascii: "-") { rest = rest.dropFirst() }
        guard isDigit(rest.first) else { return false }
        if rest.first == UInt8(ascii: "0"), isDigit(rest.dropFirst().first) { return false }
        rest = rest.drop { isDigit($0) }
        if rest.first == UInt8(ascii: ".") {
            rest = rest.dropFirst()
            guard isDigit(rest.first) else { return false }
            rest = rest.drop { isDigit($0) }
        }
        guard rest.first.map({ $0 | 0x20 == UInt8(ascii: "e") }) ?? false else { return rest.isEmpty }
        rest = rest.dropFirst()
        if rest.first == UInt8(ascii: "+") || rest.first == UInt8(ascii: "-") { rest = rest.dropFirst() }
        guard isDigit(rest.first) else { return false }
        return rest.drop { isDigit($0) }.isEmpty
    }
}
