/// A place in the JSON text of one row (RFC 8259).
struct JSONCursor {
    typealias Fault = JSONRowParser.Fault

    var at: Int
    let end: Int
    let depthMax: Int

    func fault(_ detail: String) -> Fault { Fault(offset: at, detail: detail) }

    func peek(_ bytes: [UInt8]) -> UInt8 { at < end ? bytes[at] : 0 }

    mutating func accept(_ byte: UInt8, _ bytes: [UInt8]) -> Bool {
        guard at < end, bytes[at] == byte else { return false }
        at += 1
        return true
    }

    mutating func skipSpace(_ bytes: [UInt8]) {
        while at < end {
            switch bytes[at] {
            case 0x20, 0x09, 0x0d, 0x0a: at += 1
            default: return
            }
        }
    }

    /// Any value; arrays and objects are checked and kept as they stand.
    mutating func value(_ bytes: inout [UInt8]) throws(Fault) -> RowBatch.Cell {
        let start = at
        switch peek(bytes) {
        case UInt8(ascii: "\""):
            let range = try string(&bytes)
            return cell(range, .text)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            try number(bytes)
            return cell(start..<at, .number)
        case UInt8(ascii: "t"):
            try word("true", bytes)
            return cell(start..<at, .boolean)
        case UInt8(ascii: "f"):
            try word("false", bytes)
            return cell(start..<at, .boolean)
        case UInt8(ascii: "n"):
            try word("null", bytes)
            return RowBatch.Cell()
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            try container(&bytes, depth: 1)
            return cell(start..<at, .nested)
        default: throw fault("a JSON value was expected")
        }
    }

    private func cell(_ range: Range<Int>, _ kind: CellKind) -> RowBatch.Cell {
        RowBatch.Cell(start: UInt32(range.lowerBound), end: UInt32(range.upperBound), kind: kind)
    }

    private mutating func container(_ bytes: inout [UInt8], depth: Int) throws(Fault) {
        guard depth <= depthMax else { throw fault("nested deeper than \(depthMax)") }
        let isObject = peek(bytes) == UInt8(ascii: "{")
        let close = isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")
        at += 1
        skipSpace(bytes)
        if accept(close, bytes) { return }
        repeat {
            skipSpace(bytes)
            if isObject {
                _ = try string(&bytes)
                skipSpace(bytes)
                guard accept(UInt8(ascii: ":"), bytes) else { throw fault("a colon was expected") }
                skipSpace(bytes)
            }
            let next = peek(bytes)
            if next == UInt8(ascii: "{") || next == UInt8(ascii: "[") {
                try container(&bytes, depth: depth + 1)
            } else {
                _ = try value(&bytes)
            }
            skipSpace(bytes)
        } while accept(UInt8(ascii: ","), bytes)
        guard accept(close, bytes) else { throw fault("a comma or \(isObject ? "}" : "]") was expected") }
    }

    private mutating func word(_ word: StaticString, _ bytes: [UInt8]) throws(Fault) {
        let text = String(describing: word)
        guard end - at >= text.utf8.count, bytes[at..<at + text.utf8.count].elementsEqual(text.utf8) else {
            throw fault("a JSON value was expected")
        }
        at += text.utf8.count
    }

    private mutating func number(_ bytes: [UInt8]) throws(Fault) {
        _ = accept(UInt8(ascii: "-"), bytes)
        if !accept(UInt8(ascii: "0"), bytes) {
            guard digits(bytes) else { throw fault("a digit was expected") }
        }
        if accept(UInt8(ascii: "."), bytes) {
            guard digits(bytes) else { throw fault("a digit was expected") }
        }
        if peek(bytes) | 0x20 == UInt8(ascii: "e") {
            at += 1
            if !accept(UInt8(ascii: "-"), bytes) { _ = accept(UInt8(ascii: "+"), bytes) }
            guard digits(bytes) else { throw fault("a digit was expected") }
        }
    }

    private mutating func digits(_ bytes: [UInt8]) -> Bool {
        let start = at
        while at < end, bytes[at] &- 48 <= 9 { at += 1 }
        return at > start
    }

    /// A string; the range of its characters, in the row itself, or appended to `bytes` where it has escapes.
    mutating func string(_ bytes: inout [UInt8]) throws(Fault) -> Range<Int> {
        guard accept(UInt8(ascii: "\""), bytes) else { throw fault("a quote was expected") }
        let start = at
        while at < end {
            switch bytes[at] {
            case UInt8(ascii: "\""):
                at += 1
                return start..<at - 1
            case UInt8(ascii: "\\"): return try escapedString(from: start, &bytes)
            case 0..<0x20: throw fault("a control character in a string")
            default: at += 1
            }
        }
        throw Fault(offset: start - 1, detail: "the string that begins here never ends")
    }

    private mutating func escapedString(from start: Int, _ bytes: inout [UInt8]) throws(Fault) -> Range<Int> {
        let copy = bytes.count
        for index in start..<at { bytes.append(bytes[index]) }
        while at < end {
            let byte = bytes[at]
            switch byte {
            case UInt8(ascii: "\""):
                at += 1
                return copy..<bytes.count
            case UInt8(ascii: "\\"): try escape(&bytes)
            case 0..<0x20: throw fault("a control character in a string")
            default:
                bytes.append(byte)
                at += 1
            }
        }
        throw Fault(offset: start - 1, detail: "the string that begins here never ends")
    }

    private mutating func escape(_ bytes: inout [UInt8]) throws(Fault) {
        at += 1
        let byte = peek(bytes)
        at += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): bytes.append(byte)
        case UInt8(ascii: "b"): bytes.append(8)
        case UInt8(ascii: "f"): bytes.append(12)
        case UInt8(ascii: "n"): bytes.append(10)
        case UInt8(ascii: "r"): bytes.append(13)
        case UInt8(ascii: "t"): bytes.append(9)
        case UInt8(ascii: "u"):
            var unit = try fourDigits(bytes)
            if unit & 0xfc00 == 0xd800, accept(UInt8(ascii: "\\"), bytes), accept(UInt8(ascii: "u"), bytes) {
                let low = try fourDigits(bytes)
                if low & 0xfc00 == 0xdc00 { unit = 0x10000 + (unit & 0x3ff) << 10 + low & 0x3ff }
            }
            guard let scalar = Unicode.Scalar(unit) else { throw fault("half of a surrogate pair") }
            bytes.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
        default:
            at -= 1
            throw fault("an unknown escape")
        }
    }

    private mutating func fourDigits(_ bytes: [UInt8]) throws(Fault) -> UInt32 {
        guard end - at >= 4 else { throw fault("four hexadecimal digits were expected") }
        var value: UInt32 = 0
        for _ in 0..<4 {
            let digit: UInt8
            switch bytes[at] {
            case 48...57: digit = bytes[at] - 48
            case 65...70: digit = bytes[at] - 55
            case 97...102: digit = bytes[at] - 87
            default: throw fault("a hexadecimal digit was expected")
            }
            value = value << 4 | UInt32(digit)
            at += 1
        }
        return value
    }
}
