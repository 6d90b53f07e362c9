package import Basics
package import Crypto

/// The members of a JSON object, read by name and type; every error names the member's path. Members that
/// nobody asks for are ignored: a later writer may add some.
package struct ManifestFields {
    private let members: [String: JSONValue]
    private let path: String

    /// The members of `value`, which stands at `path` of its document.
    package init(_ value: JSONValue, path: String) throws(SnapshotError) {
        guard case .object(let members) = value else {
            throw SnapshotError(.malformed, "\(path) is no object")
        }
        self.members = Dictionary(members.map { ($0.key, $0.value) }) { first, _ in first }
        self.path = path
    }

    /// The names of the members.
    package var names: [String] { Array(members.keys) }

    /// The member as it stands; nil when it is absent or null.
    package func optional(_ name: String) -> JSONValue? {
        guard let value = members[name], value != .null else { return nil }
        return value
    }

    /// The member as it stands.
    package func value(_ name: String) throws(SnapshotError) -> JSONValue {
        guard let value = optional(name) else { throw error(name, "is missing") }
        return value
    }

    package func string(_ name: String) throws(SnapshotError) -> String {
        guard case .string(let text) = try value(name) else { throw error(name, "is no text") }
        guard text.utf8.count <= SnapshotLimits.textBytesMax else {
            throw SnapshotError(.limit, "\(path).\(name) has more than \(SnapshotLimits.textBytesMax) bytes")
        }
        return text
    }

    package func optionalString(_ name: String) throws(SnapshotError) -> String? {
        optional(name) == nil ? nil : try string(name)
    }

    package func boolean(_ name: String, default fallback: Bool) throws(SnapshotError) -> Bool {
        guard let value = optional(name) else { return fallback }
        guard case .boolean(let flag) = value else { throw error(name, "is neither true nor false") }
        return flag
    }

    package func integer(_ name: String, in range: ClosedRange<Int64>) throws(SnapshotError) -> Int64 {
        guard case .integer(let value) = try value(name) else { throw error(name, "is no integer") }
        guard range.contains(value) else {
            throw error(name, "is \(value), not in \(range.lowerBound)...\(range.upperBound)")
        }
        return value
    }

    package func array(_ name: String, countMax: Int) throws(SnapshotError) -> [JSONValue] {
        guard case .array(let values) = try value(name) else { throw error(name, "is no array") }
        guard values.count <= countMax else {
            throw SnapshotError(
                .limit, "\(path).\(name) has \(values.count) entries; at most \(countMax) are allowed")
        }
        return values
    }

    package func object(_ name: String) throws(SnapshotError) -> ManifestFields {
        try ManifestFields(try value(name), path: "\(path).\(name)")
    }

    package func digest(_ name: String) throws(SnapshotError) -> Digest {
        guard let digest = Digest(hex: try string(name)) else {
            throw error(name, "is no SHA-256 digest (64 lower-case hexadecimal digits)")
        }
        return digest
    }

    package func timestamp(_ name: String) throws(SnapshotError) -> Timestamp {
        let text = Array(try string(name).utf8)
        guard let moment = Timestamp(iso8601: text.span) else { throw error(name, "is no ISO 8601 time") }
        return moment
    }

    package func modelName(_ name: String) throws(SnapshotError) -> ModelName {
        let text = try string(name)
        do {
            return try ModelName(text)
        } catch {
            throw self.error(name, "is no model name")
        }
    }

    package func version(_ name: String) throws(SnapshotError) -> ModelVersion {
        let number = try integer(name, in: 1...Int64(Int32.max))
        guard let version = ModelVersion(Int(number)) else { throw error(name, "is no version") }
        return version
    }

    /// All members as `String` to text; absent: none.
    package func texts(_ name: String, countMax: Int) throws(SnapshotError) -> [String: String] {
        var texts: [String: String] = [:]
        for (key, value) in try entries(name, countMax: countMax) {
            guard case .string(let text) = value, text.utf8.count <= SnapshotLimits.textBytesMax else {
                throw error("\(name).\(key)", "is no text of at most \(SnapshotLimits.textBytesMax) bytes")
            }
            texts[key] = text
        }
        return texts
    }

    /// All members as `String` to number; absent: none.
    package func numbers(_ name: String, countMax: Int) throws(SnapshotError) -> [String: Double] {
        var numbers: [String: Double] = [:]
        for (key, value) in try entries(name, countMax: countMax) {
            switch value {
            case .integer(let number): numbers[key] = Double(number)
            case .number(let number): numbers[key] = number
            default: throw error("\(name).\(key)", "is no number")
            }
        }
        return numbers
    }

    /// An error that names the member.
    package func error(_ name: String, _ what: String) -> SnapshotError {
        SnapshotError(.malformed, "\(path).\(name) \(what)")
    }

    private func entries(_ name: String, countMax: Int) throws(SnapshotError) -> [String: JSONValue] {
        guard let value = optional(name) else { return [:] }
        guard case .object(let list) = value else { throw error(name, "is no object") }
        let entries = Dictionary(list.map { ($0.key, $0.value) }) { first, _ in first }
        guard entries.count <= countMax else {
            throw SnapshotError(
                .limit, "\(path).\(name) has \(entries.count) entries; at most \(countMax) are allowed")
        }
        return entries
    }
}
