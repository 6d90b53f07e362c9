internal import Glibc

/// A moment as milliseconds since 1970-01-01T00:00:00Z, without leap seconds: the unit of record timestamps.
public struct Timestamp: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// Milliseconds since the epoch.
    public var milliseconds: Int64

    /// A moment given in milliseconds since the epoch.
    public init(milliseconds: Int64) {
        self.milliseconds = milliseconds
    }

    public static func < (left: Timestamp, right: Timestamp) -> Bool {
        left.milliseconds < right.milliseconds
    }

    /// ISO 8601 in UTC with milliseconds: `2026-01-31T12:00:00.000Z`.
    public var description: String {
        var bytes: [UInt8] = []
        appendISO8601(to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The first moment that ISO 8601 writes with four digits of the year: 0000-01-01T00:00:00.000Z.
    public static let earliest = Timestamp(milliseconds: -62_167_219_200_000)
    /// The last moment that ISO 8601 writes with four digits of the year: 9999-12-31T23:59:59.999Z.
    public static let latest = Timestamp(milliseconds: 253_402_300_799_999)

    /// Appends ISO 8601 in UTC with milliseconds. A moment before ``earliest`` or after ``latest`` is written
    /// as that one. Does not allocate once `bytes` has room.
    public func appendISO8601(to bytes: inout [UInt8]) {
        var field = TimestampField()
        let start = bytes.count
        bytes.append(contentsOf: repeatElement(0, count: TimestampField.byteCount))
        var span = bytes.mutableSpan
        field.write(self, to: &span, at: start)
    }

    /// Reads `YYYY-MM-DD`, then optionally `T` or a space, `HH:MM[:SS[.fraction]]` and `Z` or `±HH:MM` (RFC
    /// 3339, without a zone: UTC). Digits past the millisecond are dropped. Nil for anything else. Does not
    /// allocate.
    public init?(iso8601 text: Span<UInt8>) {
        var reader = DigitReader()
        guard let year = reader.digits(4, text), reader.skip(45, text), let month = reader.digits(2, text),
            reader.skip(45, text), let day = reader.digits(2, text),
            (1...12).contains(month), day >= 1, day <= Timestamp.daysIn(month: month, year: year)
        else { return nil }
        var total = Timestamp.days(year: year, month: month, day: day) * 86_400_000
        if reader.at < text.count {
            guard reader.skip(84, text) || reader.skip(116, text) || reader.skip(32, text),
                let hour = reader.digits(2, text), reader.skip(58, text), let minute = reader.digits(2, text),
                hour < 24, minute < 60
            else { return nil }
            total += hour * 3_600_000 + minute * 60_000
            if reader.skip(58, text) {
                guard let second = reader.digits(2, text), second < 60 else { return nil }
                total += second * 1_000
                if reader.skip(46, text) {
                    var scale: Int64 = 100
                    var any = false
                    while let digit = reader.digits(1, text) {
                        any = true
                        total += digit * scale
                        scale /= 10
                    }
                    guard any else { return nil }
                }
            }
            if !reader.skip(90, text), !reader.skip(122, text), reader.at < text.count {
                let negative = text[reader.at] == 45
                guard negative || text[reader.at] == 43 else { return nil }
                reader.at += 1
                guard let hour = reader.digits(2, text), reader.skip(58, text),
                    let minute = reader.digits(2, text), hour < 24, minute < 60
                else {
                    return nil
                }
                total += (negative ? 1 : -1) * (hour * 3_600_000 + minute * 60_000)
            }
        }
        guard reader.at == text.count else { return nil }
        self.init(milliseconds: total)
    }

    /// The wall clock's reading now.
    public static var now: Timestamp {
        var time = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(milliseconds: Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000)
    }

    /// The quotient rounded down; `b` is positive.
    static func floorDivide(_ a: Int64, _ b: Int64) -> Int64 {
        let (quotient, rest) = a.quotientAndRemainder(dividingBy: b)
        return rest < 0 ? quotient - 1 : quotient
    }

    private static func daysIn(month: Int64, year: Int64) -> Int64 {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// Days since the epoch of a date of the proleptic Gregorian calendar (Hinnant, "chrono-Compatible
    /// Low-Level Date Algorithms").
    private static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
        let y = month <= 2 ? year - 1 : year
        let era = floorDivide(y, 400)
        let yearOfEra = y - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    /// Year, month and day of the month of a day since the epoch.
    static func civil(fromDays days: Int64) -> (Int64, Int64, Int64) {
        let z = days + 719_468
        let era = floorDivide(z, 146_097)
        let dayOfEra = z - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        let month = shifted + (shifted < 10 ? 3 : -9)
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shifted + 2) / 5 + 1)
    }
}

/// Goes through a text of digits and marks.
private struct DigitReader {
    var at = 0

    /// The number of the next `count` digits; nil where there are fewer.
    mutating func digits(_ count: Int, _ text: Span<UInt8>) -> Int64? {
        guard at + count <= text.count else { return nil }
        var value: Int64 = 0
        for index in at..<at + count {
            let digit = text[index]
            guard digit >= 48, digit <= 57 else { return nil }
            value = value * 10 + Int64(digit - 48)
        }
        at += count
        return value
    }

    /// Moves over the byte, if it is the next one.
    mutating func skip(_ byte: UInt8, _ text: Span<UInt8>) -> Bool {
        guard at < text.count, text[at] == byte else { return false }
        at += 1
        return true
    }
}
