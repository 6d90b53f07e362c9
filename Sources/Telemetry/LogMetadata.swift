/// The name of a variable part of log lines, in camel case.
///
/// A module lists its names in one file, as static members of an extension, so that a name is spelled in one
/// way only:
///
/// ```swift
/// extension LogKey { static let model = LogKey("model") }
/// ```
public struct LogKey: Sendable, Hashable {
    /// The name as it is written.
    public let name: String

    /// A name.
    public init(_ name: StaticString) { self.name = name.description }
}

/// A variable part of a log line.
public enum LogValue: Sendable, Equatable, ExpressibleByStringInterpolation, ExpressibleByIntegerLiteral,
    ExpressibleByFloatLiteral, ExpressibleByBooleanLiteral
{
    /// A text, cut when it is written to ``LogLimits/valueBytesMax``.
    case string(String)
    /// A whole number.
    case integer(Int64)
    /// A decimal number.
    case number(Double)
    /// True or false.
    case boolean(Bool)
    /// A time span, written in milliseconds.
    case duration(Duration)

    /// A text.
    public init(stringLiteral value: String) { self = .string(value) }
    /// A whole number.
    public init(integerLiteral value: Int64) { self = .integer(value) }
    /// A decimal number.
    public init(floatLiteral value: Double) { self = .number(value) }
    /// True or false.
    public init(booleanLiteral value: Bool) { self = .boolean(value) }
    /// A whole number of any type; the nearest that fits when it is too large.
    public init(_ value: some BinaryInteger) { self = .integer(Int64(clamping: value)) }
    /// Whatever has a description.
    public init(_ value: some CustomStringConvertible) { self = .string(value.description) }
}

/// The variable parts of a log line, in the order given.
public struct LogMetadata: Sendable, Equatable, ExpressibleByDictionaryLiteral {
    /// Names with values; a name may occur once.
    public private(set) var pairs: [(key: LogKey, value: LogValue)]

    /// Nothing.
    public init() { pairs = [] }

    /// Names with values. Of equal names the last counts.
    public init(dictionaryLiteral elements: (LogKey, LogValue)...) {
        pairs = []
        for (key, value) in elements { self[key] = value }
    }

    /// The value of a name; nil removes it.
    public subscript(key: LogKey) -> LogValue? {
        get { pairs.first { $0.key == key }?.value }
        set {
            let index = pairs.firstIndex { $0.key == key }
            switch (index, newValue) {
            case (let index?, let value?): pairs[index].value = value
            case (let index?, nil): pairs.remove(at: index)
            case (nil, let value?): pairs.append((key, value))
            case (nil, nil): break
            }
        }
    }

    /// Both together; of equal names the other's value counts.
    public func merging(_ other: LogMetadata) -> LogMetadata {
        guard !pairs.isEmpty else { return other }
        var merged = self
        for (key, value) in other.pairs { merged[key] = value }
        return merged
    }

    /// Whether names, values and order are the same.
    public static func == (left: LogMetadata, right: LogMetadata) -> Bool {
        left.pairs.elementsEqual(right.pairs) { $0 == $1 }
    }
}
