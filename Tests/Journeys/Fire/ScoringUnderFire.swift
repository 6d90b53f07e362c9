import Basics
import Catalog
import EventLogTesting
import Foundation
import Scoring
import Synchronization
import Testing

extension Fire {
    /// Exactly-once scoring while everything around it dies: scorers are killed at random moments, join and
    /// leave, versions change, brokers are killed and come back. Afterwards each event has ended once, as its
    /// version has it.
    @Suite(.serialized, .timeLimit(.minutes(Soak.isLong ? 30 : 5))) struct ScoringUnderFire {
        private struct Plan {
            var events = Soak.scale(20_000, long: 500_000)
            var kills = Soak.scale(4, long: 100)
            var versions = Soak.scale(3, long: 10)
            var instancesMax = 3
            var badEvery = 250
            /// Kills between two deaths of a broker.
            var killsPerBroker = Soak.scale(3, long: 15)
        }

        @Test(arguments: FireEngine.available)
        func eachEventEndsOnceWhateverDies(engine: FireEngine) async throws {
            let plan = Plan()
            var random = SeededRandom(seed: Soak.seed)
            let began = ContinuousClock.now
            let stream = try await FireStream(engine)
            try await stream.publish(1)
            let fleet = ScorerFleet(stream)
            try fleet.join()
            try fleet.join()
            // Events flow all the while: each kill lets more of them through, the last share comes at the
            // end.
            let share = plan.events / (plan.kills + 2)
            let allowed = Allowance(share)
            let sender = Task {
                try await stream.send(1...plan.events, badEvery: plan.badEvery, size: 200) { allowed.count }
            }
            var versions = 1
            var brokers = 0
            while fleet.kills < plan.kills {
                let due = fleet.kills * (plan.versions - 1) / max(1, plan.kills - 1) + 1
                if versions < min(due, plan.versions), fleet.isLive(versions) {
                    versions += 1
                    try await stream.publish(versions)
                }
                try await Task.sleep(for: .milliseconds(Int64.random(in: 50...1_800, using: &random)))
                switch Int.random(in: 0..<10, using: &random) {
                case 0 where fleet.count < plan.instancesMax, 1 where fleet.count < 2: try fleet.join()
                case 2: try await fleet.leave(using: &random)
                default: try await fleet.kill(using: &random)
                }
                allowed.raise(to: share * (fleet.kills + 1))
                if let kafka = stream.kafka, fleet.kills / plan.killsPerBroker > brokers {
                    let victim = engine == .kafka ? 1 : brokers % 3 + 1
                    brokers += 1
                    try await kafka.kill(broker: victim)
                    try await Task.sleep(for: .milliseconds(Int64.random(in: 0...2_000, using: &random)))
                    try await kafka.restart(broker: victim)
                }
            }
            while versions < plan.versions {
                try await fleet.replaceEnded()
                // What is live everywhere gets its share of the events before the next one comes.
                if fleet.isLiveEverywhere(versions) {
                    try await stream.log.waitUntilScored(stream.topics.events, by: stream.group)
                    allowed.raise(to: allowed.count + share / plan.versions)
                    try await Task.sleep(for: .milliseconds(200))
                    try await stream.log.waitUntilScored(stream.topics.events, by: stream.group)
                    versions += 1
                    try await stream.publish(versions)
                }
                try await Task.sleep(for: .milliseconds(50))
            }
            while !fleet.isLiveEverywhere(versions) {
                try await fleet.replaceEnded()
                try await Task.sleep(for: .milliseconds(50))
            }
            allowed.raise(to: .max)
            try await sender.value
            try await fleet.end()
            let audit = try await stream.expectEachOnce(events: plan.events, badEvery: plan.badEvery)
            // In a short run a version may come and go while nobody lives to score with it.
            let made = try audit.versions
            #expect(made.count >= Soak.scale(2, long: plan.versions), "seed \(Soak.seed): \(made)")
            #expect(made.last == plan.versions, "seed \(Soak.seed): \(made)")
            // A scorer may give up when its broker is away for longer than a transaction may last, or when
            // the group's next coordinator takes it for its killed predecessor; it has to say so, and nothing
            // else ends one.
            let unexplained = fleet.ownEnds.filter {
                brokers == 0 || !$0.contains(#/{"error":{"code":"(log|replaced)"/#)
            }
            #expect(unexplained.isEmpty, "seed \(Soak.seed): \(unexplained.prefix(3))")
            Soak.report(
                "ScoringUnderFire.eachEventEndsOnceWhateverDies", engine: engine.rawValue,
                [
                    "events": plan.events, "kills": fleet.kills, "joins": fleet.joins, "leaves": fleet.leaves,
                    "brokerKills": brokers, "versions": try audit.versions.count,
                    "recomputed": try audit.count("recomputed"),
                    "deadLetters": try audit.count("deadLetters"),
                    "lost": try audit.count("lost"), "doubled": try audit.count("doubled"),
                    "differing": try audit.count("differing"), "refusedStarts": fleet.refusedStarts,
                    "gaveUp": fleet.ownEnds.count,
                    "seconds": Int(began.duration(to: .now).seconds),
                ])
            await stream.close()
        }

        /// Without transactions events may come twice, but none is lost, and each is what its version makes
        /// of it.
        @Test(arguments: FireEngine.available)
        func atLeastOnceLosesNothing(engine: FireEngine) async throws {
            let events = Soak.scale(10_000, long: 200_000)
            let turns = Soak.scale(6, long: 60)
            var random = SeededRandom(seed: Soak.seed)
            let stream = try await FireStream(engine)
            try await stream.publish(1)
            let fleet = ScorerFleet(stream, delivery: .atLeastOnce)
            try fleet.join()
            try fleet.join()
            let allowed = Allowance(events / (turns + 1))
            let sender = Task {
                try await stream.send(1...events, badEvery: 250, size: 200) { allowed.count }
            }
            for turn in 1...turns {
                try await Task.sleep(for: .milliseconds(Int64.random(in: 50...1_800, using: &random)))
                switch turn % 3 {
                case 0: try await fleet.leave(using: &random)
                case 1: try await fleet.kill(using: &random)
                default: try fleet.join()
                }
                allowed.raise(to: events / (turns + 1) * (turn + 1))
            }
            allowed.raise(to: .max)
            try await sender.value
            try await stream.log.waitUntilScored(stream.topics.events, by: stream.group)
            try await fleet.end()
            let audit = try await stream.workspace.audit("sum", stream.words)
            #expect(try audit.count("events") == events, "\(audit.outcome)")
            for fault in ["lost", "notYetScored", "unfounded", "differing", "unknownVersion", "unreadable"] {
                #expect(try audit.count(fault) == 0, "seed \(Soak.seed): \(fault) in \(audit.outcome)")
            }
            // Who leaves while the group shares its work anew says what it could not commit.
            let unexplained = fleet.ownEnds.filter { !$0.contains("read again by the next instance") }
            #expect(unexplained.isEmpty, "seed \(Soak.seed): \(unexplained.prefix(3))")
            Soak.report(
                "ScoringUnderFire.atLeastOnceLosesNothing", engine: engine.rawValue,
                [
                    "events": events, "kills": fleet.kills, "joins": fleet.joins, "leaves": fleet.leaves,
                    "lost": try audit.count("lost"), "doubled": try audit.count("doubled"),
                    "differing": try audit.count("differing"), "gaveUp": fleet.ownEnds.count,
                ])
            await stream.close()
        }
    }
}

/// How far a sender may go.
private final class Allowance: Sendable {
    private let number: Atomic<Int>

    init(_ number: Int) { self.number = Atomic(number) }

    var count: Int { number.load(ordering: .relaxed) }

    func raise(to count: Int) { number.store(count, ordering: .relaxed) }
}
