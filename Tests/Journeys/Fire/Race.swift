import Basics
import Catalog
import EventLog
import EventLogTesting
import Foundation
import Modelcast
import Snapshots
import Synchronization
import Testing

/// Races for the versions and the alias of one model, with readers that come in at random moments.
final class Race: Sendable {
    /// What the racers were told, which must be what the log says.
    struct Answers {
        /// Who was given each version; one entry only, or somebody was lied to.
        var versions: [Int: [String]] = [:]
        var changes: [RawCatalog.Change] = []
        /// Promotions whose racer was told that it cannot know.
        var overtaken = 0
    }

    static let model: ModelName = "fare"
    static let racers = 8
    let site: FireSite
    let answers = Mutex(Answers())
    private let joiners = Mutex<[(CatalogFollower, any EventLog)]>([])
    private let random: Mutex<SeededRandom>

    init(_ site: FireSite, seed: UInt64) throws {
        self.site = site
        random = Mutex(SeededRandom(seed: seed))
        for racer in 0..<Self.racers { try site.writeModel("racer-\(racer)", bias: racer) }
    }

    // MARK: Programs

    /// Each of eight programs publishes; each must be given a version of its own.
    func publishers() async throws {
        let outcomes = try await programs { racer in
            ["publish", Self.model.text, "racer-\(racer)/model.json", "--author", "racer-\(racer)"]
        }
        for (racer, outcome) in outcomes.enumerated() {
            #expect(outcome.code == 0, "\(outcome)")
            guard let version = try outcome.summary["version"] as? Int else { continue }
            answers.withLock { $0.versions[version, default: []].append("racer-\(racer)") }
        }
    }

    /// Eight programs want the same number: one gets it, the others end with 1 and hear who has it.
    func publishersOfOneVersion() async throws {
        let number = (answers.withLock { $0.versions.keys.max() } ?? 0) + 1
        let outcomes = try await programs { racer in
            [
                "publish", Self.model.text, "racer-\(racer)/model.json", "--author", "racer-\(racer)",
                "--version", "\(number)",
            ]
        }
        let winners = outcomes.indices.filter { outcomes[$0].code == 0 }
        #expect(winners.count == 1, "\(outcomes)")
        for racer in winners {
            answers.withLock { $0.versions[number, default: []].append("racer-\(racer)") }
        }
        guard let winner = winners.first else { return }
        for outcome in outcomes where outcome.code != 0 {
            #expect(outcome.code == 1, "\(outcome)")
            #expect(outcome.error.contains("version \(number) of fare is taken"), "\(outcome)")
            #expect(outcome.error.contains("racer-\(winner)"), "\(outcome)")
        }
    }

    /// Eight programs want to be the one that replaces what they see: one is, the others end with 1.
    func promotersOfOneChange() async throws {
        let shown = try await site.run(["models", "show", Self.model.text])
        let aliases = try shown.objects.flatMap { $0["aliases"] as? [Any] ?? [] }
        let before = try await raw().truth.alias?.version
        let highest = answers.withLock { $0.versions.keys.max() } ?? 1
        let outcomes = try await programs { racer in
            [
                "promote", Self.model.text, "\(max(1, highest - racer))", "--author", "racer-\(racer)",
                "--expect", before.map { "\($0)" } ?? "none",
            ]
        }
        let winners = outcomes.filter { $0.code == 0 }
        // A version may be promoted to itself: then the expectation holds once more.
        let isStill = winners.dropLast().allSatisfy { (try? $0.summary["version"] as? Int) == before }
        #expect(!winners.isEmpty && isStill, "\(outcomes) \(aliases)")
        for outcome in outcomes where outcome.code != 0 {
            #expect(outcome.code == 1, "\(outcome)")
            #expect(outcome.error.contains("fare@production points to version"), "\(outcome)")
        }
    }

    private func programs(_ words: (Int) -> [String]) async throws -> [Outcome] {
        let programs = try (0..<Self.racers).map { racer in
            try site.start(
                words(racer) + (words(racer)[0] == "publish" ? ["--cache", "cache-\(racer)"] : []))
        }
        var outcomes: [Outcome] = []
        for program in programs { outcomes.append(await program.outcome()) }
        return outcomes
    }

    // MARK: Clients in this process

    /// Eight publishers, each with a client of its own, publish `rounds` times without a pause; after each
    /// they promote what they published.
    func clients(rounds: Int) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for racer in 0..<Self.racers {
                group.addTask { try await self.client(racer, rounds: rounds) }
            }
            try await group.waitForAll()
        }
    }

    private func client(_ racer: Int, rounds: Int) async throws {
        let log = try await site.log()
        var options = PublisherOptions()
        options.topics = site.topics
        options.author = "racer-\(racer)"
        options.folders = .none
        let publisher = try await Publisher(log: log, options: options)
        let path = site.workspace.path("racer-\(racer)/model.json")
        for _ in 0..<rounds {
            let publication = try await publisher.publish(PublicationRequest(model: Self.model, path: path))
            let version = publication.manifest.version
            #expect(publication.auditFailure == nil)
            answers.withLock { $0.versions[version.number, default: []].append("racer-\(racer)") }
            try await promote(version, publisher.catalog)
            await joinLate()
        }
        await publisher.close()
        await log.close(deadline: .seconds(5))
    }

    private func promote(_ version: ModelVersion, _ catalog: CatalogWriter) async throws {
        var change: AliasChange?
        while change == nil {
            do {
                change = try await catalog.promote(Self.model, .production, to: version)
            } catch {
                guard error.code == .outcomeUnknown else { throw error }
                answers.withLock { $0.overtaken += 1 }
            }
        }
        guard let change else { return }
        #expect(change.auditFailure == nil)
        answers.withLock { $0.changes.append(RawCatalog.Change(change.revision)) }
    }

    // MARK: Readers

    /// Now and then another reader comes in, and stays.
    private func joinLate() async {
        let isTime = random.withLock { $0.unit() < 0.05 }
        guard isTime, joiners.withLock({ $0.count }) < 12 else { return }
        do {
            let log = try await site.log()
            let follower = try await CatalogFollower.start(log: log, topics: site.topics)
            joiners.withLock { $0.append((follower, log)) }
        } catch {
            Issue.record("a late joiner cannot read the catalog: \(error)")
        }
    }

    /// What every late joiner has come to; they leave.
    func joined() async throws -> [RawCatalog.Truth] {
        var truths: [RawCatalog.Truth] = []
        for (follower, log) in joiners.withLock({ $0 }) {
            truths.append(RawCatalog.Truth(try await follower.asOfNow(), of: Self.model))
            #expect(await follower.reports.isEmpty)
            await follower.close()
            await log.close(deadline: .seconds(5))
        }
        return truths
    }

    /// The raw records as they stand now.
    func raw() async throws -> RawCatalog {
        var catalog = RawCatalog(model: Self.model.text)
        var failure: (any Error)?
        try await site.scan(site.topics.catalog) { record in
            do { try catalog.apply(record) } catch { failure = error }
        }
        if let failure { throw failure }
        return catalog
    }
}
