/// Float32 numbers as the shortest decimal text that reads back as the same value, the nearest one where
/// several are as short: byte for byte what `Float.description` gives.
///
/// Giulietti, "The Schubfach way to render doubles" (2021), for float32.
enum FloatText {
    /// The longest text: `-0.00012345679`, and one to spare.
    static let bytesMax = 16

    /// Appends the text of a finite number.
    static func append(_ value: Float, to bytes: inout [UInt8]) {
        bytes.append(addingCapacity: bytesMax) { output in
            if value.sign == .minus { output.append(0x2D) }
            guard value != 0 else {
                output.append(0x30)
                output.append(0x2E)
                output.append(0x30)
                return
            }
            var (digits, exponent) = shortest(value)
            while digits % 10 == 0 {
                digits /= 10
                exponent += 1
            }
            write(digits, exponent, isLarge: value.magnitude > 0x1p24, to: &output)
        }
    }

    /// Writes `digits * 10^exponent`.
    @inline(__always)
    private static func write(
        _ digits: UInt32, _ exponent: Int, isLarge: Bool, to output: inout OutputSpan<UInt8>
    ) {
        var digits = Digits(digits)
        let count = digits.count
        // The number is 0.digits * 10^point.
        let point = count + exponent
        if point < -3 || isLarge {
            output.append(digits.next())
            if count > 1 { output.append(0x2E) }
            for _ in 1..<count { output.append(digits.next()) }
            writeExponent(point - 1, to: &output)
        } else if point <= 0 {
            output.append(0x30)
            output.append(0x2E)
            for _ in point..<0 { output.append(0x30) }
            for _ in 0..<count { output.append(digits.next()) }
        } else if point >= count {
            for _ in 0..<count { output.append(digits.next()) }
            for _ in count..<point { output.append(0x30) }
            output.append(0x2E)
            output.append(0x30)
        } else {
            for _ in 0..<point { output.append(digits.next()) }
            output.append(0x2E)
            for _ in point..<count { output.append(digits.next()) }
        }
    }

    /// The decimal digits of a number, from the first on; a float has nine at the most.
    private struct Digits {
        private var low: UInt64 = 0
        private var high: UInt64 = 0
        private(set) var count = 0

        @inline(__always)
        init(_ number: UInt32) {
            // The first digit ends in the lowest byte.
            var rest = number
            while rest > 0 {
                high = high << 8 | low >> 56
                low = low << 8 | UInt64(0x30 + rest % 10)
                rest /= 10
                count += 1
            }
        }

        @inline(__always)
        mutating func next() -> UInt8 {
            let byte = UInt8(truncatingIfNeeded: low)
            low = low >> 8 | high << 56
            high >>= 8
            return byte
        }
    }

    /// Writes `e-05`: a sign and two digits, which are enough for float32.
    private static func writeExponent(_ exponent: Int, to output: inout OutputSpan<UInt8>) {
        let magnitude = exponent.magnitude
        output.append(0x65)
        output.append(exponent < 0 ? 0x2D : 0x2B)
        output.append(0x30 + UInt8(truncatingIfNeeded: magnitude / 10))
        output.append(0x30 + UInt8(truncatingIfNeeded: magnitude % 10))
    }

    /// The digits and the power of ten of the shortest decimal in the number's rounding interval; zeros may
    /// stand at the end. The number is neither zero nor infinite nor NaN.
    static func shortest(_ value: Float) -> (digits: UInt32, exponent: Int) {
        let fraction = value.significandBitPattern
        let field = Int(value.exponentBitPattern)
        let c = field == 0 ? fraction : 1 << 23 | fraction
        let q = max(field, 1) - 150
        // A whole number below 2^24 is its own shortest text.
        if q <= 0, q > -24, c & (1 << UInt32(-q) &- 1) == 0 { return (c >> UInt32(-q), 0) }
        let isOdd: UInt32 = c & 1
        // Below a power of two the floats are twice as dense.
        let isUneven = fraction == 0 && field > 1
        let k = isUneven ? (q * 1_262_611 - 524_031) >> 22 : (q * 1_262_611) >> 22
        let h = UInt32(q + (-k * 1_741_647) >> 19 + 1)
        let power = powers[31 - k]
        let low = scaled(power, (4 * c - 2 + (isUneven ? 1 : 0)) << h) + isOdd
        let middle = scaled(power, 4 * c << h)
        let high = scaled(power, (4 * c + 2) << h) - isOdd
        let s = middle / 4
        if s >= 10 {
            let tens = s / 10
            let isBelowInside = low <= 40 * tens
            let isAboveInside = 40 * tens + 40 <= high
            if isBelowInside != isAboveInside { return (isAboveInside ? tens + 1 : tens, k + 1) }
        }
        let isBelowInside = low <= 4 * s
        let isAboveInside = 4 * s + 4 <= high
        if isBelowInside != isAboveInside { return (isAboveInside ? s + 1 : s, k) }
        let half = 4 * s + 2
        return (middle > half || middle == half && s & 1 == 1 ? s + 1 : s, k)
    }

