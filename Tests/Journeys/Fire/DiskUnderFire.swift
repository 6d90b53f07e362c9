import Catalog
import EventLogTesting
import Glibc
import Testing

/// The disk of an embedded log is full, for real: nothing is lost, what is not written is told, and with room
/// again everything goes on.
@Suite(
    .serialized, .timeLimit(.minutes(20)),
    .enabled(if: SmallDisk.isAvailable, "a file system to fill up can only be mounted by root"))
struct DiskUnderFire {
    @Test func aFullDiskLosesNothing() async throws {
        let workspace = try Workspace()
        let disk = try SmallDisk(workspace.path("disk"), megabytes: Soak.scale(80, long: 800))
        let stream = try await FireStream(.embedded, in: workspace, folder: "disk")
        try await stream.publish(1)
        let scorer = try workspace.start(["score", "--model", "sum"] + stream.words)
        #expect(try await scorer.wait { $0.errorOutput.contains("model is live") })
        var sent = 0
        let rounds = Soak.scale(2, long: 10)
        for round in 1...rounds {
            try disk.fill(leaving: 6)
            // More than there is room for.
            let rows = sent + 1...sent + 200_000
            try workspace.writeEvents(rows, badEvery: 1_000, to: "events-\(round).csv")
            let outcome = try await workspace.start(
                ["events", "send", "events-\(round).csv", "--id", "id"] + stream.words
            ).outcome()
            #expect(outcome.code == 1, "\(outcome)")
            #expect(outcome.error.contains("database or disk is full"), "\(outcome)")
            let told = try #require(outcome.error.firstMatch(of: /send the rows from number (\d+) on again/))
            sent += try #require(Int(told.1)) - 1
            // The scorer is behind, and has no room either.
            try await Task.sleep(for: .seconds(1))
            #expect(scorer.isRunning, "\(scorer.errorOutput)")
            try disk.makeRoom()
            try await stream.log.waitUntilScored(stream.topics.events, by: stream.group)
        }
        scorer.signal(SIGTERM)
        let outcome = await scorer.outcome()
        #expect(outcome.code == 0, "\(outcome)")
        // Not a thousand times a minute: it tries again with pauses.
        let failures = outcome.error.split(separator: "\n").count { $0.contains("transaction failed") }
        #expect(failures < rounds * 20, "\(failures) in \(rounds) rounds")
        let audit = try await workspace.audit("sum", stream.words)
        try audit.expectClean(events: sent, deadLetters: (1...sent).count { $0 % 1_000 == 0 })
        Soak.report(
            "DiskUnderFire.aFullDiskLosesNothing", engine: "embedded",
            ["events": sent, "fullDisks": rounds, "failedTransactions": failures])
        await stream.close()
    }
}
