/// A place in a file, counted from one.
public struct YAMLPlace: Sendable, Equatable, CustomStringConvertible {
    /// The file's path as it was given.
    public let file: String
    /// The line.
    public let line: Int
    /// The column, in characters.
    public let column: Int

    /// A place.
    public init(file: String, line: Int, column: Int) {
        self.file = file
        self.line = line
        self.column = column
    }

    /// `file:line:column`.
    public var description: String { "\(file):\(line):\(column)" }
}

/// A node of a YAML document, with the place where it begins.
public struct YAMLValue: Sendable {
    /// One key of a mapping with its value.
    public struct Entry: Sendable {
        /// The key.
        public let key: String
        /// Where the key stands.
        public let place: YAMLPlace
        /// The value.
        public let value: YAMLValue
    }

    /// What a node holds.
    public enum Content: Sendable {
        /// A text; plain (unquoted) ones may also mean null, a boolean or a number.
        case scalar(String, isPlain: Bool)
        /// Nodes in order.
        case sequence([YAMLValue])
        /// Keys with values, in the order of the file; each key once.
        case mapping([Entry])
    }

    /// What the node holds.
    public let content: Content
    /// Where it begins.
    public let place: YAMLPlace

    /// A node.
    public init(_ content: Content, at place: YAMLPlace) {
        self.content = content
        self.place = place
    }

    /// Whether it is null: nothing at all, `null` or `~` (YAML 1.2.2, section 10.3.2, the core schema).
    public var isNull: Bool {
        guard case .scalar(let text, isPlain: true) = content else { return false }
        return ["", "~", "null", "Null", "NULL"].contains(text)
    }

    /// The text of a scalar; nil for null and for anything else.
    public var string: String? {
        guard case .scalar(let text, _) = content, !isNull else { return nil }
        return text
    }

    /// A plain `true` or `false`.
    public var bool: Bool? {
        guard case .scalar(let text, isPlain: true) = content else { return nil }
        return switch text {
        case "true", "True", "TRUE": true
        case "false", "False", "FALSE": false
        default: nil
        }
    }

    /// A plain whole number: decimal, `0x…` or `0o…`.
    public func integer<Number: FixedWidthInteger>(as type: Number.Type = Number.self) -> Number? {
        guard case .scalar(let text, isPlain: true) = content else { return nil }
        if text.hasPrefix("0x") { return Number(text.dropFirst(2), radix: 16) }
        if text.hasPrefix("0o") { return Number(text.dropFirst(2), radix: 8) }
        return Number(text)
    }

    /// A plain decimal number, `.inf`, `-.inf` or `.nan`.
    public var number: Double? {
        guard case .scalar(let text, isPlain: true) = content else { return nil }
        switch text.lowercased() {
        case ".inf", "+.inf": return .infinity
        case "-.inf": return -.infinity
        case ".nan": return .nan
        default:
            // Double also reads "inf", "nan" and hexadecimal floats, which are texts in YAML.
            let isNumeric = text.utf8.allSatisfy { "+-.0123456789eE".utf8.contains($0) }
            return isNumeric ? Double(text) : integer(as: Int64.self).map(Double.init)
        }
    }

    /// The nodes of a sequence.
    public var sequence: [YAMLValue]? {
        guard case .sequence(let values) = content else { return nil }
        return values
    }

    /// The entries of a mapping.
    public var mapping: [Entry]? {
        guard case .mapping(let entries) = content else { return nil }
        return entries
    }

    /// The value of a mapping's key.
    public subscript(key: String) -> YAMLValue? { mapping?.first { $0.key == key }?.value }

    /// What the node is, for messages.
    var kindInWords: String {
        switch content {
        case .scalar: isNull ? "nothing" : bool != nil ? "a boolean" : number != nil ? "a number" : "a text"
        case .sequence: "a list"
        case .mapping: "a mapping"
        }
    }
}
