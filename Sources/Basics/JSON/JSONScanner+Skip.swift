extension JSONScanner {
    /// Reads and checks one value of any type and forgets it. Does not recurse.
    public mutating func skipValue(_ bytes: Span<UInt8>) throws(JSONError) {
        let outer = depth
        // One bit a level that was opened here, the innermost lowest: 1 for an object.
        var objects: UInt64 = 0
        while true {
            let kind = try peek(bytes)
            switch kind {
            case .object, .array:
                try begin(bytes, kind == .object ? 0x7B : 0x5B)
                objects = objects &<< 1 | (kind == .object ? 1 : 0)
            case .string: _ = try string(bytes)
            case .number: try skipNumber(bytes)
            case .boolean: _ = try boolean(bytes)
            case .null: try null(bytes)
            }
            while depth > outer {
                if objects & 1 == 1 {
                    if try nextKey(bytes) != nil { break }
                } else {
                    if try nextElement(bytes) { break }
                }
                objects &>>= 1
            }
            if depth == outer { break }
        }
        isFresh = false
    }

    /// Reads one value of any type, checks it, and returns where it stands.
    public mutating func valueRange(_ bytes: Span<UInt8>) throws(JSONError) -> Range<Int> {
        _ = try peek(bytes)
        let start = position
        try skipValue(bytes)
        return start..<position
    }
}
