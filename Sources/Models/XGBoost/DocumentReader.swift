/// What the XGBoost decoder asks of a file, be it JSON or UBJSON. Each call takes the same bytes.
///
/// Nothing is allocated from a count that the file claims before that many bytes are known to be there.
protocol DocumentReader {
    /// Reads the start of an object.
    mutating func beginObject(_ bytes: Span<UInt8>) throws(ModelError)
    /// Moves to the next member's value and returns its key; nil at the object's end.
    mutating func nextKey(_ bytes: Span<UInt8>) throws(ModelError) -> String?
    /// Reads the start of an array.
    mutating func beginArray(_ bytes: Span<UInt8>) throws(ModelError)
    /// Moves to the next element; false at the array's end.
    mutating func nextElement(_ bytes: Span<UInt8>) throws(ModelError) -> Bool
    /// Reads a string.
    mutating func string(_ bytes: Span<UInt8>) throws(ModelError) -> String
    /// Reads an array of numbers.
    mutating func floats(_ bytes: Span<UInt8>, countMax: Int) throws(ModelError) -> [Float]
    /// Reads an array of integers that 32 bits hold, or of booleans as 0 and 1.
    mutating func integers(_ bytes: Span<UInt8>, countMax: Int) throws(ModelError) -> [Int32]
    /// Reads a value of any type and forgets it.
    mutating func skipValue(_ bytes: Span<UInt8>) throws(ModelError)
    /// Checks that nothing but white space is left.
    mutating func finish(_ bytes: Span<UInt8>) throws(ModelError)
    /// The index of the next byte, for messages.
    var position: Int { get }
}

extension DocumentReader {
    /// Reads an array of strings.
    mutating func strings(_ bytes: Span<UInt8>, countMax: Int) throws(ModelError) -> [String] {
        var result: [String] = []
        try beginArray(bytes)
        while try nextElement(bytes) {
            guard result.count < countMax else { throw .limit("names", result.count + 1, countMax) }
            result.append(try string(bytes))
        }
        return result
    }

    /// Walks the members of an object: `member` reads the value of each key, or returns false to have it
    /// skipped.
    mutating func members(
        _ bytes: Span<UInt8>, _ member: (inout Self, String) throws(ModelError) -> Bool
    ) throws(ModelError) {
        try beginObject(bytes)
        while let key = try nextKey(bytes) {
            if try !member(&self, key) { try skipValue(bytes) }
        }
    }
}
