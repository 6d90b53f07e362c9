extension JSONScanner {
    /// Reads a number as the nearest `Double`, exactly as `strtod` would.
    ///
    /// Up to 15 digits and small powers of ten take one multiplication or division (Clinger 1990, "How to
    /// read floating point numbers accurately"); see ``DecimalNumber`` for the rest.
    @inlinable
    public mutating func number(_ bytes: Span<UInt8>) throws(JSONError) -> Double {
        var index = position
        let isNegative = index < end && bytes[index] == 0x2D
        if isNegative { index &+= 1 }
        let firstDigit = index
        var mantissa: UInt64 = 0
        while index < end {
            let digit = bytes[index] &- 0x30
            guard digit < 10 else { break }
            mantissa = mantissa &* 10 &+ UInt64(digit)
            index &+= 1
        }
        var digits = index &- firstDigit
        // No digits, or a leading zero before others: the other path says what is wrong.
        guard digits > 0, digits == 1 || bytes[firstDigit] != 0x30 else { return try unusualNumber(bytes) }
        var decimals = 0
        if index < end, bytes[index] == 0x2E {
            index &+= 1
            let firstDecimal = index
            while index < end {
                let digit = bytes[index] &- 0x30
                guard digit < 10 else { break }
                mantissa = mantissa &* 10 &+ UInt64(digit)
                index &+= 1
            }
            decimals = index &- firstDecimal
            digits &+= decimals
            guard decimals > 0 else { return try unusualNumber(bytes) }
        }
        guard digits <= 15, index >= end || bytes[index] & 0xDF != 0x45 else {
            return try unusualNumber(bytes)
        }
        position = index
        // Both operands are exact: below 10^15, and a power of ten of at most 10^15.
        var value = Double(Int64(truncatingIfNeeded: mantissa))
        if decimals > 0 { value /= DecimalNumber.exactPower(decimals) }
        return isNegative ? -value : value
    }

    /// A number that the fast path does not hold: white space before it, an exponent, many digits, or none
    /// at all.
    @usableFromInline
    mutating func unusualNumber(_ bytes: Span<UInt8>) throws(JSONError) -> Double {
        let token = try numberToken(bytes)
        if let value = token.exactValue { return value }
        return try unusualValue(bytes, token)
    }

    /// Reads a number as the nearest `Float`, exactly as `strtof` would: rounded once, not by way of a
    /// `Double`.
    public mutating func float(_ bytes: Span<UInt8>) throws(JSONError) -> Float {
        skipSpace(bytes)
        let start = position
        let value = try number(bytes)
        let nearest = Float(value)
        let rest = value - Double(nearest)
        if rest == 0 || !value.isFinite { return nearest }
        // Rounding twice goes wrong only where the first rounding ends exactly half way between two floats.
        let other = rest > 0 ? nearest.nextUp : nearest.nextDown
        guard nearest.isFinite, other.isFinite, Double(nearest) + Double(other) == 2 * value else {
            return nearest
        }
        let text = String(decoding: (start..<position).map { bytes[$0] }, as: UTF8.self)
        return Float(text) ?? nearest
    }

    /// Reads a number that is written as an integer (no fraction, no exponent).
    public mutating func integer(_ bytes: Span<UInt8>) throws(JSONError) -> Int64 {
        let start = position
        let token = try numberToken(bytes)
        guard token.isInteger else { throw JSONError(.wrongType, at: token.start) }
        guard token.digits <= 19, let value = token.integerValue else {
            position = start
            throw JSONError(.numberOutOfRange, at: token.start)
        }
        return value
    }

    /// Reads a number's text and its digits, without computing a value.
    public mutating func numberToken(_ bytes: Span<UInt8>) throws(JSONError) -> NumberToken {
        var byte = try nextByte(bytes)
        let start = position
        var index = position
        let isNegative = byte == 0x2D
        if isNegative {
            index &+= 1
            guard index < end else { throw JSONError(.unexpectedEnd, at: index) }
            byte = bytes[index]
        }
        let firstDigit = index
        var mantissa: UInt64 = 0
        while index < end {
            let digit = bytes[index] &- 0x30
            guard digit < 10 else { break }
            mantissa = mantissa &* 10 &+ UInt64(digit)
            index &+= 1
        }
        guard index > firstDigit else { return try nonFiniteToken(bytes, start) }
        guard byte != 0x30 || index == firstDigit &+ 1 else {
            throw JSONError(.unexpectedByte, at: firstDigit)
        }
        var digits = index &- firstDigit
        var exponent = 0
        var isInteger = true
        if index < end, bytes[index] == 0x2E {
            isInteger = false
            index &+= 1
            let firstFraction = index
            while index < end {
                let digit = bytes[index] &- 0x30
                guard digit < 10 else { break }
                mantissa = mantissa &* 10 &+ UInt64(digit)
                index &+= 1
            }
            exponent = firstFraction &- index
            guard exponent < 0 else { throw numberEnds(index) }
            digits &-= exponent
        }
        if index < end, bytes[index] | 0x20 == 0x65 {
            isInteger = false
            exponent &+= try exponentPart(bytes, &index)
        }
        position = index
        return NumberToken(
            start: start, end: index, mantissa: mantissa, digits: digits, exponent: exponent,
            isNegative: isNegative, isInteger: isInteger)
    }

    /// Reads and checks a number without computing its value.
    mutating func skipNumber(_ bytes: Span<UInt8>) throws(JSONError) { _ = try numberToken(bytes) }

    private func numberEnds(_ index: Int) -> JSONError {
        JSONError(index < end ? .unexpectedByte : .unexpectedEnd, at: index)
    }

    /// The value of `e…` at `index`, and moves behind it. Beyond any `Double` it stays at ±100 000.
    private func exponentPart(_ bytes: Span<UInt8>, _ index: inout Int) throws(JSONError) -> Int {
        index += 1
        guard index < end else { throw JSONError(.unexpectedEnd, at: index) }
        let isNegative = bytes[index] == 0x2D
        if isNegative || bytes[index] == 0x2B { index += 1 }
        let first = index
        var value = 0
        while index < end {
            let digit = bytes[index] &- 0x30
            guard digit < 10 else { break }
            value = min(value * 10 + Int(digit), 100_000)
            index += 1
        }
        guard index > first else { throw numberEnds(index) }
        return isNegative ? -value : value
    }

    private mutating func nonFiniteToken(_ bytes: Span<UInt8>, _ start: Int) throws(JSONError) -> NumberToken
    {
        let isNegative = bytes[start] == 0x2D
        position = isNegative ? start + 1 : start
        guard position < end else { throw JSONError(.unexpectedEnd, at: position) }
        let first = bytes[position]
        guard allowsNonFinite, first == 0x49 || (first == 0x4E && !isNegative) else {
            let code: JSONError.Code =
                isNegative || first == 0x2B || first == 0x2E ? .unexpectedByte : .wrongType
            throw JSONError(code, at: position)
        }
        try literal(bytes, first == 0x49 ? "nfinity" : "aN")
        return NumberToken(
            start: start, end: position, mantissa: 0, digits: 0, exponent: first == 0x49 ? 1 : 0,
            isNegative: isNegative, isInteger: false)
    }

    /// The value of a token that the fast path does not hold.
    private func unusualValue(_ bytes: Span<UInt8>, _ token: NumberToken) throws(JSONError) -> Double {
        if token.digits == 0 {
            guard token.exponent == 1 else { return .nan }
            return token.isNegative ? -.infinity : .infinity
        }
        guard token.end - token.start <= JSONScanner.numberBytesMax else {
            throw JSONError(.numberTooLong, at: token.start)
        }
        let value = DecimalNumber.value(token, bytes)
        guard value.isFinite || allowsNonFinite else { throw JSONError(.numberOutOfRange, at: token.start) }
        return value
    }
}

