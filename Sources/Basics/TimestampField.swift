/// Writes moments in ISO 8601 (`2026-01-31T12:00:00.000Z`) over one another, in the same place of the same
/// bytes: of a moment in the same second as the one before, only the milliseconds are written.
public struct TimestampField: Sendable {
    /// Bytes that a moment takes.
    public static let byteCount = 24

    private var second = Int64.min
    private var day = Int64.min

    /// A field that has not been written yet.
    public init() {}

    /// Writes a moment at `start`. A moment before ``Timestamp/earliest`` or after ``Timestamp/latest`` is
    /// written as that one.
    public mutating func write(_ time: Timestamp, to bytes: inout MutableSpan<UInt8>, at start: Int) {
        let time = min(max(time, .earliest), .latest)
        let second = Timestamp.floorDivide(time.milliseconds, 1_000)
        let milliseconds = time.milliseconds - second * 1_000
        if second != self.second { write(second: second, to: &bytes, at: start) }
        bytes[start + 20] = 0x30 + UInt8(truncatingIfNeeded: milliseconds / 100)
        TimestampField.pair(milliseconds % 100, to: &bytes, at: start + 21)
    }

    private mutating func write(second: Int64, to bytes: inout MutableSpan<UInt8>, at start: Int) {
        self.second = second
        let day = Timestamp.floorDivide(second, 86_400)
        let rest = second - day * 86_400
        if day != self.day {
            self.day = day
            let (year, month, dayOfMonth) = Timestamp.civil(fromDays: day)
            TimestampField.pair(year / 100, to: &bytes, at: start)
            TimestampField.pair(year % 100, to: &bytes, at: start + 2)
            TimestampField.pair(month, to: &bytes, at: start + 5)
            TimestampField.pair(dayOfMonth, to: &bytes, at: start + 8)
            bytes[start + 4] = 0x2D
            bytes[start + 7] = 0x2D
            bytes[start + 10] = 0x54
            bytes[start + 13] = 0x3A
            bytes[start + 16] = 0x3A
            bytes[start + 19] = 0x2E
            bytes[start + 23] = 0x5A
        }
        TimestampField.pair(rest / 3_600, to: &bytes, at: start + 11)
        TimestampField.pair(rest / 60 % 60, to: &bytes, at: start + 14)
        TimestampField.pair(rest % 60, to: &bytes, at: start + 17)
    }

    /// Two digits.
    private static func pair(_ value: Int64, to bytes: inout MutableSpan<UInt8>, at index: Int) {
        bytes[index] = 0x30 + UInt8(truncatingIfNeeded: value / 10)
        bytes[index + 1] = 0x30 + UInt8(truncatingIfNeeded: value % 10)
    }
}
