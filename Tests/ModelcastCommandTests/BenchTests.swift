import Basics
import EventLog
import EventLogTesting
import Foundation
import Features
import Models
import Testing

@testable import ModelcastCommand

@Suite struct BenchTests {
    @Test func quantilesAreNearestRanks() {
        let hundred = Quantiles((1...100).reversed().map { Int64($0) })
        #expect(hundred.value(0.5) == 50 && hundred.value(0.99) == 99 && hundred.value(0.999) == 100)
        #expect(hundred.value(0) == 1 && hundred.max == 100 && hundred.count == 100)
        #expect(Quantiles([7]).value(0.5) == 7 && Quantiles([7]).value(1) == 7)
        #expect(Quantiles([]).value(0.5) == 0 && Quantiles([]).max == 0)
        // The definition, on samples of any number.
        var random = SeededRandom(seed: 3)
        for count in [2, 3, 10, 97] {
            let samples = (0..<count).map { _ in Int64(random.next() % 1_000) }
            let quantiles = Quantiles(samples)
            for share in [0.01, 0.5, 0.9, 0.99] {
                let value = quantiles.value(share)
                let below = samples.filter { $0 <= value }.count
                let under = samples.filter { $0 < value }.count
                #expect(Double(below) >= share * Double(count) && Double(under) < share * Double(count))
            }
        }
    }

    @Test(arguments: [10_000, 1_000_000, 5_000_000]) func syntheticForestsAreModelsOfTheirSize(
        bytes: Int
    ) throws {
        let forest = SyntheticForest(bytes: bytes)
        let file = forest.encoded(seed: 1)
        #expect(abs(Double(file.count) / Double(bytes) - 1) < 0.15, "\(file.count)")
        let predictor = try PredictorLoader.load(file)
        #expect(predictor.format == .xgboostUBJSON && predictor.featureCount == 30)
        #expect(file == forest.encoded(seed: 1) && file != forest.encoded(seed: 2))
        // The trees say something: rows differ.
        let golden = try SyntheticEvents.golden(predictor, rows: 20, seed: 1)
        #expect(Set(golden.rows.map(\.prediction)).count > 10)
    }

    @Test func syntheticEventsAreScoredAsTheyAre() throws {
        let batches = SyntheticEvents.batches(3, of: 5, features: 30, topic: "events", seed: 1)
        #expect(batches.map(\.count) == [5, 5, 5])
        var decoder = EventDecoder(schema: try Schema.floats(names: nil, count: 30))
        var block = FeatureBlock(schema: decoder.schema)
        for batch in batches {
            for index in 0..<batch.count {
                let range = try #require(batch.valueRange(at: index))
                #expect(decoder.decode(batch.bytes.span, range, into: &block) == nil)
            }
        }
    }

    @Test func samplesBelongToTheWindowInWhichTheyBegan() {
        var windows = SwapWindows()
        windows.addSteady(0..<100)
        windows.add(.init(begin: 200, fetched: 230, verified: 250, live: 260, freed: 300))
        windows.addSteady(400..<500)
        windows.add(.init(begin: 600, fetched: 600, verified: 600, live: 601, freed: 650))
        let samples = stride(from: Int64(0), to: 700, by: 10).map {
            ScoringLoop.Sample(start: $0, duration: $0)
        }
        func starts(_ part: SwapWindows.Part) -> [Int64] { windows.durations(part, of: samples) }
        #expect(starts(.steady) == samples.map(\.start).filter { $0 < 100 || (400..<500).contains($0) })
        #expect(
            starts(.swap)
                == samples.map(\.start).filter { (200..<300).contains($0) || (600..<650).contains($0) })
        #expect(starts(.fetch) == [200, 210, 220] && starts(.verify) == [230, 240])
        #expect(starts(.warm) == [250, 600] && starts(.free).first == 260)
        #expect(windows.medianLength(.fetch) == 0 && windows.medianLength(.swap) == 50)
    }

    @Test func aSubscribersLineSaysAllOfIt() {
        let text = "3 1000 2000 10 20 30"
        #expect(LiveSubscriber.Report(text)?.text == text)
        #expect(LiveSubscriber.Report("3 1000 2000 10 20") == nil && LiveSubscriber.Report("no") == nil)
    }

    @Test func childrensLinesArriveWholeAndAllOfThem() async throws {
        let children = try BenchChildren(
            (1...3).map { ["-c", "printf 'a\\nb'; printf '\($0)\\n'; seq 5000; printf left"] },
            program: "/bin/sh")
        var texts: [Int: [String]] = [:]
        for await line in children.lines { texts[line.child, default: []].append(line.text) }
        await children.end()
        let expected = (1...5_000).map(\.description)
        for child in 0..<3 { #expect(texts[child] == ["a", "b\(child + 1)"] + expected) }
    }
}

@Suite struct ReportTests {
    private static func line(_ text: String) throws -> ResultLine {
        ResultLine(try JSON(parsing: Array(text.utf8).span))
    }

