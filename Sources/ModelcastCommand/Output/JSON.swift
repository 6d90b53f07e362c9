public import Basics

/// What the command prints for programs. Members keep the order in which they are given; a number that is not
/// finite is printed as `null`.
typealias JSON = JSONValue

extension JSONValue: ExpressibleByStringInterpolation, ExpressibleByIntegerLiteral,
    ExpressibleByBooleanLiteral,
    ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    public init(stringLiteral value: String) { self = .string(value) }
    public init(integerLiteral value: Int64) { self = .integer(value) }
    public init(booleanLiteral value: Bool) { self = .boolean(value) }
    public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
    public init(dictionaryLiteral elements: (String, JSONValue)...) {
        self = .object(elements.map { Member($0.0, $0.1) })
    }

    init(_ value: some BinaryInteger) { self = .integer(Int64(clamping: value)) }
    init(_ value: some CustomStringConvertible) { self = .string(value.description) }

    /// The value, or `null`.
    init<Value>(_ value: Value?, _ make: (Value) -> JSONValue) { self = value.map(make) ?? .null }

    /// A number with at most `places` decimals: rates and times are not known to sixteen digits.
    static func rounded(_ value: Double, places: Int = 3) -> JSONValue {
        guard value.isFinite else { return .null }
        var scale = 1.0
        for _ in 0..<places { scale *= 10 }
        let rounded = (value * scale).rounded() / scale
        return rounded == rounded.rounded() && abs(rounded) < 1e15
            ? .integer(Int64(rounded)) : .number(rounded)
    }

    /// The text, on one line.
    var text: String { String(decoding: encoded(), as: UTF8.self) }
}
