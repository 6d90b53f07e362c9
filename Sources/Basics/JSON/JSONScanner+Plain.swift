/// Numbers as machines write them, without a detour: sign, digits, a point, digits; no white space, no
/// exponent. What is not of that kind is left to the general calls, which give the same values.
extension JSONScanner {
    /// Reads the number at `index`: its value, which is what ``number(_:)`` gives, and the index behind it;
    /// -1 for that where there is none that is plain and is followed by a byte.
    ///
    /// A number of up to seven bytes is taken from one word: where its point and its end are comes from a
    /// mask of the bytes that are no digits, so that nothing depends on guessing how long it is.
    @inlinable
    @inline(__always)
    public static func plainNumber(_ text: Span<UInt8>, at index: Int) -> (value: Double, end: Int) {
        guard text.count &- index >= 8 else { return longNumber(text, at: index) }
        // A load of a plain integer, checked against the bounds like any other access.
        let word = UInt64(
            littleEndian: unsafe text.bytes.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self))
        let isNegative: UInt64 = word & 0xFF == 0x2D ? 1 : 0
        let digits = word ^ 0x3030_3030_3030_3030
        // The highest bit of each byte that is no digit, but for a minus in front.
        let marks =
            ((digits & 0x7F7F_7F7F_7F7F_7F7F) &+ 0x7676_7676_7676_7676 | digits) & 0x8080_8080_8080_8080
            & ~(isNegative &<< 7)
        let afterPoint = marks & (marks &- 1)
        let point = UInt64(truncatingIfNeeded: marks.trailingZeroBitCount & 0x38)
        let stop = UInt64(truncatingIfNeeded: afterPoint.trailingZeroBitCount & 0x38)
        let sign = isNegative &<< 3
        guard afterPoint != 0, word &>> point & 0xFF == 0x2E, word &>> stop & 0xDF != 0x45,
            point > sign, stop > point &+ 8, point == sign &+ 8 || digits &>> sign & 0xFF != 0
        else { return longNumber(text, at: index) }
        let first = digits &>> sign
        let whole: UInt64 = 1 &<< (point &- sign) &- 1
        // The digits without the point, the last one in the highest byte, zeros below the first.
        let packed = (first & whole | first &>> 8 & ~whole) &<< (72 &- stop &+ sign)
        let value =
            Double(Int64(truncatingIfNeeded: eightDigits(packed)))
            / DecimalNumber.exactPower(Int(truncatingIfNeeded: (stop &- point) &>> 3) &- 1)
        return (
            Double(bitPattern: value.bitPattern | isNegative &<< 63),
            index &+ Int(truncatingIfNeeded: stop &>> 3)
        )
    }

    /// The number of eight digits, the first in the lowest byte: pairs, then fours, then all (Lemire,
    /// "Quickly parsing eight digits").
    @inlinable
    @inline(__always)
    static func eightDigits(_ digits: UInt64) -> UInt64 {
        let pairs = digits &* 10 &+ digits &>> 8
        let mask: UInt64 = 0x0000_00FF_0000_00FF
        return
            ((pairs & mask) &* 0x000F_4240_0000_0064
            &+ (pairs &>> 16 & mask) &* 0x0000_2710_0000_0001) &>> 32
    }

    /// The same for a number of any length, up to 19 digits.
    @usableFromInline
    static func longNumber(_ text: Span<UInt8>, at index: Int) -> (value: Double, end: Int) {
        var at = index
        guard at < text.count else { return (0, -1) }
        let isNegative = text[at] == 0x2D
        if isNegative { at &+= 1 }
        let first = at
        var mantissa: UInt64 = 0
        while at < text.count {
            let digit = text[at] &- 0x30
            guard digit < 10 else { break }
            mantissa = mantissa &* 10 &+ UInt64(digit)
            at &+= 1
        }
        var digits = at &- first
        guard at < text.count, digits > 0, digits == 1 || text[first] != 0x30 else { return (0, -1) }
        var decimals = 0
        if text[at] == 0x2E {
            at &+= 1
            let firstDecimal = at
            while at < text.count {
                let digit = text[at] &- 0x30
                guard digit < 10 else { break }
                mantissa = mantissa &* 10 &+ UInt64(digit)
                at &+= 1
            }
            decimals = at &- firstDecimal
            digits &+= decimals
            guard at < text.count, decimals > 0 else { return (0, -1) }
        }
        guard digits <= 19, text[at] & 0xDF != 0x45 else { return (0, -1) }
        let value = DecimalNumber.value(mantissa, decimals: decimals)
        return (isNegative ? -value : value, at)
    }

    /// Reads an array's elements `first ..< last` for as long as they are plain numbers, into
    /// `values[base + index]`, and returns the index of the first that it did not read. To be called behind
    /// ``beginArray(_:)`` or behind an element; ``nextElement(_:)`` goes on from there.
    public mutating func plainElements(
        _ bytes: Span<UInt8>, _ range: Range<Int>, into values: inout MutableSpan<Double>, at base: Int
    ) -> Int {
        let text = bytes.extracting(0..<end)
        var index = range.lowerBound
        // Where the next number is expected: behind a comma, but for the first one.
        var next = position
        if !isFresh {
            guard next < end, text[next] == 0x2C else { return index }
            next &+= 1
        }
        while index < range.upperBound {
            let number = JSONScanner.plainNumber(text, at: next)
            guard number.end >= 0 else { break }
            values[base &+ index] = number.value
            index &+= 1
            position = number.end
            isFresh = false
            guard text[number.end] == 0x2C else { break }
            next = number.end &+ 1
        }
        return index
    }

    /// Whether the bytes of `text` from `place` on are those of `expected` in `range`.
    @inlinable
    @inline(__always)
    public static func matches(
        _ expected: Span<UInt8>, _ range: Range<Int>, _ text: Span<UInt8>, at place: Int
    ) -> Bool {
        let count = range.count
        guard place >= 0, count <= text.count &- place else { return false }
        var index = 0
        while index < count {
            // The last word overlaps the one before it; fewer than eight bytes are compared one by one.
            if count < 8 {
                guard expected[range.lowerBound &+ index] == text[place &+ index] else { return false }
                index &+= 1
                continue
            }
            let offset = min(index, count &- 8)
            // Loads of plain integers, checked against the bounds like any other access.
            let word = unsafe expected.bytes.unsafeLoadUnaligned(
                fromByteOffset: range.lowerBound &+ offset, as: UInt64.self)
            let other = unsafe text.bytes.unsafeLoadUnaligned(
                fromByteOffset: place &+ offset, as: UInt64.self)
            guard word == other else { return false }
            index &+= 8
        }
        return true
    }

    /// Goes on behind a member's or an element's value that the caller has read itself.
    @inlinable
    public mutating func resume(behindValueAt position: Int) {
        precondition(position >= self.position && position <= end, "\(position) of \(end)")
        self.position = position
        isFresh = false
    }
}