    private static func lines() throws -> [ResultLine] {
        var lines: [ResultLine] = []
        for round in 1...3 {
            lines.append(
                try line(
                    #"{"bench":"stream","engine":"kafka","peer":"modelcast","model":"trees100","#
                        + #""delivery":"exactly-once","workers":1,"round":\#(round),"#
                        + #""eventsPerSecond":\#(100_000 * round),"cpuSecondsPer100k":0.25}"#))
            lines.append(
                try line(
                    #"{"bench":"stream","engine":"kafka","peer":"raw|c","model":"none","#
                        + #""delivery":"exactly-once","workers":1,"round":\#(round),"#
                        + #""eventsPerSecond":800000,"cpuSecondsPer100k":0.1}"#))
        }
        for window in ["steady", "swap"] {
            lines.append(
                try line(
                    #"{"bench":"swap","engine":"embedded","kind":"trees","megabytes":300,"load":"paced","#
                        + #""window":"\#(window)","p50Ms":0.5,"p90Ms":0.6,"p99Ms":1.5,"p999Ms":2,"maxMs":9}"#)
            )
        }
        lines.append(
            try line(
                #"{"bench":"live","engine":"kafka","size":"10 kB","subscribers":1,"p50Ms":20,"p99Ms":40}"#))
        lines.append(
            try line(
                #"{"bench":"catalog","engine":"kafka","models":1,"versions":10,"readyMs":20,"publishMs":30,"#
                    + #""catalogBytes":5000,"chunkBytes":900}"#))
        lines.append(
            try line(
                #"{"bench":"latency","engine":"kafka","peer":"python","delivery":"at-least-once","#
                    + #""p50Ms":3,"p90Ms":4,"p99Ms":11,"p999Ms":20}"#))
        return lines
    }

    @Test func tablesHaveMediansAndSpreads() throws {
        let marker = "<!-- table stream engine=kafka | peer workers | eventsPerSecond cpuSecondsPer100k -->"
        let table = try #require(ReportTable(marker: marker))
        #expect(
            table.markdown(try Self.lines()) == """
                | peer | workers | events per second | cpu seconds per100k |
                |---|---|---:|---:|
                | modelcast | 1 | 200 000 (100 000–300 000) | 0.25 |
                | raw\\|c | 1 | 800 000 | 0.1 |

                """)
        let other = try #require(ReportTable(marker: "<!-- table stream engine=none | peer | p50Ms -->"))
        #expect(other.markdown(try Self.lines()) == nil)
        #expect(ReportTable.heading("p999Ms") == "p99.9, ms" && ReportTable.heading("p50Ms") == "p50, ms")
    }

    @Test(arguments: ["<!-- table -->", "<!-- table a | b -->", "text", "<!-- table a | | c -->"])
    func whatIsNoMarkerIsNone(text: String) {
        #expect(ReportTable(marker: text) == nil)
    }

    @Test func aDocumentIsFilledAndFilledAgain() throws {
        let lines = try Self.lines()
        let text = """
            # Page
            <!-- table swap | window | p99Ms -->
            old
            <!-- end -->
            between
            <!-- table nothing | a | b -->
            kept
            <!-- end -->
            """
        let filled = try ReportDocument.filled(text, from: lines)
        #expect(filled.contains("| steady | 1.5 |") && !filled.contains("old") && filled.contains("kept"))
        #expect(filled.hasPrefix("# Page\n") && filled.contains("\nbetween\n"))
        #expect(try ReportDocument.filled(filled, from: lines) == filled)
        #expect(throws: CommandError.self) {
            try ReportDocument.filled("<!-- table swap | window | p99Ms -->\nno end", from: lines)
        }
        #expect(throws: CommandError.self) {
            try ReportDocument.filled("<!-- table swap -->\n<!-- end -->", from: lines)
        }
    }

    @Test func picturesStandBehindTheirMarkers() throws {
        let text = "<!-- plot a-b | A chart -->\n![old](gone.svg)\ntext\n<!-- plot c | None -->\nend"
        let filled = try ReportDocument.filled(text, from: [], plots: ["a-b": "plots/a-b.svg"])
        #expect(
            filled
                == "<!-- plot a-b | A chart -->\n![A chart](plots/a-b.svg)\ntext\n<!-- plot c | None -->\nend"
        )
        #expect(try ReportDocument.filled(filled, from: [], plots: ["a-b": "plots/a-b.svg"]) == filled)
    }

    @Test func everyKindOfResultHasItsChart() throws {
        let files = try BenchCharts.all(Self.lines())
        #expect(
            Set(files.map(\.name)) == [
                "stream-kafka-trees100.svg", "stream-cpu-kafka-trees100.svg", "swap-embedded-trees-paced.svg",
                "live-kafka.svg", "catalog-time.svg", "catalog-bytes.svg", "latency-kafka.svg",
            ])
        let stream = try #require(files.first { $0.name == "stream-kafka-trees100.svg" })
        #expect(stream.svg.contains("raw|c") && stream.svg.contains("modelcast"), "the raw loop is beside it")
        #expect(files.allSatisfy { $0.svg.hasPrefix("<svg ") })
    }

    @Test func linesThatAreNoResultsAreNamed() throws {
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/r.jsonl"
        try Data("{\"bench\":\"a\"}\n\nnonsense\n".utf8).write(to: URL(filePath: path))
        do {
            _ = try ResultLine.read([path])
            Issue.record("nonsense was read")
        } catch let error as CommandError {
            #expect(error.message.contains("r.jsonl:3"))
        }
        try Data("{\"bench\":\"a\"}\n\n".utf8).write(to: URL(filePath: path))
        #expect(try ResultLine.read([path]).map(\.bench) == ["a"])
    }
}
