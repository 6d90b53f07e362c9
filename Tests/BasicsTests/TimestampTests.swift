import Basics
import Testing

@Suite struct TimestampTests {
    @Test(arguments: [
        ("1970-01-01T00:00:00Z", 0 as Int64), ("1970-01-01", 0), ("2000-02-29T12:00:00.5Z", 951_825_600_500),
        ("2026-11-21 15:38:00+01:00", 1_795_271_880_000), ("1969-12-31T23:59:59.999Z", -1),
        ("2014-05-16T19:45:00.123456Z", 1_400_269_500_123), ("2024-12-31T23:59Z", 1_735_689_540_000),
    ])
    func reads(text: String, milliseconds: Int64) {
        let bytes = Array(text.utf8)
        #expect(Timestamp(iso8601: bytes.span)?.milliseconds == milliseconds)
    }

    @Test(arguments: [
        "", "2026", "2026-13-01", "2026-02-30", "2026-01-01T24:00:00Z", "2026-01-01T12:00:00.",
        "2026-01-01T12:00:00X",
        "2026-01-01T12:00:00Z ", "2026-1-1", "２０２６-01-01",
    ])
    func refuses(text: String) {
        let bytes = Array(text.utf8)
        #expect(Timestamp(iso8601: bytes.span) == nil)
    }

    @Test func everyDayOfFourHundredYearsReturnsToItself() {
        for day in stride(from: Int64(-146_097), to: 146_097, by: 7) {
            let moment = Timestamp(milliseconds: day * 86_400_000 + 12_345_678)
            let bytes = Array(moment.description.utf8)
            #expect(Timestamp(iso8601: bytes.span) == moment)
        }
    }

    /// A record's time may be any number of 64 bits.
    @Test(arguments: [
        (Int64.min, "0000-01-01T00:00:00.000Z"), (-62_167_219_200_001, "0000-01-01T00:00:00.000Z"),
        (-62_167_219_200_000, "0000-01-01T00:00:00.000Z"), (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
        (253_402_300_800_000, "9999-12-31T23:59:59.999Z"), (Int64.max, "9999-12-31T23:59:59.999Z"),
    ])
    func yearsOfMoreThanFourDigitsAreWrittenAsTheNearestOther(milliseconds: Int64, text: String) {
        #expect(Timestamp(milliseconds: milliseconds).description == text)
    }

    @Test func aFieldIsWrittenOverByAnyOtherMoment() {
        var random = SeededRandom(seed: 51)
        var field = TimestampField()
        var bytes = [UInt8](repeating: 0x78, count: TimestampField.byteCount + 4)
        var time: Int64 = 1_700_000_000_000
        for _ in 0..<20_000 {
            switch random.next() % 4 {
            case 0: time += Int64(random.next() % 1_500)
            case 1: time -= Int64(random.next() % 100_000_000)
            case 2: time = Int64(random.next() % 300_000_000_000_000) - 40_000_000_000_000
            default: break
            }
            let moment = Timestamp(milliseconds: time)
            var span = bytes.mutableSpan
            field.write(moment, to: &span, at: 2)
            #expect(String(decoding: bytes, as: UTF8.self) == "xx\(moment)xx")
        }
    }
}
