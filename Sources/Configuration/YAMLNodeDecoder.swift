/// Decodes one node: the standard library's `Decoder` over ``YAMLValue``.
struct YAMLNodeDecoder: Decoder {
    let value: YAMLValue
    let codingPath: [any CodingKey]
    let asked: YAMLAskedKeys
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        guard let entries = value.mapping ?? (value.isNull ? [] : nil) else { throw wrong("a mapping") }
        return KeyedDecodingContainer(
            YAMLKeyedContainer(entries: entries, node: self, mapping: asked.begin(entries)))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        guard let values = value.sequence else { throw wrong("a list") }
        return YAMLUnkeyedContainer(values: values, node: self)
    }

    func singleValueContainer() throws -> any SingleValueDecodingContainer { self }

    func child(_ value: YAMLValue, _ key: any CodingKey) -> YAMLNodeDecoder {
        YAMLNodeDecoder(value: value, codingPath: codingPath + [key], asked: asked)
    }

    /// The error for a node that is something else.
    func wrong(_ wanted: String) -> ConfigurationError {
        let name = codingPath.last.map { $0.intValue == nil ? "\($0.stringValue) is " : "" } ?? ""
        var hint = ""
        if wanted == "a boolean", let text = value.string,
            ["yes", "no", "on", "off"].contains(text.lowercased())
        {
            hint = "Write true or false."
        }
        return ConfigurationError(
            .wrongType, "\(value.place): \(name)\(value.kindInWords) instead of \(wanted)", hint: hint)
    }

    private func integer<Number: FixedWidthInteger>(_ type: Number.Type) throws -> Number {
        if let number: Number = value.integer() { return number }
        let isOutside = value.number.map { $0 == $0.rounded() } ?? false
        throw wrong(isOutside ? "a whole number from \(Number.min) to \(Number.max)" : "a whole number")
    }
}

extension YAMLNodeDecoder: SingleValueDecodingContainer {
    func decodeNil() -> Bool { value.isNull }

    func decode(_ type: Bool.Type) throws -> Bool {
        guard let bool = value.bool else { throw wrong("a boolean") }
        return bool
    }

    func decode(_ type: String.Type) throws -> String {
        guard let text = value.string else { throw wrong("a text") }
        return text
    }

    func decode(_ type: Double.Type) throws -> Double {
        guard let number = value.number else { throw wrong("a number") }
        return number
    }

    func decode(_ type: Float.Type) throws -> Float { Float(try decode(Double.self)) }
    func decode(_ type: Int.Type) throws -> Int { try integer(type) }
    func decode(_ type: Int8.Type) throws -> Int8 { try integer(type) }
    func decode(_ type: Int16.Type) throws -> Int16 { try integer(type) }
    func decode(_ type: Int32.Type) throws -> Int32 { try integer(type) }
    func decode(_ type: Int64.Type) throws -> Int64 { try integer(type) }
    func decode(_ type: UInt.Type) throws -> UInt { try integer(type) }
    func decode(_ type: UInt8.Type) throws -> UInt8 { try integer(type) }
    func decode(_ type: UInt16.Type) throws -> UInt16 { try integer(type) }
    func decode(_ type: UInt32.Type) throws -> UInt32 { try integer(type) }
    func decode(_ type: UInt64.Type) throws -> UInt64 { try integer(type) }

    func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        do {
            return try Value(from: self)
        } catch let error as ConfigurationError where error.message.hasPrefix("\(value.place.file):") {
            throw error
        } catch let error as ConfigurationError {
            // A type that knows nothing of YAML failed by itself, for example a secret's file that is not
            // there.
            throw ConfigurationError(
                error.code, "\(value.place): \(error.message)", hint: error.hint, cause: error.cause)
        }
    }
}