    /// The high bits of the product, the lowest of them set where anything follows: rounded to odd.
    @inline(__always)
    private static func scaled(_ power: UInt64, _ value: UInt32) -> UInt32 {
        let (high, low) = power.multipliedFullWidth(by: UInt64(value))
        return UInt32(truncatingIfNeeded: high) | (low >> 32 > 1 ? 1 : 0)
    }

    /// 10^n for n from -31 to 45, scaled by a power of two to 64 bits and rounded up.
    static let powers: [UInt64] = [
        0x81CEB32C4B43FCF5, 0xA2425FF75E14FC32, 0xCAD2F7F5359A3B3F, 0xFD87B5F28300CA0E,
        0x9E74D1B791E07E49, 0xC612062576589DDB, 0xF79687AED3EEC552, 0x9ABE14CD44753B53,
        0xC16D9A0095928A28, 0xF1C90080BAF72CB2, 0x971DA05074DA7BEF, 0xBCE5086492111AEB,
        0xEC1E4A7DB69561A6, 0x9392EE8E921D5D08, 0xB877AA3236A4B44A, 0xE69594BEC44DE15C,
        0x901D7CF73AB0ACDA, 0xB424DC35095CD810, 0xE12E13424BB40E14, 0x8CBCCC096F5088CC,
        0xAFEBFF0BCB24AAFF, 0xDBE6FECEBDEDD5BF, 0x89705F4136B4A598, 0xABCC77118461CEFD,
        0xD6BF94D5E57A42BD, 0x8637BD05AF6C69B6, 0xA7C5AC471B478424, 0xD1B71758E219652C,
        0x83126E978D4FDF3C, 0xA3D70A3D70A3D70B, 0xCCCCCCCCCCCCCCCD, 0x8000000000000000,
        0xA000000000000000, 0xC800000000000000, 0xFA00000000000000, 0x9C40000000000000,
        0xC350000000000000, 0xF424000000000000, 0x9896800000000000, 0xBEBC200000000000,
        0xEE6B280000000000, 0x9502F90000000000, 0xBA43B74000000000, 0xE8D4A51000000000,
        0x9184E72A00000000, 0xB5E620F480000000, 0xE35FA931A0000000, 0x8E1BC9BF04000000,
        0xB1A2BC2EC5000000, 0xDE0B6B3A76400000, 0x8AC7230489E80000, 0xAD78EBC5AC620000,
        0xD8D726B7177A8000, 0x878678326EAC9000, 0xA968163F0A57B400, 0xD3C21BCECCEDA100,
        0x84595161401484A0, 0xA56FA5B99019A5C8, 0xCECB8F27F4200F3A, 0x813F3978F8940985,
        0xA18F07D736B90BE6, 0xC9F2C9CD04674EDF, 0xFC6F7C4045812297, 0x9DC5ADA82B70B59E,
        0xC5371912364CE306, 0xF684DF56C3E01BC7, 0x9A130B963A6C115D, 0xC097CE7BC90715B4,
        0xF0BDC21ABB48DB21, 0x96769950B50D88F5, 0xBC143FA4E250EB32, 0xEB194F8E1AE525FE,
        0x92EFD1B8D0CF37BF, 0xB7ABC627050305AE, 0xE596B7B0C643C71A, 0x8F7E32CE7BEA5C70,
        0xB35DBF821AE4F38C,
    ]
}
