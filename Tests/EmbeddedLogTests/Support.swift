import Basics
import Dispatch
import EmbeddedLog
import EventLog
import Foundation
import Testing

/// A file of its own for one test, removed with everything beside it.
final class TemporaryLog: Sendable {
    let folder: String
    var path: String { folder + "/log.db" }

    init() throws {
        folder = NSTemporaryDirectory() + "embedded-log-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: folder)
    }
}

extension EmbeddedLog {
    /// Opens without waiting for the disk: what a test kills is the process, not the machine.
    static func openFast(_ path: String, limits: EmbeddedLogLimits = EmbeddedLogLimits()) async throws
        -> EmbeddedLog
    {
        var options = EmbeddedLogOptions()
        options.durability = .normal
        options.limits = limits
        return try await open(path: path, options: options)
    }

    /// Every record of `topic`, as a new reader sees it.
    func readAll(_ topic: TopicName) async throws -> [Record] {
        let count = try await partitionCount(of: topic) ?? 0
        var open = Set((0..<count).map { TopicPartition(topic, $0) })
        let reader = try await reader(
            ReaderOptions(start: Dictionary(uniqueKeysWithValues: open.map { ($0, .earliest) })))
        var records: [Record] = []
        var batch = RecordBatch()
        while !open.isEmpty {
            batch.removeAll()
            if case .caughtUp(let ends) = try await reader.read(
                into: &batch, limit: ReadLimit(), wait: .seconds(5))
            {
                open.subtract(ends.keys)
            }
            records += batch.records
        }
        await reader.close(deadline: .seconds(5))
        return records
    }
}

/// The seed of a random test, printed so that a failure can be repeated with `MODELCAST_SEED`.
func testSeed(_ test: String) -> UInt64 {
    let seed =
        ProcessInfo.processInfo.environment["MODELCAST_SEED"].flatMap { UInt64($0) }
        ?? UInt64.random(in: 0...UInt64(Int64.max))
    FileHandle.standardError.write(Data("\(test): MODELCAST_SEED=\(seed)\n".utf8))
    return seed
}

extension Record {
    var text: String { String(decoding: value ?? [], as: UTF8.self) }
}

/// Lines that a child process leaves for its parent, one `write` each, so that a kill leaves whole lines
/// only.
enum Lines {
    static func append(_ line: String, to path: String) {
        let file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        var bytes = Array((line + "\n").utf8)
        _ = write(file, &bytes, bytes.count)
        close(file)
    }

    static func read(_ path: String) -> [String] {
        let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
        return text.split(separator: "\n").map(String.init)
    }
}

/// Ends this process as `kill -9` does, after `delay`.
func killSelf(after delay: Duration) {
    let milliseconds = Int(delay.wholeMilliseconds)
    DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(milliseconds)) {
        kill(getpid(), SIGKILL)
    }
}
