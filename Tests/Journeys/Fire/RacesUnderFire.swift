import Catalog
import EventLog
import EventLogTesting
import Snapshots
import Synchronization
import Testing

/// Eight at once want versions of one model and move one alias: one winner for each number, a version for
/// each racer, no number left out, and for every change of the alias exactly one before it, also while the
/// topic is being compacted; whoever reads it, whenever, comes to the same.
@Suite(.serialized, .timeLimit(.minutes(90))) struct RacesUnderFire {
    private static let kafka = Comment(rawValue: RealKafka.absence)

    @Test(.enabled(if: RealKafka.isAvailable, kafka)) func onKafka() async throws {
        try await run(.kafka, isCompacting: false)
    }

    @Test(.enabled(if: RealKafka.isAvailable, kafka)) func onKafkaWhileItCompacts() async throws {
        try await run(.kafka, isCompacting: true)
    }

    @Test func onTheEmbeddedLog() async throws {
        try await run(.embedded, isCompacting: false)
    }

    @Test func onTheEmbeddedLogWhileItCompacts() async throws {
        try await run(.embedded, isCompacting: true)
    }

    private func run(_ engine: FireSite.Engine, isCompacting: Bool) async throws {
        let site = try await FireSite(engine, isCompacting: isCompacting)
        let race = try Race(site, seed: Soak.seed)
        let witness = CatalogWitness(site)
        let clientRounds = Soak.scale(2, long: 100)
        let programRounds = Soak.scale(1, long: 100)
        let work: @Sendable () async throws -> Void = {
            try await race.clients(rounds: clientRounds)
            for round in 0..<programRounds {
                try await race.publishers()
                if round % 10 == 0 {
                    try await race.publishersOfOneVersion()
                    try await race.promotersOfOneChange()
                }
            }
        }
        var compactions = 0
        if isCompacting { (_, compactions) = try await site.compacting(work) } else { try await work() }
        let history = try await witness.testimony()
        let answers = race.answers.withLock { $0 }
        checkVersions(answers, history)
        checkChain(answers, history)
        let now = try await race.raw()
        #expect(now.truth == history.truth, "what is left says the same as all that was written")
        let joined = try await race.joined()
        for truth in joined { #expect(truth == history.truth, "a late joiner came to another state") }
        try await checkAudit(site, answers, history)
        Soak.report(
            isCompacting ? "races while the topic is compacted" : "races", engine: engine.rawValue,
            [
                "racers": Race.racers, "rounds": clientRounds + programRounds,
                "versions": history.publishers.count, "changes": history.changes.count,
                "lostClaims": history.lost, "overtaken": answers.overtaken, "written": history.records,
                "left": now.records, "unseen": Int(history.gaps), "lateJoiners": joined.count,
                "compactions": compactions,
            ])
    }

    /// Every number once, none left out, each with the one who was told that it is theirs.
    private func checkVersions(_ answers: Race.Answers, _ history: RawCatalog) {
        let numbers = answers.versions.keys.sorted()
        #expect(numbers == Array(1...max(1, numbers.count)), "\(numbers)")
        for (version, racers) in answers.versions {
            #expect(racers.count == 1, "version \(version) was given to \(racers)")
            #expect(history.publishers[version] == racers.first, "version \(version)")
        }
        #expect(history.publishers.count == numbers.count)
    }

    /// Every change names the one before it, and no racer was told of a change that did not take place.
    private func checkChain(_ answers: Race.Answers, _ history: RawCatalog) {
        #expect(Set(answers.changes).count == answers.changes.count)
        #expect(Set(answers.changes.map(\.revision)).count == answers.changes.count, "two made one revision")
        guard history.gaps == 0 else {
            // Compaction was faster than the witness: what it saw must still be in order.
            #expect(
                zip(history.changes, history.changes.dropFirst()).allSatisfy { $0.revision < $1.revision })
            return
        }
        for (index, change) in history.changes.enumerated() {
            let before = index > 0 ? history.changes[index - 1] : nil
            #expect(change.revision == index + 1, "\(change)")
            #expect(
                change.replacedRevision == before?.revision, "\(change) after \(String(describing: before))")
            #expect(
                change.replacedVersion == before?.version, "\(change) after \(String(describing: before))")
        }
        for change in answers.changes { #expect(history.changes.contains(change), "\(change)") }
    }

    /// The audit topic, which nothing compacts, tells the same story.
    private func checkAudit(
        _ site: FireSite, _ answers: Race.Answers, _ history: RawCatalog
    ) async throws {
        let log = try await site.log()
        let audit = try await AuditRecord.all(in: log, topics: site.topics)
        await log.close(deadline: .seconds(5))
        let published = audit.filter { $0.action == .publish }
        #expect(published.count == history.publishers.count)
        for entry in published {
            #expect(history.publishers[entry.after?.version?.number ?? 0] == entry.who, "\(entry)")
        }
        let moves = audit.filter { $0.action == .promote }
        let revisions = moves.compactMap { $0.after?.revision }
        #expect(Set(revisions).count == revisions.count, "a revision stands twice in the audit topic")
        for entry in moves {
            #expect((entry.after?.revision ?? 0) - (entry.before?.revision ?? 0) == 1, "\(entry)")
        }
        let last = history.truth.alias?.revision ?? 0
        #expect(moves.count <= last && moves.count + answers.overtaken >= last, "\(moves.count) of \(last)")
    }
}
