/// Numbers as people and tables write them, a little wider than JSON's: a plus sign, `.5`, `1.` and leading
/// zeros are allowed.
extension DecimalNumber {
    /// A whole number: an optional sign, then digits; nil for anything else and for what does not fit.
    public static func integer(_ text: Span<UInt8>) -> Int64? {
        guard let token = token(text), token.isInteger, token.digits <= 19 else { return nil }
        return token.integerValue
    }

    /// A finite number: sign, digits with an optional point, optional exponent; nil for anything else, and
    /// for a text of more than ``JSONScanner/numberBytesMax`` bytes.
    public static func real(_ text: Span<UInt8>) -> Double? {
        guard let token = token(text) else { return nil }
        if let value = token.exactValue { return value }
        guard text.count <= JSONScanner.numberBytesMax else { return nil }
        let value = value(token, text)
        return value.isFinite ? value : nil
    }

    /// The whole of `text` as a token; nil when it is none.
    private static func token(_ text: Span<UInt8>) -> NumberToken? {
        var index = 0
        let isNegative = text.count > 0 && text[0] == 0x2D
        if isNegative || (text.count > 0 && text[0] == 0x2B) { index = 1 }
        var mantissa: UInt64 = 0
        var digits = digits(text, &index, &mantissa)
        var exponent = 0
        var isInteger = true
        if index < text.count, text[index] == 0x2E {
            isInteger = false
            index += 1
            exponent = -self.digits(text, &index, &mantissa)
            digits -= exponent
        }
        guard digits > 0 else { return nil }
        if index < text.count, text[index] | 0x20 == 0x65 {
            isInteger = false
            index += 1
            guard let power = power(text, &index) else { return nil }
            exponent += power
        }
        guard index == text.count else { return nil }
        return NumberToken(
            start: 0, end: index, mantissa: mantissa, digits: digits, exponent: exponent,
            isNegative: isNegative, isInteger: isInteger)
    }

    /// Moves over digits, adds them to `mantissa`, and returns how many they are.
    private static func digits(_ text: Span<UInt8>, _ index: inout Int, _ mantissa: inout UInt64) -> Int {
        let start = index
        while index < text.count {
            let digit = text[index] &- 0x30
            guard digit < 10 else { break }
            mantissa = mantissa &* 10 &+ UInt64(digit)
            index &+= 1
        }
        return index - start
    }

    /// The number behind `e`. Beyond any `Double` it stays at ±100 000.
    private static func power(_ text: Span<UInt8>, _ index: inout Int) -> Int? {
        let isNegative = index < text.count && text[index] == 0x2D
        if isNegative || (index < text.count && text[index] == 0x2B) { index += 1 }
        let start = index
        var value = 0
        while index < text.count {
            let digit = text[index] &- 0x30
            guard digit < 10 else { return nil }
            value = min(value * 10 + Int(digit), 100_000)
            index += 1
        }
        guard index > start else { return nil }
        return isNegative ? -value : value
    }
}
