import Basics
import Catalog
import EventLog
import EventLogTesting
import Foundation
import Testing

extension Fire {
    /// More than a scorer can take: a backlog, a log that stands still, nothing but bad events.
    @Suite(.serialized, .timeLimit(.minutes(Soak.isLong ? 40 : 5))) struct BackpressureUnderFire {
        static let engines: [FireEngine] = RealKafka.isAvailable ? [.embedded, .kafka] : [.embedded]

        /// How much more memory the last quarter of a backlog may hold than the third: what the allocator and
        /// the client library keep in reserve. Before, the client's bounded queues fill. A backlog that was
        /// held would be a multiple of it in the long form.
        static let allowanceKilobytes = 96 << 10

        @Test(arguments: engines)
        func aBacklogIsScoredInFlatMemory(engine: FireEngine) async throws {
            let events = Soak.scale(50_000, long: 5_000_000)
            let stream = try await FireStream(engine)
            try await stream.publish(1)
            try await stream.send(1...events, badEvery: 1_000)
            let scorer = try stream.workspace.start(
                ["score", "--model", "sum", "--once", "--format", "json"] + stream.words)
            let memory = await MemoryTrace.samples(of: scorer.processIdentifier)
            let outcome = await scorer.outcome()
            #expect(outcome.code == 0, "\(outcome)")
            #expect(try outcome.summary["events"] as? Int == events)
            let quarter = memory.resident.count / 4
            let early = memory.resident.dropLast(quarter).suffix(max(1, quarter)).max() ?? 0
            let late = memory.resident.suffix(max(1, quarter)).max() ?? 0
            #expect(memory.resident.count >= 8, "too few samples to tell: \(memory.resident)")
            #expect(late <= early + Self.allowanceKilobytes, "\(memory.resident)")
            try await stream.workspace.audit("sum", stream.words)
                .expectClean(events: events, deadLetters: events / 1_000)
            Soak.report(
                "BackpressureUnderFire.aBacklogIsScoredInFlatMemory", engine: engine.rawValue,
                [
                    "events": events, "thirdQuarterKilobytes": early, "lastQuarterKilobytes": late,
                    "peakKilobytes": memory.peak,
                    "eventsPerSecond": Int(try outcome.summary["eventsPerSecond"] as? Double ?? 0),
                ])
            await stream.close()
        }

        /// The broker stops answering, again and again, as a log does that cannot keep up: the scorer waits,
        /// holds no more than before, and goes on.
        @Test(.enabled(if: RealKafka.isAvailable, Comment(rawValue: RealKafka.absence)))
        func aLogThatStandsStillLosesNothing() async throws {
            let events = Soak.scale(20_000, long: 2_000_000)
            let stops = Soak.scale(2, long: 20)
            var random = SeededRandom(seed: Soak.seed)
            let stream = try await FireStream(.kafka)
            let kafka = try #require(stream.kafka)
            try await stream.publish(1)
            try await stream.send(1...events, badEvery: 1_000)
            let scorer = try stream.workspace.start(
                ["score", "--model", "sum", "--instance", "slow", "--format", "json"] + stream.words)
            async let watching = MemoryTrace.samples(of: scorer.processIdentifier)
            for _ in 0..<stops {
                try await Task.sleep(for: .milliseconds(Int64.random(in: 100...600, using: &random)))
                try kafka.suspend()
                try await Task.sleep(for: .milliseconds(Int64.random(in: 500...1_500, using: &random)))
                try kafka.resume()
            }
            try await stream.log.waitUntilScored(stream.topics.events, by: stream.group)
            scorer.signal(SIGTERM)
            let outcome = await scorer.outcome()
            let memory = await watching
            #expect(outcome.code == 0, "seed \(Soak.seed): \(outcome)")
            #expect(try outcome.summary["events"] as? Int == events)
            let quarter = memory.resident.count / 4
            let early = memory.resident.prefix(max(1, quarter)).max() ?? 0
            #expect(memory.peak <= early + Self.allowanceKilobytes, "\(memory.resident)")
            try await stream.workspace.audit("sum", stream.words)
                .expectClean(events: events, deadLetters: events / 1_000)
            Soak.report(
                "BackpressureUnderFire.aLogThatStandsStillLosesNothing", engine: "kafka",
                [
                    "events": events, "stops": stops, "firstQuarterKilobytes": early,
                    "peakKilobytes": memory.peak,
                ])
            await stream.close()
        }

        /// Nothing but bad events: none is lost, and each dead letter is the untouched record with its
        /// reason. The rate is counted beside that of good events.
        @Test(arguments: engines)
        func aStormOfBadEventsLosesNothing(engine: FireEngine) async throws {
            let events = Soak.scale(5_000, long: 1_000_000)
            var good: [Double] = []
            var bad: [Double] = []
            for round in 0..<Soak.scale(1, long: 3) {
                let calm = try await FireStream(engine)
                good.append(try await rate(calm, events: events, badEvery: .max))
                await calm.close()
                let storm = try await FireStream(engine)
                bad.append(try await rate(storm, events: events, badEvery: 1))
                if round == 0 { try await expectUntouched(storm, events: events) }
                await storm.close()
            }
            let ratio = bad.sorted()[bad.count / 2] / max(1, good.sorted()[good.count / 2])
            Soak.report(
                "BackpressureUnderFire.aStormOfBadEventsLosesNothing", engine: engine.rawValue,
                [
                    "events": events * bad.count, "goodPerSecond": Int(good.sorted()[good.count / 2]),
                    "badPerSecond": Int(bad.sorted()[bad.count / 2]), "percentOfGood": Int(ratio * 100),
                ])
        }

        private func rate(_ stream: FireStream, events: Int, badEvery: Int) async throws -> Double {
            try await stream.publish(1)
            try await stream.send(1...events, badEvery: badEvery)
            let scored = try await stream.workspace.start(
                ["score", "--model", "sum", "--once", "--format", "json"] + stream.words
            ).outcome()
            #expect(scored.code == 0, "\(scored)")
            try await stream.workspace.audit("sum", stream.words)
                .expectClean(events: events, deadLetters: badEvery == 1 ? events : 0)
            return try scored.summary["eventsPerSecond"] as? Double ?? 0
        }

        private func expectUntouched(_ stream: FireStream, events: Int) async throws {
            var inputs: [[UInt8]: Record] = [:]
            try await stream.log.scan(stream.topics.events) { inputs[$0.key ?? []] = $0 }
            var letters = 0
            try await stream.log.scan(stream.topics.deadLetter) { letter in
                guard let input = inputs.removeValue(forKey: letter.key ?? []) else {
                    Issue.record("\(letter) is one too many, or of no event")
                    return
                }
                let place =
                    "\(stream.topics.events):\(input.partition?.number ?? -1):\(input.offset?.number ?? -1)"
                letters += 1
                guard letter.value == input.value,
                    letter.headers.contains(Header("modelcast-reason", "wrong-type")),
                    letter.headers.contains(Header("modelcast-source", place))
                else {
                    Issue.record("\(letter) is not the dead letter of \(input)")
                    return
                }
            }
            #expect(letters == events && inputs.isEmpty)
        }
    }
}
