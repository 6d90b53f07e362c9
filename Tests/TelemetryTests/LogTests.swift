import Foundation
import Synchronization
import Telemetry
import Testing

extension LogKey {
    fileprivate static let model = LogKey("model")
    fileprivate static let version = LogKey("version")
    fileprivate static let share = LogKey("share")
    fileprivate static let live = LogKey("live")
    fileprivate static let took = LogKey("took")
    fileprivate static let message = LogKey("message")
}

@Suite struct LogTests {
    private func entry(_ metadata: LogMetadata, message: String = "model is live") -> LogEntry {
        LogEntry(
            timestampNanoseconds: 1_772_357_400_125_999_999, level: .info, component: "score",
            message: message,
            metadata: metadata)
    }

    private func text(_ entry: LogEntry, _ format: LogFormat = .text) -> String {
        String(decoding: format.line(entry), as: UTF8.self)
    }

    private let everyKind: LogMetadata = [
        .model: "taxi", .version: 3, .share: 0.25, .live: true, .took: .duration(.microseconds(1500)),
    ]

    @Test func aTextLine() {
        #expect(
            text(entry(everyKind)) == "2026-03-01T09:30:00.125Z INFO     score: model is live "
                + "model=taxi version=3 share=0.25 live=true took=1.5ms\n")
    }

    @Test func aJSONLine() throws {
        let line = text(entry(everyKind), .json)
        #expect(
            line == #"{"ts":"2026-03-01T09:30:00.125Z","level":"info","component":"score","#
                + #""message":"model is live","model":"taxi","version":3,"share":0.25,"live":true,"#
                + #""tookMilliseconds":1.5}"# + "\n")
        let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
        #expect(object?.count == 9)
    }

    @Test func aKeyOfTheLineItselfIsNotOverwritten() throws {
        let line = text(entry([.message: "other"]), .json)
        let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
        #expect(object?["message"] as? String == "model is live")
        #expect(object?["message_"] as? String == "other")
    }

    @Test(arguments: [
        "a b", "", "a\nb", "\u{1b}[31mred", "say \"hi\"", "a=b", "\u{2028}", "\u{85}", "\u{0}", "é\\",
    ])
    func whateverAValueHoldsTheLineStaysOneLine(value: String) throws {
        for format in LogFormat.allCases {
            let line = text(entry([.model: .string(value)], message: "x"), format)
            #expect(line.hasSuffix("\n"))
            #expect(
                !line.dropLast().unicodeScalars.contains {
                    $0.value < 0x20 || (0x7f..<0xa0).contains($0.value)
                })
            guard format == .json else { continue }
            let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
            #expect(object?["model"] as? String == value)
        }
        #expect(text(entry([.model: .string(value)])).contains("model=\""))
    }

    @Test func longValuesAndLinesAreCut() throws {
        let long = String(repeating: "é", count: 5000)
        let line = text(entry([.model: .string(long)]), .json)
        #expect(line.utf8.count < LogLimits.valueBytesMax + 200)
        let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
        #expect((object?["model"] as? String)?.last == "…")
        let names: [LogKey] = [.model, .version, .share, .live, .took, .message]
        var metadata = LogMetadata()
        for name in names + [LogKey("a"), LogKey("b"), LogKey("c")] { metadata[name] = .string(long) }
        let cut = text(entry(metadata))
        #expect(cut.utf8.count < 200)
        #expect(cut.contains("model is live cut="))
    }

    @Test func numbersThatJSONLacksAreTexts() throws {
        let line = text(entry([.share: .number(.nan)]), .json)
        #expect(line.contains(#""share":"nan""#))
        #expect(try JSONSerialization.jsonObject(with: Data(line.utf8)) is [String: Any])
    }

    @Test func datesAgreeWithFoundation() {
        let formatter = ISO8601DateFormatter()
        formatter.formatOptions = [.withInternetDateTime]
        for seconds in stride(from: Int64(-5_000_000_000), through: 8_000_000_000, by: 25_999_981) {
            let line = text(
                LogEntry(
                    timestampNanoseconds: seconds * 1_000_000_000, level: .info, component: "c", message: "m",
                    metadata: [:]))
            let expected = formatter.string(from: Date(timeIntervalSince1970: Double(seconds)))
            #expect(line.hasPrefix(expected.replacing("Z", with: ".000Z")), "second \(seconds)")
        }
    }

    @Test func aLineBelowTheLevelIsNotEvenBuilt() {
        let memory = LogMemory()
        let log = Log(output: memory, component: "score", level: .warning)
        var built = 0
        func metadata() -> LogMetadata {
            built += 1
            return [.model: "taxi"]
        }
        log.debug("below", metadata())
        log.info("below", metadata())
        #expect(built == 0)
        log.warning("at the level", metadata())
        log.error("above", metadata())
        #expect(built == 2)
        #expect(memory.messages == ["at the level", "above"])
        #expect(memory.entries.map(\.level) == [.warning, .error])
    }

    @Test func contextAndComponentTravelAlong() throws {
        let memory = LogMemory()
        let log = Log(output: memory, component: "a").with([.model: "taxi", .version: 1]).named("b")
        log.info("m", [.version: 2])
        let entry = try #require(memory.entries.first)
        #expect(entry.component == "b")
        #expect(entry.metadata == [.model: "taxi", .version: 2])
    }
}

