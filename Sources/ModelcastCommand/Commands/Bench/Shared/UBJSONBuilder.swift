/// Writes Universal Binary JSON (ubjson.org, draft 12), as far as XGBoost's files use it.
struct UBJSONBuilder {
    private(set) var bytes: [UInt8] = []

    mutating func reserve(_ count: Int) { bytes.reserveCapacity(count) }

    mutating func object(_ body: (inout UBJSONBuilder) -> Void) {
        bytes.append(UInt8(ascii: "{"))
        body(&self)
        bytes.append(UInt8(ascii: "}"))
    }

    mutating func array(count: Int, _ body: (inout UBJSONBuilder) -> Void) {
        bytes.append(contentsOf: [UInt8(ascii: "["), UInt8(ascii: "#")])
        length(count)
        body(&self)
    }

    mutating func key(_ name: String) {
        length(name.utf8.count)
        bytes.append(contentsOf: name.utf8)
    }

    mutating func string(_ text: String) {
        bytes.append(UInt8(ascii: "S"))
        key(text)
    }

    mutating func strings(_ texts: [String]) {
        array(count: texts.count) { for text in texts { $0.string(text) } }
    }

    mutating func stringMap(_ members: [(String, String)]) {
        object {
            for (name, value) in members {
                $0.key(name)
                $0.string(value)
            }
        }
    }

    mutating func integer(_ value: Int32) {
        bytes.append(UInt8(ascii: "l"))
        append(UInt32(bitPattern: value))
    }

    mutating func integers(_ values: [Int32]) {
        typed("l", values.count)
        for value in values { append(UInt32(bitPattern: value)) }
    }

    mutating func floats(_ values: [Float]) {
        typed("d", values.count)
        for value in values { append(value.bitPattern) }
    }

    mutating func bytes(_ values: [UInt8]) {
        typed("U", values.count)
        bytes.append(contentsOf: values)
    }

    private mutating func typed(_ type: Character, _ count: Int) {
        bytes.append(contentsOf: "[$\(type)#".utf8)
        length(count)
    }

    private mutating func length(_ count: Int) {
        bytes.append(UInt8(ascii: "L"))
        withUnsafeBytes(of: Int64(count).bigEndian) { bytes.append(contentsOf: $0) }
    }

    private mutating func append(_ word: UInt32) {
        withUnsafeBytes(of: word.bigEndian) { bytes.append(contentsOf: $0) }
    }
}
