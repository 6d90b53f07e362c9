import Catalog
import EventLog
import EventLogTesting
import Foundation
import Snapshots
import Testing

/// Programs that run while damaged versions arrive: each keeps the version that it has and says why in the
/// fleet topic; programs that are asked for such a version end with 1; and the first sound version is taken.
@Suite(.serialized, .timeLimit(.minutes(60))) struct BitFlipsUnderFire {
    private struct Counts {
        var byTarget: [DamagedVersions.Target: Int] = [:]
        var same = 0
        var commands = 0
    }

    @Test(.enabled(if: RealKafka.isAvailable, Comment(rawValue: RealKafka.absence)))
    func programsOnKafka() async throws {
        try await run(.kafka)
    }

    @Test func programsOnTheEmbeddedLog() async throws {
        try await run(.embedded)
    }

    private func run(_ engine: FireSite.Engine) async throws {
        let site = try await FireSite(engine)
        try site.writeModel("first", bias: 1)
        let published = try await site.run([
            "publish", "fare", "first/model.json", "--schema", "first/schema.json", "--alias", "production",
        ])
        #expect(published.code == 0, "\(published)")
        let scorer = try site.start(["score", "--model", "fare@production", "--instance", "scorer"])
        let subscriber = try site.start([
            "subscribe", "fare@production", "--download", "downloads", "--cache", "cache-2", "--instance",
            "subscriber",
        ])
        let log = try await site.log()
        try await wait("both run version 1", log, site) { $0.count == 2 && $0.allSatisfy { $0.version == 1 } }
        let counts = try await damage(site, log)
        let predictions = try await predictions(site)
        #expect(predictions.count == 2)
        for program in [scorer, subscriber] {
            program.signal(SIGTERM)
            let outcome = await program.outcome()
            #expect(outcome.code == 0, "\(outcome)")
        }
        await log.close(deadline: .seconds(5))
        Soak.report(
            "damaged versions and running programs", engine: engine.rawValue,
            [
                "chunks": counts.byTarget[.chunk] ?? 0, "manifests": counts.byTarget[.manifest] ?? 0,
                "aliases": counts.byTarget[.alias] ?? 0, "sameMeaning": counts.same,
                "commandsRefused": counts.commands,
            ])
    }

    /// Damaged versions one after another, then a sound one; events at both ends.
    private func damage(_ site: FireSite, _ log: any EventLog) async throws -> Counts {
        let follower = try await CatalogFollower.start(log: log, topics: site.topics)
        let first = try #require(await follower.state.models["fare"]?.aliases[.production]?.revision)
        await follower.close()
        let versions = try await DamagedVersions(site, log: log, after: first, seed: Soak.seed)
        var counts = Counts()
        var running: ModelVersion = 1
        for round in 0..<Soak.scale(12, long: 600) {
            let target = DamagedVersions.Target.allCases[round % 3]
            let written = try await versions.write(target)
            let said = try await wait("\(written)", log, site) { all in
                all.allSatisfy { Self.says($0, written) || $0.version == written.version }
            }
            if said.allSatisfy({ $0.version == written.version }), target == .chunk {
                // Bits of a frame that carry no meaning: the content has its digest.
                counts.same += 1
                running = written.version
            }
            #expect(said.allSatisfy { $0.version == running }, "\(written): \(said)")
            counts.byTarget[target, default: 0] += 1
            if round < 6 || round % 50 == 0 { counts.commands += try await ask(site, written, running) }
        }
        try await event(site, "before", version: running)
        let sound = try await versions.writeSound()
        try await wait("a sound version", log, site) { $0.allSatisfy { $0.version == sound } }
        try await event(site, "after", version: sound)
        return counts
    }

    /// Whether the instance gives the damage as a reason: a refused version, or a record that it skipped.
    private static func says(
        _ status: FleetStatus.Subscription, _ written: DamagedVersions.Written
    ) -> Bool {
        switch written.target {
        case .chunk: status.refused.contains { $0.version == written.version && !$0.message.isEmpty }
        case .manifest, .alias:
            status.skipped.contains { $0.offset == written.place.offset && !$0.reason.isEmpty }
        }
    }

    /// Commands for the damaged version end with 1 and leave nothing behind; how many were asked.
    private func ask(
        _ site: FireSite, _ written: DamagedVersions.Written, _ running: ModelVersion
    ) async throws -> Int {
        guard written.target != .alias, written.version != running else { return 0 }
        let name = "fare@\(written.version)"
        for words in [
            ["models", "verify", name], ["models", "export", name, "exported"],
            ["subscribe", name, "--download", "taken", "--once"],
            ["learn", "--model", "online-\(written.version)", "--base", name, "--once"],
        ] where written.target == .chunk || words[0] == "models" {
            let outcome = try await site.run(words)
            #expect(outcome.code == 1, "\(outcome)")
            #expect(!outcome.error.isEmpty, "\(outcome)")
            // Not for another reason.
            if written.target == .chunk { #expect(outcome.error.contains("chunk"), "\(outcome)") }
            if written.target == .manifest {
                #expect(outcome.error.contains("a record of the catalog was skipped"), "\(outcome)")
            }
        }
        #expect(!site.workspace.exists("exported") && !site.workspace.exists("taken/\(written.version)"))
        return written.target == .chunk ? 4 : 2
    }

    // MARK: What the programs do and say

    /// Sends an event and waits for its prediction, which must name `version`.
    private func event(_ site: FireSite, _ id: String, version: ModelVersion) async throws {
        try site.workspace.write("id,fare,miles\n\(id),2,3\n", to: "\(id).csv")
        let sent = try await site.run(["events", "send", "\(id).csv", "--id", "id"])
        #expect(sent.code == 0, "\(sent)")
        let deadline = ContinuousClock.now + .seconds(60)
        while ContinuousClock.now < deadline {
            if let found = try await predictions(site)[id] {
                #expect(found == version.number, "event \(id)")
                return
            }
            try await Task.sleep(for: .milliseconds(100))
        }
        Issue.record("no prediction of event \(id)")
    }

    /// The version that scored each event.
    private func predictions(_ site: FireSite) async throws -> [String: Int] {
        var versions: [String: Int] = [:]
        try await site.scan(site.topics.predictions) { record in
            let value = record.value.flatMap { try? JSONSerialization.jsonObject(with: Data($0)) }
            guard let object = value as? [String: Any], let id = object["id"] as? String else { return }
            versions[id] = object["version"] as? Int
        }
        return versions
    }

    /// What the running programs say of the model, once `condition` holds.
    @discardableResult
    private func wait(
        _ what: String, _ log: any EventLog, _ site: FireSite,
        until condition: ([FleetStatus.Subscription]) -> Bool
    ) async throws -> [FleetStatus.Subscription] {
        let deadline = ContinuousClock.now + .seconds(60)
        var last: [FleetStatus.Subscription] = []
        while ContinuousClock.now < deadline {
            last = try await FleetStatus.all(in: log, topics: site.topics)
                .filter { $0.instance.contains("scorer") || $0.instance.contains("subscriber") }
                .flatMap(\.subscriptions)
            if last.count == 2, condition(last) { return last }
            try await Task.sleep(for: .milliseconds(10))
        }
        Issue.record("\(what): \(last)")
        return last
    }
}
