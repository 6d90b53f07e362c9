import EventLogTesting
import Testing

/// Snapshots of any size arrive whole, whatever becomes of their publisher: killed at random points and
/// started again, it sends no finished chunk twice; subscribers that were there before, came meanwhile or
/// come afterwards have the same bytes; and nobody needs memory for more than a few windows of chunks.
@Suite(.serialized, .timeLimit(.minutes(90))) struct PublishingUnderFire {
    private static let kafka = Comment(rawValue: RealKafka.absence)
    private static let memoryMax = 200 << 20

    @Test(.enabled(if: RealKafka.isAvailable, kafka)) func aLargeSnapshotOnKafka() async throws {
        try await run(.kafka, bytes: Soak.scale(24 << 20, long: 1 << 30), parts: 0)
    }

    @Test func aLargeSnapshotOnTheEmbeddedLog() async throws {
        try await run(.embedded, bytes: Soak.scale(24 << 20, long: 1 << 30), parts: 0)
    }

    /// So many files that their list is stored as chunks itself.
    @Test(.enabled(if: RealKafka.isAvailable, kafka)) func aLongListOnKafka() async throws {
        try await run(.kafka, bytes: Soak.scale(8 << 20, long: 256 << 20), parts: 2_600)
    }

    @Test func aLongListOnTheEmbeddedLog() async throws {
        try await run(.embedded, bytes: Soak.scale(8 << 20, long: 256 << 20), parts: 2_600)
    }

    /// The chunks' topic is rewritten under the hands of those who read it.
    @Test(.enabled(if: RealKafka.isAvailable, kafka), .enabled(if: Soak.isLong, "only in the long form"))
    func aLargeSnapshotWhileKafkaCompacts() async throws {
        try await run(.kafka, bytes: 256 << 20, parts: 0, isCompacting: true)
    }

    private func run(
        _ engine: FireSite.Engine, bytes: Int, parts: Int, isCompacting: Bool = false
    ) async throws {
        let site = try await FireSite(engine, isCompacting: isCompacting)
        let publication = try LargePublication(
            site, bytes: bytes, parts: parts, kills: Soak.scale(parts == 0 ? 3 : 1, long: 10), seed: Soak.seed
        )
        let counts = try await publication.run()
        let publisher = publication.memory.peak(of: "publisher")
        let subscriber = publication.memory.peak(of: "subscriber")
        #expect(publisher > 0 && publisher < Self.memoryMax, "the publisher's peak is \(publisher) bytes")
        #expect(subscriber > 0 && subscriber < Self.memoryMax, "a subscriber's peak is \(subscriber) bytes")
        Soak.report(
            isCompacting
                ? "a large snapshot while the topic is compacted"
                : parts == 0 ? "a large snapshot" : "a list too long for a record", engine: engine.rawValue,
            [
                "bytes": bytes, "files": parts + 3, "kills": counts.kills, "chunks": counts.chunks,
                "records": counts.records, "doubled": counts.doubled, "journalledAtKills": counts.noted,
                "sentByTheLast": counts.sentByTheLast, "subscribers": 4,
                "publisherPeakKilobytes": publisher >> 10, "subscriberPeakKilobytes": subscriber >> 10,
            ])
    }
}
