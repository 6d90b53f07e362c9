internal import Basics
public import EventLog

extension KafkaOptions {
    /// The prefix of environment variables that set properties.
    public static let environmentPrefix = "MODELCAST_KAFKA_"

    /// Sets one property given as `key=value`. Throws `configuration` when there is no `=` or no key; the
    /// message never shows the value.
    public mutating func set(_ assignment: String) throws(LogError) {
        guard let separator = assignment.firstIndex(of: "=") else {
            throw LogError(
                .configuration, "a Kafka property is written key=value, without '=' there is no value",
                hint: "for example security.protocol=SSL", recovery: .fixConfiguration)
        }
        let name = KafkaOptions.trim(assignment[..<separator])
        guard !name.isEmpty else {
            throw LogError(
                .configuration, "a Kafka property has no name before '='",
                hint: "for example security.protocol=SSL", recovery: .fixConfiguration)
        }
        properties[name] = KafkaOptions.trim(assignment[assignment.index(after: separator)...])
    }

    /// Sets the properties of a list, `key=value,key=value`. A comma inside a value is written `\,`.
    public mutating func set(list: String) throws(LogError) {
        for part in KafkaOptions.split(list) where !KafkaOptions.trim(part[...]).isEmpty { try set(part) }
    }

    /// Sets the properties of a file's text in Java's form: a `key=value` or `key: value` a line, `#` and `!`
    /// begin a comment, a backslash at the end of a line continues it. `name` is the file's, for messages.
    public mutating func load(properties text: String, name: String) throws(LogError) {
        var pending = ""
        for (number, rawLine) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let line = KafkaOptions.trim(rawLine)
            if pending.isEmpty, line.isEmpty || line.hasPrefix("#") || line.hasPrefix("!") { continue }
            if line.hasSuffix("\\") {
                pending += line.dropLast()
                continue
            }
            let whole = pending + line
            pending = ""
            guard let separator = whole.firstIndex(where: { $0 == "=" || $0 == ":" }),
                separator != whole.startIndex
            else {
                throw LogError(
                    .configuration, "\(name), line \(number + 1): no 'key=value'",
                    hint: "write one property a line", recovery: .fixConfiguration)
            }
            let key = KafkaOptions.trim(whole[..<separator])
            properties[key] = KafkaOptions.trim(whole[whole.index(after: separator)...])
        }
        if !pending.isEmpty {
            throw LogError(
                .configuration, "\(name): the last line ends with a backslash",
                hint: "remove it, or add the line that it continues to", recovery: .fixConfiguration)
        }
    }

    /// Sets the properties that the environment gives: `MODELCAST_KAFKA_SASL_USERNAME` is `sasl.username`.
    /// Other variables are left alone.
    public mutating func load(environment: [String: String]) {
        for (variable, value) in environment {
            guard variable.hasPrefix(KafkaOptions.environmentPrefix) else { continue }
            let rest = variable.dropFirst(KafkaOptions.environmentPrefix.count)
            guard !rest.isEmpty else { continue }
            let name = String(rest.lowercased().map { $0 == "_" ? "." : $0 })
            properties[name] = value
        }
    }

    private static func trim(_ text: Substring) -> String {
        func isBlank(_ character: Character) -> Bool { character.isWhitespace }
        let start = text.drop(while: isBlank)
        guard let last = start.lastIndex(where: { !isBlank($0) }) else { return "" }
        return String(start[...last])
    }

    private static func split(_ list: String) -> [String] {
        var parts: [String] = []
        var part = ""
        var escaped = false
        for character in list {
            if escaped {
                if character != "," { part.append("\\") }
                part.append(character)
                escaped = false
            } else if character == "\\" {
                escaped = true
            } else if character == "," {
                parts.append(part)
                part = ""
            } else {
                part.append(character)
            }
        }
        if escaped { part.append("\\") }
        parts.append(part)
        return parts
    }
}
