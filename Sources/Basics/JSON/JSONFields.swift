/// Reads an object's members by name, strictly: wrong types, missing and unknown members are errors that
/// name the place.
public struct JSONFields {
    /// Where the object stands in its document, such as `features[3]`; empty for the document itself.
    public let path: String
    private var members: [String: JSONValue] = [:]

    /// A reader of `value`, which must be an object.
    public init(_ value: JSONValue, path: String = "") throws(JSONFieldError) {
        guard case .object(let list) = value else {
            throw JSONFieldError(path: path, problem: "must be an object, is \(value.kindName)")
        }
        self.path = path
        for member in list { members[member.key] = member.value }
    }

    /// The member's place, for messages.
    public func place(_ name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }

    /// Takes a member out; nil where it is missing or `null`.
    public mutating func optional(_ name: String) -> JSONValue? {
        guard let value = members.removeValue(forKey: name), value != .null else { return nil }
        return value
    }

    /// Takes a member out that must be there.
    public mutating func required(_ name: String) throws(JSONFieldError) -> JSONValue {
        guard let value = optional(name) else {
            throw JSONFieldError(path: place(name), problem: "is missing")
        }
        return value
    }

    /// A string that must be there.
    public mutating func string(_ name: String) throws(JSONFieldError) -> String {
        try required(name).string(place(name))
    }

    /// A string, if there.
    public mutating func optionalString(_ name: String) throws(JSONFieldError) -> String? {
        try optional(name)?.string(place(name))
    }

    /// A finite number that must be there.
    public mutating func number(_ name: String) throws(JSONFieldError) -> Double {
        try required(name).number(place(name))
    }

    /// A finite number, if there.
    public mutating func optionalNumber(_ name: String) throws(JSONFieldError) -> Double? {
        try optional(name)?.number(place(name))
    }

    /// An integer in `range` that must be there.
    public mutating func integer(
        _ name: String, in range: ClosedRange<Int> = 0...Int.max
    ) throws(JSONFieldError) -> Int {
        try required(name).integer(place(name), in: range)
    }

    /// An integer in `range`, if there.
    public mutating func optionalInteger(
        _ name: String, in range: ClosedRange<Int> = 0...Int.max
    ) throws(JSONFieldError) -> Int? {
        try optional(name)?.integer(place(name), in: range)
    }

    /// A boolean, or `standard` where it is missing.
    public mutating func boolean(_ name: String, default standard: Bool) throws(JSONFieldError) -> Bool {
        try optional(name)?.boolean(place(name)) ?? standard
    }

    /// The elements of an array that must be there.
    public mutating func array(
        _ name: String, countMax: Int = Int.max
    ) throws(JSONFieldError) -> [JSONValue] {
        try required(name).elements(place(name), countMax: countMax)
    }

    /// The elements of an array, if there.
    public mutating func optionalArray(
        _ name: String, countMax: Int = Int.max
    ) throws(JSONFieldError) -> [JSONValue]? {
        try optional(name)?.elements(place(name), countMax: countMax)
    }

    /// The reader of an object that must be there.
    public mutating func object(_ name: String) throws(JSONFieldError) -> JSONFields {
        try JSONFields(required(name), path: place(name))
    }

    /// The reader of an object, if there.
    public mutating func optionalObject(_ name: String) throws(JSONFieldError) -> JSONFields? {
        guard let value = optional(name) else { return nil }
        return try JSONFields(value, path: place(name))
    }

    /// Checks that every member has been taken.
    public func finish() throws(JSONFieldError) {
        guard let name = members.keys.min() else { return }
        throw JSONFieldError(path: place(name), problem: "is not a known field")
    }
}

/// A document whose JSON is right and whose contents are not.
public struct JSONFieldError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The field, such as `features[3].kind`; empty for the document itself.
    public let path: String
    /// What is wrong with it, to be read behind its name.
    public let problem: String

    /// A problem with the field in that place.
    public init(path: String, problem: String) {
        self.path = path
        self.problem = problem
    }

    /// Place and problem in one sentence.
    public var description: String { path.isEmpty ? "the document \(problem)" : "`\(path)` \(problem)" }
}

extension JSONValue {
    /// This value as a string; `path` is for the message.
    public func string(_ path: String) throws(JSONFieldError) -> String {
        guard case .string(let text) = self else { throw mismatch(path, "a string") }
        return text
    }

    /// This value as a finite number.
    public func number(_ path: String) throws(JSONFieldError) -> Double {
        switch self {
        case .integer(let value): return Double(value)
        case .number(let value): return value
        default: throw mismatch(path, "a number")
        }
    }

    /// This value as an integer in `range`.
    public func integer(
        _ path: String, in range: ClosedRange<Int> = 0...Int.max
    ) throws(JSONFieldError) -> Int {
        guard case .integer(let value) = self else { throw mismatch(path, "an integer") }
        guard range.contains(Int(value)) else {
            throw JSONFieldError(
                path: path, problem: "must be from \(range.lowerBound) to \(range.upperBound), is \(value)")
        }
        return Int(value)
    }

    /// This value as a boolean.
    public func boolean(_ path: String) throws(JSONFieldError) -> Bool {
        guard case .boolean(let value) = self else { throw mismatch(path, "a boolean") }
        return value
    }

    /// This value as an array of at most `countMax` elements.
    public func elements(_ path: String, countMax: Int = Int.max) throws(JSONFieldError) -> [JSONValue] {
        guard case .array(let values) = self else { throw mismatch(path, "an array") }
        guard values.count <= countMax else {
            throw JSONFieldError(path: path, problem: "has \(values.count) elements, \(countMax) are allowed")
        }
        return values
    }

    /// This value as an array of strings.
    public func strings(_ path: String, countMax: Int = Int.max) throws(JSONFieldError) -> [String] {
        var result: [String] = []
        for (index, element) in try elements(path, countMax: countMax).enumerated() {
            result.append(try element.string("\(path)[\(index)]"))
        }
        return result
    }

    /// This value as an array of finite numbers.
    public func numbers(_ path: String, countMax: Int = Int.max) throws(JSONFieldError) -> [Double] {
        var result: [Double] = []
        for (index, element) in try elements(path, countMax: countMax).enumerated() {
            result.append(try element.number("\(path)[\(index)]"))
        }
        return result
    }

    private func mismatch(_ path: String, _ expected: String) -> JSONFieldError {
        JSONFieldError(path: path, problem: "must be \(expected), is \(kindName)")
    }
}
