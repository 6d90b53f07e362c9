/// Reads JSON (RFC 8259) from untrusted bytes: strict UTF-8, no repeated member, no number outside Double,
/// nothing after the document, and never deeper than allowed. The caller has bounded the bytes; values are
/// bounded by them.
package struct JSONParser {
    private let bytes: [UInt8]
    private let depthMax: Int
    private let textBytesMax: Int
    private var at = 0

    /// The document in `bytes`.
    package static func parse(
        _ bytes: [UInt8], depthMax: Int, textBytesMax: Int
    ) throws(SnapshotError) -> JSONValue {
        var parser = JSONParser(bytes: bytes, depthMax: depthMax, textBytesMax: textBytesMax)
        parser.skipSpace()
        let value = try parser.value(depth: 0)
        parser.skipSpace()
        guard parser.at == bytes.count else { throw parser.error("bytes after the document") }
        return value
    }

    private init(bytes: [UInt8], depthMax: Int, textBytesMax: Int) {
        self.bytes = bytes
        self.depthMax = depthMax
        self.textBytesMax = textBytesMax
    }

    private func error(_ what: String) -> SnapshotError {
        SnapshotError(.malformed, "JSON: \(what) at byte \(at)")
    }

    private var next: UInt8? { at < bytes.count ? bytes[at] : nil }

    private mutating func skipSpace() {
        while let byte = next, byte == 32 || byte == 10 || byte == 13 || byte == 9 { at += 1 }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard next == byte else { return false }
        at += 1
        return true
    }

    private mutating func value(depth: Int) throws(SnapshotError) -> JSONValue {
        switch next {
        case 123:
            guard depth < depthMax else { throw error("nested deeper than \(depthMax)") }
            return try object(depth: depth + 1)
        case 91:
            guard depth < depthMax else { throw error("nested deeper than \(depthMax)") }
            return try array(depth: depth + 1)
        case 34: return .string(try string())
        case 116: return try word("true", .boolean(true))
        case 102: return try word("false", .boolean(false))
        case 110: return try word("null", .null)
        case .some(45), .some(48...57): return try number()
        default: throw error("no value")
        }
    }

    private mutating func word(_ text: String, _ value: JSONValue) throws(SnapshotError) -> JSONValue {
        for byte in text.utf8 {
            guard take(byte) else { throw error("no value") }
        }
        return value
    }

    private mutating func object(depth: Int) throws(SnapshotError) -> JSONValue {
        at += 1
        var members: [String: JSONValue] = [:]
        skipSpace()
        if take(125) { return .object(members) }
        while true {
            skipSpace()
            guard next == 34 else { throw error("no member name") }
            let name = try string()
            skipSpace()
            guard take(58) else { throw error("no ':' after '\(name.prefix(60))'") }
            skipSpace()
            let value = try value(depth: depth)
            guard members.updateValue(value, forKey: name) == nil else {
                throw error("member '\(name.prefix(60))' stands twice")
            }
            skipSpace()
            if take(125) { return .object(members) }
            guard take(44) else { throw error("no ',' or '}'") }
        }
    }

    private mutating func array(depth: Int) throws(SnapshotError) -> JSONValue {
        at += 1
        var values: [JSONValue] = []
        skipSpace()
        if take(93) { return .array(values) }
        while true {
            skipSpace()
            values.append(try value(depth: depth))
            skipSpace()
            if take(93) { return .array(values) }
            guard take(44) else { throw error("no ',' or ']'") }
        }
    }

    private mutating func string() throws(SnapshotError) -> String {
        at += 1
        let start = at
        while let byte = next, byte >= 32, byte != 34, byte != 92 { at += 1 }
        // Most strings have no escape: one run of bytes.
        if next == 34 {
            let text = try utf8(Array(bytes[start..<at]))
            at += 1
            return text
        }
        var unescaped = Array(bytes[start..<at])
        while let byte = next {
            switch byte {
            case 34:
                let text = try utf8(unescaped)
                at += 1
                return text
            case 92:
                at += 1
                try escape(into: &unescaped)
            case 0..<32: throw error("control character in a string")
            default:
                unescaped.append(byte)
                at += 1
            }
        }
        throw error("string without end")
    }

    private func utf8(_ run: [UInt8]) throws(SnapshotError) -> String {
        guard run.count <= textBytesMax else { throw error("string above \(textBytesMax) bytes") }
        guard let text = String(validating: run, as: UTF8.self) else { throw error("string is no UTF-8") }
        return text
    }

    private mutating func escape(into bytes: inout [UInt8]) throws(SnapshotError) {
        guard let byte = next else { throw error("string without end") }
        at += 1
        switch byte {
        case 34, 92, 47: bytes.append(byte)
        case 98: bytes.append(8)
        case 102: bytes.append(12)
        case 110: bytes.append(10)
        case 114: bytes.append(13)
        case 116: bytes.append(9)
        case 117:
            let unit = try hexUnit()
            var code = UInt32(unit)
            if (0xD800..<0xDC00).contains(unit) {
                guard take(92), take(117) else { throw error("half a surrogate pair") }
                let low = try hexUnit()
                guard (0xDC00..<0xE000).contains(low) else { throw error("half a surrogate pair") }
                code = 0x10000 + (UInt32(unit) - 0xD800) << 10 + (UInt32(low) - 0xDC00)
            }
            guard let scalar = Unicode.Scalar(code) else { throw error("half a surrogate pair") }
            bytes.append(contentsOf: String(scalar).utf8)
        default: throw error("unknown escape")
        }
    }

    private mutating func hexUnit() throws(SnapshotError) -> UInt16 {
        guard at + 4 <= bytes.count else { throw error("string without end") }
        var unit: UInt16 = 0
        for byte in bytes[at..<at + 4] {
            switch byte {
            case 48...57: unit = unit << 4 | UInt16(byte - 48)
            case 97...102: unit = unit << 4 | UInt16(byte - 87)
            case 65...70: unit = unit << 4 | UInt16(byte - 55)
            default: throw error("no four hexadecimal digits")
            }
        }
        at += 4
        return unit
    }

    private mutating func number() throws(SnapshotError) -> JSONValue {
        let start = at
        _ = take(45)
        guard let first = next, (48...57).contains(first) else { throw error("no number") }
        skipDigits()
        guard first != 48 || bytes[start..<at].count <= (bytes[start] == 45 ? 2 : 1) else {
            throw error("number with a leading zero")
        }
        var isInteger = true
        if take(46) {
            isInteger = false
            guard let digit = next, (48...57).contains(digit) else { throw error("no digit after '.'") }
            skipDigits()
        }
        if next == 101 || next == 69 {
            isInteger = false
            at += 1
            if !take(43) { _ = take(45) }
            guard let digit = next, (48...57).contains(digit) else { throw error("no exponent") }
            skipDigits()
        }
        let text = String(decoding: bytes[start..<at], as: UTF8.self)
        if isInteger, let value = Int64(text) { return .integer(value) }
        guard let value = Double(text), value.isFinite else { throw error("number out of range") }
        return .number(value)
    }

    private mutating func skipDigits() {
        while let byte = next, (48...57).contains(byte) { at += 1 }
    }
}
