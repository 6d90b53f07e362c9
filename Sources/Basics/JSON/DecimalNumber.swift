internal import Glibc

/// Decimal to binary, always the nearest `Double`, ties to even: what `strtod` returns.
public enum DecimalNumber {
    /// 10^n for n up to 22, the powers that a `Double` holds exactly.
    @inlinable
    @inline(__always)
    static func exactPower(_ exponent: Int) -> Double {
        switch exponent {
        case 0: 1e0
        case 1: 1e1
        case 2: 1e2
        case 3: 1e3
        case 4: 1e4
        case 5: 1e5
        case 6: 1e6
        case 7: 1e7
        case 8: 1e8
        case 9: 1e9
        case 10: 1e10
        case 11: 1e11
        case 12: 1e12
        case 13: 1e13
        case 14: 1e14
        case 15: 1e15
        case 16: 1e16
        case 17: 1e17
        case 18: 1e18
        case 19: 1e19
        case 20: 1e20
        case 21: 1e21
        default: 1e22
        }
    }

    /// The value of a token. Numbers of up to 19 digits with a small exponent (what libraries print for a
    /// `Double`) take one wide integer operation; the rest goes to the C library.
    static func value(_ token: NumberToken, _ bytes: Span<UInt8>) -> Double {
        let magnitude: Double
        if token.digits <= 19, token.exponent >= -19, token.exponent <= 19 {
            magnitude =
                token.exponent < 0
                ? quotient(token.mantissa, integerPower(-token.exponent))
                : product(token.mantissa, integerPower(token.exponent))
        } else {
            return libraryValue(token, bytes)
        }
        return token.isNegative ? -magnitude : magnitude
    }

    /// The `Double` nearest to `mantissa / 10^decimals`; `decimals` is at most 19.
    static func value(_ mantissa: UInt64, decimals: Int) -> Double {
        if mantissa <= 1 << 53 {
            // Both operands are exact (Clinger 1990), so the quotient is rounded once.
            let value = Double(Int64(truncatingIfNeeded: mantissa))
            return decimals > 0 ? value / exactPower(decimals) : value
        }
        return decimals > 0 ? quotient(mantissa, integerPower(decimals)) : Double(mantissa)
    }

    /// 10^n for n up to 19, the powers that 64 bits hold; a `Double` holds them exactly too.
    private static func integerPower(_ exponent: Int) -> UInt64 { UInt64(exactPower(exponent)) }

    /// The `Double` nearest to `dividend / divisor`: the first 62 to 64 bits of the quotient, and a lowest
    /// bit that says whether anything follows them, round as the exact quotient does.
    private static func quotient(_ dividend: UInt64, _ divisor: UInt64) -> Double {
        guard dividend != 0 else { return 0 }
        let dividendShift = dividend.leadingZeroBitCount
        let divisorShift = divisor.leadingZeroBitCount
        let wide = dividend << dividendShift
        let (bits, rest) = (divisor << divisorShift).dividingFullWidth((wide >> 1, wide << 63))
        let value = Double(rest == 0 ? bits : bits | 1)
        return value * powerOfTwo(divisorShift - dividendShift - 63)
    }

    /// The `Double` nearest to `a * b`.
    private static func product(_ a: UInt64, _ b: UInt64) -> Double {
        let (high, low) = a.multipliedFullWidth(by: b)
        guard high != 0 else { return Double(low) }
        let shift = high.leadingZeroBitCount
        let bits = shift == 0 ? high : high << shift | low >> (64 - shift)
        let rest = low << shift
        return Double(rest == 0 ? bits : bits | 1) * powerOfTwo(64 - shift)
    }

    /// 2^n for n from -1022 to 1023.
    private static func powerOfTwo(_ exponent: Int) -> Double {
        Double(bitPattern: UInt64(1023 + exponent) << 52)
    }

    /// The token through `strtod`, written as an integer and an exponent: without a decimal point the
    /// program's locale does not matter. The token is at most ``JSONScanner/numberBytesMax`` bytes long.
    private static func libraryValue(_ token: NumberToken, _ bytes: Span<UInt8>) -> Double {
        let capacity = token.end - token.start + 24
        return unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: capacity) { buffer in
            var count = 0
            if token.isNegative {
                unsafe buffer[0] = CChar(0x2D)
                count = 1
            }
            var index = token.start
            while index < token.end, bytes[index] | 0x20 != 0x65 {
                if bytes[index] &- 0x30 < 10 {
                    unsafe buffer[count] = CChar(bytes[index])
                    count += 1
                }
                index += 1
            }
            unsafe buffer[count] = CChar(0x65)
            unsafe buffer[count + 1] = CChar(token.exponent < 0 ? 0x2D : 0x2B)
            count += 2
            // An exponent has at most six digits: the scanner stops it at 100 000, digits add at most 1024.
            var power = 100_000
            while power > 0 {
                unsafe buffer[count] = CChar(0x30 + abs(token.exponent) / power % 10)
                count += 1
                power /= 10
            }
            unsafe buffer[count] = 0
            guard let text = buffer.baseAddress else { return .nan }
            return unsafe strtod(text, nil)
        }
    }
}
