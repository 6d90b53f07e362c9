import Basics
import EventLogTesting
import Foundation
import Testing

/// The wire format's page is enough to read everything: a reader in Python, written from the page alone, gets
/// the same files, predictions and dead letters out of a real Kafka.
@Suite(
    .enabled(if: RealKafka.isAvailable, Comment(rawValue: RealKafka.absence)),
    .enabled(if: PythonReader.python != nil, Comment(rawValue: PythonReader.absence)),
    .timeLimit(.minutes(5)))
struct WireFormatJourneys {
    /// A model of the journey, and what is particular to it.
    private struct Sample {
        var name: String
        var format: String
        var goldenRows = 0
        /// XGBoost's trees add up in the same order everywhere; sums of products do not.
        var isExact = true
    }

    private static let samples = [
        Sample(name: "boosted", format: "xgboost-json", goldenRows: 20),
        Sample(name: "linear", format: "native-linear", goldenRows: 20, isExact: false),
        Sample(name: "classes", format: "xgboost-ubjson"),
        Sample(name: "class", format: "xgboost-json", isExact: false),
    ]
    private static let rides = 300
    /// So many that the lists of files and chunks do not fit into a manifest.
    private static let attachments = 2_600

    @Test func aReaderWrittenFromThePageFindsWhatModelcastWrote() async throws {
        let workspace = try Workspace()
        let reader = PythonReader(
            workspace: workspace, kafka: try await RealKafka.shared(),
            prefix: "\(RealKafka.uniqueTopic("wire")).")
        try await publish(workspace, reader)
        try workspace.write(Self.events(rows: Self.rides), to: "events.csv")
        try await reader.modelcast(
            "events", "send", "events.csv", "--id", "trip", "--include", "fare", "--exclude", "tips")
        let odd = try String(
            contentsOf: PythonReader.folder.appending(path: "odd-events.jsonl"), encoding: .utf8)
        try await reader.python("disturb.py", "events", input: odd)
        let count = Self.rides + odd.split(separator: "\n").count
        for sample in Self.samples {
            try await reader.modelcast("score", "--model", sample.name, "--once")
            let report = try await reader.read(sample.name, folder: sample.name)
            try check(report, sample, events: count)
            try compareFiles(workspace, report, sample)
        }

        let scanned = try await reader.read("boosted@production", "--scan")
        #expect(scanned.chunksDirect == 0 && scanned.chunksScanned > 0)
        try await reader.python("disturb.py", "compact")
        for sample in Self.samples {
            let report = try await reader.read("\(sample.name)@1")
            #expect(report.chunksDirect == 0, "compaction has left the first chunks of \(sample.name)")
            try check(report, sample, events: count)
            try await reader.modelcast("models", "verify", "\(sample.name)@1")
        }
        await #expect(throws: PythonReader.Failed.self) { try await reader.read("boosted@7") }
    }

    /// Two models that are trained here and two that come from elsewhere.
    private func publish(_ workspace: Workspace, _ reader: PythonReader) async throws {
        try workspace.write(Rides.csv(rows: 2_000), to: "rides.csv")
        for (name, algorithm) in [("boosted", "xgboost"), ("linear", "logistic")] {
            try await reader.modelcast(
                "train", "--name", name, "--data", "rides.csv", "--label", "tips > 0.2 * fare", "--include",
                "fare", "--id", "trip", "--algorithm", algorithm, "--publish", "--output", "\(name)-made")
        }
        try await reader.python("make.py", workspace.path("."), site: false)
        var words = ["publish", "classes", "softprob.ubj"]
        for number in 0..<Self.attachments {
            try workspace.write("attachment \(number)", to: "part-\(number)")
            words += ["--attach", "part-\(number)"]
        }
        try await reader.modelcast(words)
        try await reader.modelcast("publish", "class", "softmax.json")
        // The newest version is not the one in production.
        try await reader.modelcast("publish", "boosted", "softmax.json")
        try await reader.modelcast("promote", "boosted", "2")
        try await reader.modelcast("promote", "boosted", "1")
    }

    private func check(_ report: PythonReader.Report, _ sample: Sample, events: Int) throws {
        let note = Comment(rawValue: "\(sample.name): \(report)")
        #expect(report.version == 1, note)
        #expect(report.format == sample.format, note)
        #expect(report.catalogSkipped.isEmpty, note)
        #expect(report.goldenRows == sample.goldenRows, note)
        #expect(report.events == events, note)
        #expect(report.different.isEmpty && report.missing.isEmpty && report.repeated == 0, note)
        #expect(report.exact + report.close == report.predictions, note)
        #expect(!sample.isExact || report.close == 0, note)
        let refused = report.refused.values.reduce(0, +)
        #expect(refused > 8, note)
        #expect(report.predictions == events - refused, note)
    }

    /// The files that the reader has rebuilt are those that were published.
    private func compareFiles(
        _ workspace: Workspace, _ report: PythonReader.Report, _ sample: Sample
    ) throws {
        if sample.goldenRows > 0 {
            let made = try FileManager.default.contentsOfDirectory(
                atPath: workspace.path("\(sample.name)-made"))
            #expect(Set(report.files.keys) == Set(made))
            for name in made {
                #expect(
                    try workspace.bytes("\(sample.name)/\(name)")
                        == workspace.bytes("\(sample.name)-made/\(name)"))
            }
        } else if sample.name == "classes" {
            #expect(report.files.keys.count { $0.hasPrefix("attachments/") } == Self.attachments)
            #expect(report.chunksDirect == 2, "one of the index, one of the files")
            #expect(try workspace.bytes("classes/softprob.ubj") == workspace.bytes("softprob.ubj"))
        } else {
            #expect(try workspace.bytes("class/softmax.json") == workspace.bytes("softmax.json"))
        }
    }

    /// Rides with four numbers more, some missing, for the models that come from elsewhere.
    private static func events(rows: Int) -> String {
        var random = SeededRandom(seed: 3)
        let lines = Rides.csv(rows: rows).split(separator: "\n")
        var text = "\(lines[0]),f0,f1,f2,f3\n"
        for line in lines.dropFirst() {
            let numbers = (0..<4).map { _ in random.unit() < 0.1 ? "" : "\(4 * random.unit() - 2)" }
            text += "\(line),\(numbers.joined(separator: ","))\n"
        }
        return text
    }
}

extension Workspace {
    fileprivate func bytes(_ name: String) throws -> Data { try Data(contentsOf: URL(filePath: path(name))) }
}