/// A number as it is written: `±mantissa · 10^exponent`.
public struct NumberToken: Hashable, Sendable {
    /// The index of its first byte.
    public let start: Int
    /// The index behind its last byte.
    public let end: Int
    /// All its digits, as one integer; meaningless where there are more than 19.
    public let mantissa: UInt64
    /// How many digits it has, leading zeros included; 0 for NaN and infinities.
    public let digits: Int
    /// The power of ten that the mantissa is multiplied by.
    public let exponent: Int
    /// Whether it begins with a minus sign.
    public let isNegative: Bool
    /// Whether it has neither a fraction nor an exponent.
    public let isInteger: Bool

    init(
        start: Int, end: Int, mantissa: UInt64, digits: Int, exponent: Int, isNegative: Bool, isInteger: Bool
    ) {
        self.start = start
        self.end = end
        self.mantissa = mantissa
        self.digits = digits
        self.exponent = exponent
        self.isNegative = isNegative
        self.isInteger = isInteger
    }

    /// The value where one exact operation gives it: mantissa and power of ten are both exact in a `Double`.
    var exactValue: Double? {
        guard digits &- 1 < 19, digits > 0, mantissa <= 1 << 53, exponent >= -22, exponent <= 22 else {
            return nil
        }
        var value = Double(mantissa)
        if exponent < 0 {
            value /= DecimalNumber.exactPower(-exponent)
        } else if exponent > 0 {
            value *= DecimalNumber.exactPower(exponent)
        }
        return isNegative ? -value : value
    }

    /// The value of an integer of at most 19 digits; nil where no `Int64` holds it.
    var integerValue: Int64? {
        if isNegative { return mantissa <= 1 << 63 ? Int64(truncatingIfNeeded: 0 &- mantissa) : nil }
        return mantissa < 1 << 63 ? Int64(mantissa) : nil
    }
}
