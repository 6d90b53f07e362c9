import Basics
import EventLog
import EventLogTesting
import Snapshots
import Synchronization
import Testing

@testable import Catalog

/// Guarantee 4 where histories are cheap: thousands of them, with races, deaths between any two steps,
/// compaction anywhere and logs that fail.
@Suite(.serialized, .timeLimit(.minutes(60))) struct CatalogHistoriesUnderFire {
    @Test func everyReaderOfAnyHistoryComesToTheSame() {
        let count = Soak.scale(3_000, long: 60_000)
        var lost = 0
        var retired = 0
        for seed in Soak.seed..<Soak.seed + UInt64(count) {
            let outcome = CatalogPropertyTests().run(seed: seed)
            lost += outcome.lost
            retired += outcome.retired
            if let failure = outcome.failure {
                Issue.record("seed \(seed): \(failure)")
                return
            }
        }
        Soak.report(
            "simulated histories of the catalog", engine: "memory",
            ["histories": count, "lostClaims": lost, "retirements": retired])
    }

    /// What the racers were told.
    private struct Answers {
        var versions: [ModelVersion: [String]] = [:]
        var revisions: [AliasRevision] = []
        var failures = 0
        /// Changes of which nobody was told whether they took place.
        var unknown = 0
    }

    private final class Board: Sendable {
        let answers = Mutex(Answers())
        let isRunning = Atomic(true)
    }

    @Test func racersOnLogsThatFail() async throws {
        let runs = Soak.scale(15, long: 300)
        var failures = 0
        var versions = 0
        var changes = 0
        for seed in Soak.seed..<Soak.seed + UInt64(runs) {
            let answers = try await race(seed: seed)
            failures += answers.failures
            versions += answers.versions.count
            changes += answers.revisions.count
        }
        #expect(failures > 0, "no operation failed")
        Soak.report(
            "racing writers on logs that fail", engine: "memory",
            [
                "runs": runs, "racers": 8, "versions": versions, "changes": changes,
                "failedOperations": failures,
            ])
    }

    private func race(seed: UInt64) async throws -> Answers {
        let topics = TopicNames()
        let log = InMemoryLog()
        _ = try await log.create(topics.definitions)
        let board = Board()
        try await withThrowingTaskGroup(of: Void.self) { group in
            let compaction = Task {
                while board.isRunning.load(ordering: .relaxed) {
                    try log.compact(topics.catalog, dropsTombstones: true)
                    try await Task.sleep(for: .milliseconds(2))
                }
            }
            for racer in 0..<8 {
                group.addTask {
                    var random = SeededRandom(seed: seed &* 31 &+ UInt64(racer))
                    for _ in 0..<3 { try await Self.turn(log, "racer-\(racer)", &random, board) }
                }
            }
            try await group.waitForAll()
            board.isRunning.store(false, ordering: .relaxed)
            try await compaction.value
        }
        let told = board.answers.withLock { $0 }
        let follower = try await CatalogFollower.start(log: log)
        let entry = try await follower.asOfNow().model(model)
        await follower.close()
        let numbers = entry.versions.keys.map(\.number).sorted()
        #expect(numbers == Array(1...numbers.count), "seed \(seed): \(numbers)")
        for (version, racers) in told.versions {
            #expect(racers.count == 1, "seed \(seed): version \(version) was given to \(racers)")
            #expect(entry.versions[version]?.manifest?.publisher == racers[0], "seed \(seed)")
        }
        #expect(told.versions.count + told.unknown >= numbers.count, "seed \(seed)")
        let revisions = told.revisions.map(\.revision)
        #expect(Set(revisions).count == revisions.count, "seed \(seed): two made one revision: \(revisions)")
        for revision in told.revisions {
            #expect((revision.replaces?.revision ?? 0) + 1 == revision.revision, "seed \(seed): \(revision)")
        }
        return told
    }

    /// One racer publishes and promotes through a log of which one operation fails; its process then ends.
    private static func turn(
        _ log: InMemoryLog, _ name: String, _ random: inout SeededRandom, _ board: Board
    ) async throws {
        let moment: FaultPlan.Moment = Bool.random(using: &random) ? .before : .after
        let plan = FaultPlan(
            failing: Int.random(in: 0...24, using: &random), of: [.open, .read, .seek, .send], moment)
        do {
            let own = FaultyLog(log.anotherProcess(), plan: plan)
            let follower = try await CatalogFollower.start(log: own)
            let writer = CatalogWriter(log: own, follower: follower, author: name)
            do {
                let claimed = try await writer.claimVersion(of: model) { makeManifest($0, by: name) }
                board.answers.withLock { $0.versions[claimed.manifest.version, default: []].append(name) }
                let change = try await writer.promote(model, .production, to: claimed.manifest.version)
                board.answers.withLock { $0.revisions.append(change.revision) }
            } catch {
                board.answers.withLock { $0.unknown += 1 }
            }
            await writer.close()
            await follower.close()
        } catch {
            guard plan.hasFired else { throw error }
        }
        if plan.hasFired { board.answers.withLock { $0.failures += 1 } }
    }
}
