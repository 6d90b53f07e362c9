import Basics
import EventLog
import Foundation

/// One damage to one record: what is altered, and where.
struct DamageSample: CustomStringConvertible {
    enum Part: String, CaseIterable {
        case key
        case value
        case headerName
        case headerValue
    }

    enum Kind {
        case flip(byte: Int, bit: Int)
        case cut(Int)
        case add([UInt8])
    }

    /// Which record of those that are written.
    var record: Int
    var part: Part
    var kind: Kind
    /// The JSON member, or the part of the record, that the altered byte stands in.
    var field: String

    var description: String { "record \(record), \(part.rawValue), \(field), \(kind)" }

    /// The damaged record.
    func apply(to record: Record) -> Record {
        var record = record
        switch part {
        case .key: record.key = damaged(record.key ?? [])
        case .value: record.value = damaged(record.value ?? [])
        case .headerName:
            // A header's name is text: one that is no UTF-8 any more is not read at all.
            record.headers[0].name = String(
                decoding: damaged(Array(record.headers[0].name.utf8)), as: UTF8.self)
        case .headerValue: record.headers[0].value = damaged(record.headers[0].value)
        }
        return record
    }

    private func damaged(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        switch kind {
        case .flip(let byte, let bit): bytes[byte] ^= 1 << UInt8(bit)
        case .cut(let count): bytes.removeLast(min(count, bytes.count))
        case .add(let more): bytes += more
        }
        return bytes
    }

    /// Flips of random bits in every field of each of `records` (`perField` in each), and cut and extended
    /// ones.
    static func all(of records: [Record], perField: Int, _ random: inout SeededRandom) -> [DamageSample] {
        var samples: [DamageSample] = []
        for (index, record) in records.enumerated() {
            for (part, field, range) in fields(of: record) {
                for _ in 0..<perField {
                    let kind = Kind.flip(
                        byte: Int.random(in: range, using: &random),
                        bit: Int.random(in: 0..<8, using: &random))
                    samples.append(DamageSample(record: index, part: part, kind: kind, field: field))
                }
            }
            let count = record.value?.count ?? 0
            for kind in [
                Kind.cut(1), .cut(Int.random(in: 1...max(1, count), using: &random)), .cut(count), .add([0]),
                .add([32]), .add(Array((record.value ?? []).prefix(40))),
            ] {
                samples.append(DamageSample(record: index, part: .value, kind: kind, field: "length"))
            }
        }
        return samples
    }

    /// The parts of a record, those of a JSON value by member: each with the bytes that belong to it.
    private static func fields(of record: Record) -> [(Part, String, Range<Int>)] {
        var fields: [(Part, String, Range<Int>)] = []
        if let key = record.key, !key.isEmpty { fields.append((.key, "key", 0..<key.count)) }
        if let header = record.headers.first {
            fields.append((.headerName, "headerName", 0..<header.name.utf8.count))
            fields.append((.headerValue, "headerValue", 0..<header.value.count))
        }
        guard let value = record.value else { return fields }
        guard let text = String(validating: value, as: UTF8.self), text.hasPrefix("{") else {
            let third = value.count / 3
            fields.append((.value, "frameStart", 0..<min(18, value.count)))
            fields.append((.value, "frameMiddle", third..<max(third + 1, 2 * third)))
            fields.append((.value, "frameEnd", max(0, value.count - 8)..<value.count))
            return fields
        }
        var marks: [(name: String, start: Int)] = [("opening", 0)]
        for match in text.matches(of: /"([A-Za-z]+)":/) {
            marks.append(
                (
                    String(match.output.1),
                    text.utf8.distance(from: text.startIndex, to: match.range.lowerBound)
                ))
        }
        for (index, mark) in marks.enumerated() {
            let end = index + 1 < marks.count ? marks[index + 1].start : value.count
            if end > mark.start { fields.append((.value, mark.name, mark.start..<end)) }
        }
        return fields
    }
}