@Suite struct LogStreamTests {
    @Test func linesOfManyThreadsArriveWholeAndOnce() async throws {
        let pipe = Pipe()
        let log = Log(
            output: LogStream(descriptor: pipe.fileHandleForWriting.fileDescriptor, format: .json),
            component: "t")
        let reading = Task {
            await withCheckedContinuation { continuation in
                DispatchQueue.global().async {
                    continuation.resume(returning: pipe.fileHandleForReading.readDataToEndOfFile())
                }
            }
        }
        await withTaskGroup { group in
            for writer in 0..<8 {
                group.addTask {
                    for number in 0..<500 { log.info("n", [.version: .init(writer * 500 + number)]) }
                }
            }
        }
        log.output.flush()
        try pipe.fileHandleForWriting.close()
        var seen: [Int] = []
        for line in await reading.value.split(separator: UInt8(ascii: "\n")) {
            let object = try JSONSerialization.jsonObject(with: Data(line)) as? [String: Any]
            seen.append(try #require(object?["version"] as? Int))
        }
        #expect(seen.sorted() == Array(0..<4000))
    }

    @Test(.timeLimit(.minutes(1))) func aPipeThatNobodyReadsNeitherBlocksNorFillsTheMemory() async throws {
        let pipe = Pipe()
        let stream = LogStream(descriptor: pipe.fileHandleForWriting.fileDescriptor, format: .text)
        let log = Log(output: stream, component: "t")
        let value = String(repeating: "x", count: 1000)
        let start = ContinuousClock.now
        for _ in 0..<3000 { log.info("n", [.model: .string(value)]) }
        #expect(start.duration(to: .now) < .seconds(20))
        #expect(stream.droppedCount > 1000)
        let reading = Task {
            await withCheckedContinuation { continuation in
                DispatchQueue.global().async {
                    continuation.resume(returning: pipe.fileHandleForReading.readDataToEndOfFile())
                }
            }
        }
        while stream.droppedCount > 0 {
            stream.flush()
            try await Task.sleep(for: .milliseconds(5))
        }
        log.info("afterwards")
        stream.flush()
        try pipe.fileHandleForWriting.close()
        let text = String(decoding: await reading.value, as: UTF8.self)
        #expect(text.contains("log: lines dropped lines="))
        #expect(text.hasSuffix("t: afterwards\n"))
        #expect(text.split(separator: "\n").allSatisfy { $0.hasPrefix("20") })
    }

    @Test func aClosedReaderEndsQuietly() {
        let pipe = Pipe()
        signal(SIGPIPE, SIG_IGN)
        let stream = LogStream(descriptor: pipe.fileHandleForWriting.fileDescriptor, format: .text)
        try? pipe.fileHandleForReading.close()
        Log(output: stream, component: "t").error("nobody listens")
        stream.flush()
        #expect(stream.droppedCount == 0)
    }
}
