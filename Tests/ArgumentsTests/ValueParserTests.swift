import Arguments
import Testing

@Suite struct ValueParserTests {
    @Test(arguments: [
        ("500ms", Duration.milliseconds(500)), ("30s", .seconds(30)), ("5m", .seconds(300)),
        ("2h", .seconds(7200)),
        ("7d", .seconds(604_800)), ("250us", .microseconds(250)), ("0.5s", .milliseconds(500)), ("0s", .zero),
    ])
    func durations(text: String, expected: Duration) throws {
        #expect(try ValueParser.duration.parse(text) == expected)
    }

    @Test(arguments: ["", "5", "s", "-5s", "5 s", "1e3s", "nans", "1.2.3s", "5x", "99999999999999d"])
    func noDurations(text: String) {
        #expect(throws: ValueError.self) { try ValueParser.duration.parse(text) }
    }

    @Test(arguments: [
        ("4096", 4096), ("64kB", 64000), ("64KiB", 65536), ("64K", 65536), ("1.5M", 1_572_864),
        ("2G", 2_147_483_648),
        ("1TB", 1_000_000_000_000), ("0", 0), ("7b", 7),
    ])
    func sizes(text: String, expected: Int) throws {
        #expect(try ValueParser.byteSize.parse(text) == expected)
    }

    @Test(arguments: ["", "-1", "12Q", "99999999999T", "1..5K", "K"])
    func noSizes(text: String) {
        #expect(throws: ValueError.self) { try ValueParser.byteSize.parse(text) }
    }

    @Test func percentages() throws {
        #expect(try ValueParser.percentage.parse("5%") == 0.05)
        #expect(try ValueParser.percentage.parse("100") == 1)
        for text in ["101%", "-1%", "%", "5 %", "0.5.5"] {
            #expect(throws: ValueError.self) { try ValueParser.percentage.parse(text) }
        }
    }

    @Test func numbers() throws {
        #expect(try ValueParser.number().parse("1e-3") == 0.001)
        #expect(try ValueParser.number(in: 0...1).parse("0.5") == 0.5)
        for text in ["nan", "inf", "", "x", "1,5"] {
            #expect(throws: ValueError.self) { try ValueParser.number().parse(text) }
        }
        #expect(throws: ValueError.self) { try ValueParser.number(in: 0...1).parse("1.5") }
    }

    @Test func keysWithValues() throws {
        #expect(try ValueParser.keyValue.parse("a=b=c") == KeyValue(key: "a", value: "b=c"))
        #expect(try ValueParser.keyValue.parse("a=") == KeyValue(key: "a", value: ""))
        for text in ["a", "=b", ""] {
            #expect(throws: ValueError.self) { try ValueParser.keyValue.parse(text) }
        }
    }

    enum Colour: String, CaseIterable, Sendable { case red, green }

    @Test func casesOfAnEnumeration() throws {
        #expect(try ValueParser.cases(of: Colour.self).parse("green") == .green)
        let error = #expect(throws: ValueError.self) { try ValueParser.cases(of: Colour.self).parse("gren") }
        #expect(error?.expected == "one of red, green (did you mean green?)")
    }
}

@Suite struct SuggestionTests {
    @Test(arguments: [
        ("scroe", "score"), ("pubish", "publish"), ("Score", "score"), ("pub", "publish"),
        ("publishing", "publish"),
        ("tarin", "train"), ("model", "models"),
    ])
    func nearWordsAreFound(word: String, expected: String) {
        #expect(Suggestion.nearest(to: word, among: ["score", "train", "publish", "models"]) == expected)
    }

    @Test(arguments: ["", "x", "quux", "zzzzzzz", String(repeating: "a", count: 1000)])
    func farWordsAreNot(word: String) {
        #expect(Suggestion.nearest(to: word, among: ["score", "train", "publish", "models"]) == nil)
    }
}
