import Basics
import Testing

@testable import ModelcastCommand

@Suite struct OutputTests {
    @Test func jsonKeepsTheOrderOfMembersAndEscapes() {
        let json: JSON = [
            "summary": "demo", "b": 1, "a": [true, .null, .number(0.25)], "text": "a\"\n\u{1}é",
            "rest": .number(.infinity),
        ]
        #expect(
            json.text
                == #"{"summary":"demo","b":1,"a":[true,null,0.25],"text":"a\"\n\u0001é","rest":null}"#)
    }

    @Test(arguments: [(1234.5678, "1234.568"), (2.0, "2"), (0, "0"), (1e18, "1e+18")])
    func ratesAreRounded(value: Double, text: String) {
        #expect(JSON.rounded(value).text == text)
    }

    @Test func aTableAlignsTextLeftAndNumbersRight() {
        var table = Table([.text("model"), .number("version"), .text("note")])
        table.add(["taxi", "3", "first\tline"])
        table.add(["tips-online", "12", ""])
        #expect(
            table.text(isTerminal: false) == """
                MODEL        VERSION  NOTE
                taxi               3  first\u{fffd}line
                tips-online       12

                """)
        #expect(table.text(isTerminal: true).hasPrefix("\u{1b}[1mMODEL"))
    }

    @Test func unitsAreForPeople() {
        #expect(Units.bytes(512) == "512 B")
        #expect(Units.bytes(1_234_567) == "1.23 MB")
        #expect(Units.bytes(999_900) == "1 MB")
        #expect(Units.bytes(84_100_000_000) == "84.1 GB")
        #expect(Units.duration(.microseconds(640)) == "640 µs")
        #expect(Units.duration(.milliseconds(15)) == "15 ms")
        #expect(Units.duration(.seconds(252)) == "4 min 12 s")
        #expect(Units.count(50_000) == "50 000")
        #expect(Units.count(1_234_567) == "1 234 567")
        #expect(Units.count(-12_345) == "-12 345")
        #expect(Units.count(9_999) == "9999")
        #expect(Units.rate(12_400.4) == "12 400/s")
        #expect(Units.rate(3.21) == "3.21/s")
    }

    @Test func progressShowsBarRateAndNote() {
        let text = Progress.text(
            label: "rides", done: 25, total: 100, elapsed: .seconds(5), note: "version 2")
        #expect(text == "rides  [#####               ]  25 %  25  5/s  version 2")
        #expect(Progress.text(label: "x", done: 10, total: nil, elapsed: .zero, note: "") == "x  10  0/s")
    }
}

@Suite struct ErrorReportTests {
    private struct Outer: DescribedError {
        let codeName = "outer"
        let message = "cannot load taxi@3"
        let hint = "publish it again"
        let recovery = Recovery.fixInput
        let cause: (any Error)? = Inner()
    }

    private struct Inner: DescribedError {
        let codeName = "inner"
        let message = "a digest differs"
        let hint = ""
        let recovery = Recovery.retry
        let cause: (any Error)? = nil
    }

    @Test func peopleGetMessageThenHintThenCausesWhenAsked() {
        let brief = ErrorReport(words: [], environment: [:])
        #expect(brief.plain(Outer()) == "modelcast: cannot load taxi@3\nhint: publish it again\n")
        let verbose = ErrorReport(words: ["models", "--verbose"], environment: [:])
        #expect(verbose.plain(Outer()).hasSuffix("caused by: a digest differs [inner]\n"))
    }

    @Test func programsGetAnObject() {
        let report = ErrorReport(words: ["x", "--format", "json"], environment: [:])
        #expect(report.format == .json)
        #expect(
            report.json(Outer()).text == """
                {"error":{"code":"outer","message":"cannot load taxi@3","hint":"publish it again",\
                "recovery":"fixInput","causes":[{"code":"inner","message":"a digest differs"}]}}
                """)
        #expect(ErrorReport(words: ["--format=json"], environment: [:]).format == .json)
        #expect(ErrorReport(words: [], environment: ["MODELCAST_FORMAT": "json"]).format == .json)
        #expect(ErrorReport(words: ["--format", "table"], environment: [:]).format == .table)
    }
}
