/// Decimal numbers from bytes, without making text in the usual case.
///
/// Up to 18 digits and a power of ten up to 22 are exact by one multiplication or division (Clinger, "How to
/// Read Floating Point Numbers Accurately", 1990); anything else goes through the standard library.
public enum DecimalNumber {
    private static let powers: [Double] = [
        1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
        1e19,
        1e20, 1e21, 1e22,
    ]

    /// A whole number: an optional sign, then digits; nil for anything else and for what does not fit.
    public static func integer(_ text: Span<UInt8>) -> Int64? {
        var at = 0
        let negative = text.count > 0 && text[0] == UInt8(ascii: "-")
        if negative || (text.count > 0 && text[0] == UInt8(ascii: "+")) { at = 1 }
        guard at < text.count, text.count - at <= 19 else { return nil }
        var value: UInt64 = 0
        while at < text.count {
            let digit = text[at] &- 48
            guard digit <= 9 else { return nil }
            // Nineteen digits stay below 2^64.
            value = value * 10 + UInt64(digit)
            at += 1
        }
        if negative { return value <= 1 << 63 ? Int64(truncatingIfNeeded: 0 &- value) : nil }
        return Int64(exactly: value)
    }

    /// A finite number: sign, digits with an optional point, optional exponent; nil for anything else.
    public static func real(_ text: Span<UInt8>) -> Double? {
        guard let parts = scan(text) else { return nil }
        if !parts.truncated, parts.mantissa <= 1 << 53, abs(parts.exponent) <= 22 {
            let power = powers[abs(parts.exponent)]
            let mantissa = Double(parts.mantissa)
            let value = parts.exponent < 0 ? mantissa / power : mantissa * power
            return parts.negative ? -value : value
        }
        var copy: [UInt8] = []
        copy.reserveCapacity(text.count)
        for index in text.indices { copy.append(text[index]) }
        guard let value = Double(String(decoding: copy, as: UTF8.self)), value.isFinite else { return nil }
        return value
    }

    private struct Parts {
        var negative = false
        var mantissa: UInt64 = 0
        var exponent = 0
        /// Digits were dropped from the mantissa.
        var truncated = false
    }

    private static func scan(_ text: Span<UInt8>) -> Parts? {
        var parts = Parts()
        var at = 0
        var digits = 0
        let count = text.count
        if count > 0, text[0] == UInt8(ascii: "-") || text[0] == UInt8(ascii: "+") {
            parts.negative = text[0] == UInt8(ascii: "-")
            at = 1
        }
        var afterPoint = false
        while at < count {
            let byte = text[at]
            let digit = byte &- 48
            if digit <= 9 {
                digits += 1
                if parts.mantissa < 100_000_000_000_000_000 {
                    parts.mantissa = parts.mantissa * 10 + UInt64(digit)
                    if afterPoint { parts.exponent -= 1 }
                } else {
                    parts.truncated = true
                }
            } else if byte == UInt8(ascii: "."), !afterPoint {
                afterPoint = true
            } else {
                break
            }
            at += 1
        }
        guard digits > 0 else { return nil }
        if at == count { return parts }
        guard text[at] | 0x20 == UInt8(ascii: "e") else { return nil }
        at += 1
        var negative = false
        if at < count, text[at] == UInt8(ascii: "-") || text[at] == UInt8(ascii: "+") {
            negative = text[at] == UInt8(ascii: "-")
            at += 1
        }
        guard at < count else { return nil }
        var exponent = 0
        while at < count {
            let digit = text[at] &- 48
            guard digit <= 9 else { return nil }
            exponent = min(100_000, exponent * 10 + Int(digit))
            at += 1
        }
        parts.exponent += negative ? -exponent : exponent
        return parts
    }
}
