/// The keys of a mapping.
struct YAMLKeyedContainer<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let entries: [YAMLValue.Entry]
    let node: YAMLNodeDecoder
    /// The mapping's number among those whose keys are noted.
    let mapping: Int

    var codingPath: [any CodingKey] { node.codingPath }

    var allKeys: [Key] {
        entries.compactMap { entry in
            node.asked.ask(entry.key, in: mapping)
            return Key(stringValue: entry.key)
        }
    }

    func contains(_ key: Key) -> Bool { find(key) != nil }

    func decodeNil(forKey key: Key) throws -> Bool { find(key)?.isNull ?? true }

    func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
        try child(key).decode(type)
    }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type, forKey key: Key
    ) throws -> KeyedDecodingContainer<Nested> {
        try child(key).container(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        try child(key).unkeyedContainer()
    }

    func superDecoder() throws -> any Decoder { node }

    func superDecoder(forKey key: Key) throws -> any Decoder { try child(key) }

    private func find(_ key: Key) -> YAMLValue? {
        node.asked.ask(key.stringValue, in: mapping)
        return entries.first { $0.key == key.stringValue }?.value
    }

    private func child(_ key: Key) throws -> YAMLNodeDecoder {
        guard let value = find(key) else {
            throw ConfigurationError(
                .missingKey, "\(node.value.place): the key '\(key.stringValue)' is missing", hint: "Add it.")
        }
        return node.child(value, key)
    }
}

/// The elements of a list.
struct YAMLUnkeyedContainer: UnkeyedDecodingContainer {
    private struct Index: CodingKey {
        let number: Int
        var stringValue: String { "\(number)" }
        var intValue: Int? { number }

        init(number: Int) { self.number = number }
        init?(stringValue: String) { nil }
        init?(intValue: Int) { number = intValue }
    }

    let values: [YAMLValue]
    let node: YAMLNodeDecoder
    private(set) var currentIndex = 0

    init(values: [YAMLValue], node: YAMLNodeDecoder) {
        self.values = values
        self.node = node
    }

    var codingPath: [any CodingKey] { node.codingPath }
    var count: Int? { values.count }
    var isAtEnd: Bool { currentIndex >= values.count }

    mutating func decodeNil() throws -> Bool {
        guard !isAtEnd, values[currentIndex].isNull else { return false }
        currentIndex += 1
        return true
    }

    mutating func decode<Value: Decodable>(_ type: Value.Type) throws -> Value { try next().decode(type) }

    mutating func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type
    ) throws -> KeyedDecodingContainer<Nested> {
        try next().container(keyedBy: type)
    }

    mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
        try next().unkeyedContainer()
    }

    mutating func superDecoder() throws -> any Decoder { try next() }

    private mutating func next() throws -> YAMLNodeDecoder {
        guard !isAtEnd else {
            throw ConfigurationError(
                .missingKey, "\(node.value.place): the list has only \(values.count) elements")
        }
        defer { currentIndex += 1 }
        return node.child(values[currentIndex], Index(number: currentIndex))
    }
}
