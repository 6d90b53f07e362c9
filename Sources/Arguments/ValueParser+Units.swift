/// A setting of the form `key=value`.
public struct KeyValue: Sendable, Equatable {
    /// The part before the first `=`.
    public let key: String
    /// The part after it; may be empty and may contain further `=`.
    public let value: String

    /// A setting.
    public init(key: String, value: String) {
        self.key = key
        self.value = value
    }
}

extension ValueParser where Value == KeyValue {
    /// `key=value`, split at the first `=`.
    ///
    /// A repeated option of this kind is merged key by key over the places that may fill it.
    public static var keyValue: Self {
        ValueParser("KEY=VALUE", expected: "key=value") { text in
            guard let equals = text.firstIndex(of: "="), equals > text.startIndex else { return nil }
            return KeyValue(key: String(text[..<equals]), value: String(text[text.index(after: equals)...]))
        }
    }
}

extension ValueParser where Value == Duration {
    /// A time span with its unit: `500ms`, `30s`, `5m`, `2h`, `7d`; `1.5s` and `250us` too. Never negative.
    public static var duration: Self {
        ValueParser("DURATION", expected: "a duration such as 500ms, 30s, 5m, 2h or 7d") { text in
            Quantity(text).flatMap { quantity in
                let nanoseconds: Double? =
                    switch quantity.unit {
                    case "ns": 1
                    case "us", "µs": 1e3
                    case "ms": 1e6
                    case "s": 1e9
                    case "m": 60e9
                    case "h": 3600e9
                    case "d": 86400e9
                    default: nil
                    }
                // A century bounds the sum well inside what a Duration holds.
                guard let nanoseconds, quantity.number * nanoseconds <= 3.2e18 else { return nil }
                return .nanoseconds(Int64(quantity.number * nanoseconds + 0.5))
            }
        }
    }
}

extension ValueParser where Value == Int {
    /// A size in bytes: `4096`, `64kB` (1000), `64KiB` or `64K` (1024), and so on up to tera.
    public static var byteSize: Self {
        ValueParser("SIZE", expected: "a size such as 65536, 64KiB, 512MB or 2G") { text in
            Quantity(text).flatMap { quantity in
                let factor: Double? =
                    switch quantity.unit.lowercased() {
                    case "", "b": 1
                    case "kb": 1e3
                    case "mb": 1e6
                    case "gb": 1e9
                    case "tb": 1e12
                    case "k", "kib": 1024
                    case "m", "mib": 1024 * 1024
                    case "g", "gib": 1024 * 1024 * 1024
                    case "t", "tib": 1024 * 1024 * 1024 * 1024
                    default: nil
                    }
                guard let factor, let size = Int(exactly: (quantity.number * factor).rounded()) else {
                    return nil
                }
                return size
            }
        }
    }
}

extension ValueParser where Value == Double {
    /// A share from `0%` to `100%`, as a fraction of one. The sign may be left out: `5` is `5%`.
    public static var percentage: Self {
        ValueParser("PERCENT", expected: "a percentage from 0% to 100%, such as 5%") { text in
            Quantity(text).flatMap { quantity in
                guard quantity.unit.isEmpty || quantity.unit == "%", quantity.number <= 100 else {
                    return nil
                }
                return quantity.number / 100
            }
        }
    }
}

/// A non-negative decimal number with what follows it.
private struct Quantity {
    let number: Double
    let unit: String

    init?(_ text: String) {
        let digits = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        guard let number = Double(digits), number.isFinite else { return nil }
        self.number = number
        unit = String(text[digits.endIndex...])
    }
}
