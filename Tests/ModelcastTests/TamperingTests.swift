import Basics
import Catalog
import EventLog
import EventLogTesting
import Foundation
import ModelcastTesting
import Snapshots
import Testing

@testable import Modelcast

/// Guarantee 2's and 5's share of trust: what was altered on its way is refused, and what runs goes on.
@Suite struct TamperingTests {
    /// A bus whose consumer runs version 1 and is about to see version 2 through `change`; returns its
    /// status once it has dealt with that, and whether version 1 still runs.
    private func consume(
        _ change: @escaping @Sendable (Record) -> Record?
    ) async throws -> (status: FleetStatus.Subscription, keepsFirst: Bool) {
        let bus = try await TestBus()
        let fares = try await bus.subscription("fare")
        try await bus.publishUnchecked(SampleModel(bias: 1))
        let first = try await bus.live(fares, version: 1)
        bus.log.changeReads(change)
        try await bus.publishUnchecked(SampleModel(bias: 2))
        // The subscription reads on its own; what it settles on is what counts.
        let end = try await bus.memory.watermarks(of: bus.topics.catalog)[Partition(0)]!.high
        try await fares.follower.reach(end)
        let status = try await settle(fares)
        let keeps = fares.current === first
        await fares.close()
        return (status, keeps)
    }

    private func settle(_ fares: Subscription) async throws -> FleetStatus.Subscription {
        // A moment for the state to reach the driver, then for its work to end.
        for _ in 0..<5_000 {
            let status = await fares.status()
            let catalog = await fares.follower.state
            let wanted = try? catalog.resolve(fares.reference).version
            let isSeen = (status.wanted ?? status.version) == wanted
            if isSeen, ["live", "refused", "waiting"].contains(status.state) { return status }
            try await Task.sleep(for: .milliseconds(2))
        }
        return await fares.status()
    }

    @Test(
        .timeLimit(.minutes(2)),
        arguments: [
            (#""digest":"([0-9a-f])"#, "every digest"), (#""size":([0-9])"#, "every size"),
            (#""partition":([0-9])"#, "the partition"),
            (#""bytes":([0-9])"#, "the total"), (#""fileCount":([0-9])"#, "the file count"),
            (#""format":"(n)"#, "the format"), (#""modelFile":"(m)"#, "the model file"),
            (#""path":"(.)"#, "every path"), (#""kind":"(v)"#, "the kind"), (#""model":"(f)"#, "the model"),
            (#""wire":([0-9])"#, "the wire format"),
        ])
    func anAlteredManifestIsRefusedWhileTheOldModelRuns(pattern: String, name: String) async throws {
        let regex = try NSRegularExpression(pattern: pattern)
        // How often the pattern occurs in such a manifest: alter one occurrence at a time.
        let probe = try await TestBus()
        try await probe.publishUnchecked(SampleModel(bias: 2))
        let state = try await CatalogFollower.start(log: probe.memory).asOfNow()
        let text = String(decoding: state.models["fare"]!.newest!.bytes, as: UTF8.self)
        let count = regex.numberOfMatches(in: text, range: NSRange(text.startIndex..., in: text))
        #expect(count > 0)
        for index in 0..<count {
            let result = try await consume { record in
                guard record.topic == "modelcast.catalog", let value = record.value else { return nil }
                let text = String(decoding: value, as: UTF8.self)
                guard text.contains(#""version":2"#) else { return nil }
                let matches = regex.matches(in: text, range: NSRange(text.startIndex..., in: text))
                guard index < matches.count, let range = Range(matches[index].range(at: 1), in: text) else {
                    return nil
                }
                var changed = record
                let old = text[range]
                changed.value = Array(text.replacingCharacters(in: range, with: old == "1" ? "2" : "1").utf8)
                // As a writer of wrong manifests would send it; a change on the way is another matter.
                return changed.withDigest()
            }
            #expect(result.keepsFirst, "\(name), occurrence \(index): \(result.status)")
        }
    }

    /// Compaction moves chunks, so an offset is a hint: the chunk is found by its key.
    @Test(.timeLimit(.minutes(1))) func aWrongOffsetCostsAScanAndNothingElse() async throws {
        let result = try await consume { record in
            guard record.topic == "modelcast.catalog", let value = record.value else { return nil }
            let text = String(decoding: value, as: UTF8.self)
            guard text.contains(#""version":2"#) else { return nil }
            var changed = record
            changed.value = Array(text.replacing(#""offset":"#, with: #""offset":7"#).utf8)
            return changed.withDigest()
        }
        #expect(!result.keepsFirst && result.status.version == 2 && result.status.state == "live")
    }

    @Test(.timeLimit(.minutes(2))) func aFlippedBitOfAChunkIsRefusedWhileTheOldModelRuns() async throws {
        var random = SeededRandom(seed: 7)
        for _ in 0..<24 {
            let place = Int.random(in: 0..<1_000_000, using: &random)
            let bit = UInt8(1) << UInt8.random(in: 0..<8, using: &random)
            let result = try await consume { record in
                guard record.topic == "modelcast.chunks", var value = record.value else { return nil }
                value[place % value.count] ^= bit
                var changed = record
                changed.value = value
                return changed
            }
            // A bit that zstd ignores (a reserved one of the frame's header) leaves the content right.
            let isSame = result.status.version == 2 && result.status.state == "live"
            #expect(result.keepsFirst || isSame, "byte \(place), bit \(bit): \(result.status)")
            if result.keepsFirst {
                let codes = result.status.refused.map(\.code)
                #expect(codes == ["chunk-corrupt"] || codes == ["digest-mismatch"], "\(codes)")
            }
        }
    }

    /// A frame that would unpack to far more than the manifest states.
    @Test(.timeLimit(.minutes(1))) func aBombIsRefusedWhileTheOldModelRuns() async throws {
        let bomb = try await TamperingTests.bomb()
        let result = try await consume { record in
            guard record.topic == "modelcast.chunks" else { return nil }
            var changed = record
            changed.value = bomb
            return changed
        }
        #expect(result.keepsFirst && result.status.refused.map(\.code) == ["chunk-corrupt"])
    }

    /// 768 KiB of zeros as a frame: what the writer makes of a file of zeros.
    private static func bomb() async throws -> [UInt8] {
        let bus = try await TestBus()
        let writer = SnapshotWriter(log: bus.memory, topic: bus.topics.chunks)
        let file = SnapshotFile(path: "zeros", source: .bytes([UInt8](repeating: 0, count: 786_432)))
        let written = try await writer.write(try await writer.describe([file]))
        guard case .inline(let contents) = written.location else { return [] }
        let chunk = contents.chunks[0]
        let start: [TopicPartition: StartPosition] = [
            TopicPartition(bus.topics.chunks, chunk.partition): .offset(chunk.offset)
        ]
        let reader = try await bus.memory.reader(ReaderOptions(start: start))
        var batch = RecordBatch()
        _ = try await reader.read(into: &batch, limit: ReadLimit(), wait: .seconds(5))
        return batch.record(at: 0).value ?? []
    }
}
