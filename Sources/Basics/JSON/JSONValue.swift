/// A JSON document as a value, for what is small and read once: schemas, manifests, reports. Events are
/// scanned instead.
///
/// Members keep their order, and writing what was read gives a canonical form: no white space, shortest
/// numbers.
public enum JSONValue: Hashable, Sendable {
    /// `null`.
    case null
    /// `true` or `false`.
    case boolean(Bool)
    /// A number written without fraction and exponent that 64 bits hold.
    case integer(Int64)
    /// Any other number.
    case number(Double)
    /// A string.
    case string(String)
    /// An array.
    case array([JSONValue])
    /// An object, its members in order.
    case object([Member])

    /// A member of an object.
    public struct Member: Hashable, Sendable {
        /// The key.
        public let key: String
        /// The value.
        public let value: JSONValue

        /// A member of the given key and value.
        public init(_ key: String, _ value: JSONValue) {
            self.key = key
            self.value = value
        }
    }

    /// What a document may hold.
    public struct Limits: Hashable, Sendable {
        /// Levels of nesting, at most ``JSONScanner/depthLimit``.
        public var depthMax: Int
        /// Values and members in all.
        public var valuesMax: Int

        /// The given limits.
        public init(depthMax: Int = 32, valuesMax: Int = 2_000_000) {
            self.depthMax = depthMax
            self.valuesMax = valuesMax
        }
    }

    /// Reads a whole document. The same key twice in one object is an error.
    public init(parsing bytes: Span<UInt8>, limits: Limits = Limits()) throws(JSONError) {
        var scanner = JSONScanner(0..<bytes.count, depthMax: limits.depthMax)
        var remaining = limits.valuesMax
        self = try JSONValue(&scanner, bytes, &remaining)
        try scanner.finish(bytes)
    }

    /// Reads one value. The recursion is as deep as the scanner allows.
    private init(_ scanner: inout JSONScanner, _ bytes: Span<UInt8>, _ remaining: inout Int) throws(JSONError)
    {
        remaining -= 1
        guard remaining >= 0 else { throw JSONError(.tooManyValues, at: scanner.position) }
        switch try scanner.peek(bytes) {
        case .null:
            try scanner.null(bytes)
            self = .null
        case .boolean: self = .boolean(try scanner.boolean(bytes))
        case .string: self = .string(try scanner.string(bytes).text(bytes))
        case .number:
            let start = scanner.position
            let token = try scanner.numberToken(bytes)
            if token.isInteger, token.digits <= 19, let value = token.integerValue {
                self = .integer(value)
            } else {
                scanner.position = start
                self = .number(try scanner.number(bytes))
            }
        case .array:
            var elements: [JSONValue] = []
            try scanner.beginArray(bytes)
            while try scanner.nextElement(bytes) {
                elements.append(try JSONValue(&scanner, bytes, &remaining))
            }
            self = .array(elements)
        case .object:
            var members: [Member] = []
            var keys: Set<String> = []
            try scanner.beginObject(bytes)
            while let token = try scanner.nextKey(bytes) {
                let key = token.text(bytes)
                guard keys.insert(key).inserted else {
                    throw JSONError(.duplicateKey, at: token.range.lowerBound)
                }
                members.append(Member(key, try JSONValue(&scanner, bytes, &remaining)))
            }
            self = .object(members)
        }
    }

    /// Writes the value.
    public func write(to writer: inout JSONWriter) {
        switch self {
        case .null: writer.null()
        case .boolean(let value): writer.boolean(value)
        case .integer(let value): writer.integer(Int(value))
        case .number(let value): writer.number(value)
        case .string(let value): writer.string(value)
        case .array(let elements):
            writer.beginArray()
            for element in elements { element.write(to: &writer) }
            writer.endArray()
        case .object(let members):
            writer.beginObject()
            for member in members {
                writer.key(member.key)
                member.value.write(to: &writer)
            }
            writer.endObject()
        }
    }

    /// The document as bytes, in its canonical form.
    public func encoded() -> [UInt8] {
        var writer = JSONWriter()
        write(to: &writer)
        return writer.take()
    }

    /// The member of that key, where this is an object that has it.
    public subscript(_ key: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.key == key }?.value
    }

    /// The type in words.
    public var kindName: String {
        switch self {
        case .null: "null"
        case .boolean: "a boolean"
        case .integer, .number: "a number"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }
}
