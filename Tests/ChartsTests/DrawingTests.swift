import Foundation
import FoundationXML
import Testing

@testable import Charts

@Suite struct DrawingTests {
    private static let hostile = "a <b> & \"c\" 'd' \u{1}\u{FFFE} ]]> é 模"

    private static func lines(_ name: String = "one", y: Double = 5) -> LineChart {
        LineChart(
            title: name, description: "\(name) by x", x: Axis("x of \(name)"),
            y: Axis("y of \(name)", .logarithmic),
            series: [
                .init(name, [.init(1, 2), .init(2, y)]),
                .init("other", [.init(1, 3)], colour: 0, isDashed: true),
            ])
    }

    private static func bars(_ name: String = "one", value: Double = 5) -> BarChart {
        BarChart(
            title: name, description: "\(name) by group", axis: Axis("unit of \(name)"),
            groups: [name, "second"],
            series: [
                .init(name, [.init(value, spread: 1...value), nil]), .init("other", [.init(2), .init(3)]),
            ])
    }

    /// What an XML parser makes of a drawing.
    private final class Reader: NSObject, XMLParserDelegate {
        var elements: [String: Int] = [:]
        var texts: [String] = []
        var attributes: [String: String] = [:]
        var isInStyle = false
        private var current = ""

        func parser(
            _ parser: XMLParser, didStartElement name: String, namespaceURI: String?,
            qualifiedName: String?, attributes: [String: String] = [:]
        ) {
            elements[name, default: 0] += 1
            current = ""
            if name == "svg" { self.attributes = attributes }
        }

        func parser(_ parser: XMLParser, foundCharacters string: String) { current += string }

        func parser(
            _ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?
        ) {
            if ["text", "title", "desc"].contains(name) { texts.append(current) }
            current = ""
        }
    }

    private static func read(_ svg: String) throws -> Reader {
        let reader = Reader()
        let parser = XMLParser(data: Data(svg.utf8))
        parser.delegate = reader
        try #require(parser.parse(), "line \(parser.lineNumber): \(String(describing: parser.parserError))")
        return reader
    }

    @Test func drawingsAreWellFormedAndSayWhatTheyShow() throws {
        for svg in [try Self.lines().svg(), try Self.bars().svg()] {
            let drawing = try Self.read(svg)
            #expect(drawing.attributes["role"] == "img")
            #expect(drawing.attributes["aria-labelledby"] == "title desc")
            #expect(drawing.elements["desc"] == 1 && drawing.texts.contains { $0.hasPrefix("one by") })
            #expect(drawing.texts.contains("one") && drawing.texts.contains("other"))
            #expect(svg.contains("prefers-color-scheme:dark"))
        }
        let lines = try Self.read(Self.lines().svg())
        #expect(lines.elements["polyline"] == 2)
        // One mark a point, one a line of the legend.
        #expect(lines.elements["circle"] == 3 + 2)
        #expect(lines.texts.contains("x of one") && lines.texts.contains("y of one"))
    }

    @Test func labelsAreEscaped() throws {
        let shown = Self.hostile.unicodeScalars.filter { $0.value >= 32 && $0.value != 0xfffe }
            .reduce(into: "") { $0.unicodeScalars.append($1) }
        for svg in [try Self.lines(Self.hostile).svg(), try Self.bars(Self.hostile).svg()] {
            let drawing = try Self.read(svg)
            #expect(drawing.texts.filter { $0 == shown }.count >= 2, "title and a label: \(drawing.texts)")
        }
    }

    @Test func everyBarEndsWithItsNumber() throws {
        let drawing = try Self.read(Self.bars(value: 1_234_000).svg())
        #expect(drawing.texts.contains("1.23\u{202F}M") && drawing.texts.contains("3"))
        #expect(drawing.elements["path"] == 1, "one whisker")
    }

    @Test(arguments: [Double.nan, .infinity, -1, 0]) func valuesThatTheAxisCannotShowAreRefused(
        value: Double
    ) {
        #expect(throws: ChartError.self) { try Self.lines(y: value).svg() }
    }

    @Test func emptyAndUnequalDataAreRefused() {
        func code(_ body: () throws -> String) -> ChartError.Code? {
            do {
                _ = try body()
                return nil
            } catch {
                return (error as? ChartError)?.code
            }
        }
        var lines = Self.lines()
        lines.series[1].points = []
        #expect(code { try lines.svg() } == .empty)
        lines.series = []
        #expect(code { try lines.svg() } == .empty)
        var bars = Self.bars()
        bars.series[0].bars.removeLast()
        #expect(code { try bars.svg() } == .shape)
        bars.series = []
        #expect(code { try bars.svg() } == .empty)
        bars = Self.bars()
        bars.series[1].bars[0] = .init(.nan)
        #expect(code { try bars.svg() } == .value)
        bars.series[1].bars[0] = .init(-2)
        #expect(code { try bars.svg() } == .value)
    }

    @Test func manySeriesAndGroupsStayWithinTheDrawing() throws {
        let series = (0..<20).map { number in
            LineChart.Series(
                "a series with a longer name \(number)", [.init(1, Double(number + 1)), .init(9, 4)])
        }
        let chart = LineChart(
            title: "many", description: "", x: Axis("x"), y: Axis("y"), series: series)
        #expect(try Self.read(chart.svg()).elements["polyline"] == 20)
        let bars = BarChart(
            title: "many", description: "", axis: Axis("n"), groups: (0..<40).map { "group \($0)" },
            series: [.init("s", (0..<40).map { .init(Double($0)) })])
        #expect(try Self.read(bars.svg()).elements["rect"] == 41)
    }
}
