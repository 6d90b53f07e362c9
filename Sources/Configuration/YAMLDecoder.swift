/// Decodes YAML into `Decodable` types; every error says file, line and column.
///
/// Numbers, booleans and null follow YAML 1.2's core schema, so `no` and `on` are texts. A plain number also
/// decodes as a text, as it is written. A mapping's keys that the type never asks for are refused, so a
/// misspelled key is not overlooked.
public struct YAMLDecoder: Sendable {
    /// Whether keys that nobody asks for are left unread.
    public var ignoresUnknownKeys = false
    /// What bounds the document.
    public var limits = ConfigurationLimits()
    /// Proposes the right name for a wrong one.
    public var suggest: LayeredValues.Suggest = { _, _ in nil }

    /// A decoder that refuses unknown keys.
    public init() {}

    /// A value from a text; `file` is its name in messages.
    public func decode<Value: Decodable>(
        _ type: Value.Type = Value.self, from text: some StringProtocol, file: String
    ) throws(ConfigurationError) -> Value {
        try decode(type, from: YAMLReader.read(text, file: file, limits: limits))
    }

    /// A value from a file.
    public func decode<Value: Decodable>(
        _ type: Value.Type = Value.self, contentsOf path: String
    ) throws(ConfigurationError) -> Value {
        try decode(type, from: YAMLReader.read(contentsOf: path, limits: limits))
    }

    /// A value from a tree.
    public func decode<Value: Decodable>(
        _ type: Value.Type = Value.self, from tree: YAMLValue
    ) throws(ConfigurationError) -> Value {
        let asked = YAMLAskedKeys()
        let value: Value
        do {
            value = try YAMLNodeDecoder(value: tree, codingPath: [], asked: asked).decode(type)
        } catch let error as ConfigurationError {
            throw error
        } catch let error as DecodingError {
            throw Self.placed(error, in: tree)
        } catch {
            throw ConfigurationError(.wrongType, "\(tree.place): \(error)", cause: error)
        }
        if !ignoresUnknownKeys, let unknown = asked.firstUnknown {
            let nearest = suggest(unknown.entry.key, unknown.known).map { "Did you mean '\($0)'? " } ?? ""
            throw ConfigurationError(
                .unknownKey, "\(unknown.entry.place): no key '\(unknown.entry.key)' here",
                hint: "\(nearest)Keys: \(unknown.known.joined(separator: ", ")).")
        }
        return value
    }

    /// An error that a type's own `init(from:)` threw, at the node it is about.
    private static func placed(_ error: DecodingError, in tree: YAMLValue) -> ConfigurationError {
        let context: DecodingError.Context? =
            switch error {
            case .typeMismatch(_, let context), .valueNotFound(_, let context), .keyNotFound(_, let context),
                .dataCorrupted(let context):
                context
            @unknown default: nil
            }
        var node = tree
        for key in context?.codingPath ?? [] {
            let child = key.intValue.flatMap { index in
                node.sequence.flatMap { $0.indices.contains(index) ? $0[index] : nil }
            }
            guard let next = child ?? node[key.stringValue] else { break }
            node = next
        }
        return ConfigurationError(
            .wrongType, "\(node.place): \(context?.debugDescription ?? "the value is not valid")",
            cause: error)
    }
}

/// The keys that were asked for in each mapping that was decoded by keys.
final class YAMLAskedKeys {
    private var mappings: [(entries: [YAMLValue.Entry], known: [String])] = []

    /// Notes a mapping; the number is for ``ask(_:in:)``.
    func begin(_ entries: [YAMLValue.Entry]) -> Int {
        mappings.append((entries, []))
        return mappings.count - 1
    }

    func ask(_ key: String, in mapping: Int) {
        if !mappings[mapping].known.contains(key) { mappings[mapping].known.append(key) }
    }

    var firstUnknown: (entry: YAMLValue.Entry, known: [String])? {
        // A type with an enumeration of cases or several views of one mapping asks more than once for the
        // same one.
        var known: [String: [String]] = [:]
        for mapping in mappings {
            guard let place = mapping.entries.first?.place.description else { continue }
            known[place, default: []] += mapping.known
        }
        for mapping in mappings {
            guard let place = mapping.entries.first?.place.description, let keys = known[place] else {
                continue
            }
            if let entry = mapping.entries.first(where: { !keys.contains($0.key) }) { return (entry, keys) }
        }
        return nil
    }
}
