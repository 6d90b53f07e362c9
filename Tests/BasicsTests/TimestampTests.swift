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
}
