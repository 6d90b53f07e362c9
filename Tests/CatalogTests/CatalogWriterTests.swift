import Basics
import EventLog
import EventLogTesting
import Snapshots
import Testing

@testable import Catalog

@Suite struct CatalogWriterTests {
    private let topics = TopicNames()

    private func makeLog() async throws -> InMemoryLog {
        let log = InMemoryLog()
        _ = try await log.create(topics.definitions)
        return log
    }

    private func writer(_ log: InMemoryLog, _ author: String) async throws -> CatalogWriter {
        let follower = try await CatalogFollower.start(log: log)
        return CatalogWriter(log: log, follower: follower, author: author)
    }

    @Test func racersEachGetAVersionOfTheirOwnAndNoneIsSkipped() async throws {
        let log = try await makeLog()
        let rounds = 5
        let racers = 8
        let numbers = try await withThrowingTaskGroup(of: [Int].self) { group in
            for racer in 0..<racers {
                group.addTask {
                    let writer = try await self.writer(log.anotherProcess(), "racer-\(racer)")
                    var numbers: [Int] = []
                    for _ in 0..<rounds {
                        let claimed = try await writer.claimVersion(of: model) {
                            makeManifest($0, by: "racer-\(racer)")
                        }
                        numbers.append(claimed.manifest.version.number)
                    }
                    return numbers
                }
            }
            // The topic is compacted all the while.
            group.addTask {
                for _ in 0..<20 {
                    try log.compact(self.topics.catalog, dropsTombstones: true)
                    await Task.yield()
                }
                return []
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        #expect(numbers.sorted() == Array(1...rounds * racers))
        let state = try await CatalogFollower.start(log: log).asOfNow()
        #expect(state.models[model]?.published.count == rounds * racers)
        #expect(state.models[model]?.lostVersions.isEmpty == true, "losers withdraw")
    }

    @Test func aCertainVersionIsGivenOnceAndTheLoserHearsWhoHasIt() async throws {
        let log = try await makeLog()
        let ann = try await writer(log, "ann")
        let bob = try await writer(log, "bob")
        let claimed = try await ann.claimVersion(of: model, exact: 5) { makeManifest($0, by: "ann@here") }
        #expect(claimed.manifest.version == 5)
        for exact: ModelVersion in [5, 4] {
            do {
                _ = try await bob.claimVersion(of: model, exact: exact) { makeManifest($0, by: "bob") }
                Issue.record("version \(exact) was given twice")
            } catch {
                #expect(error.code == .versionTaken)
                #expect(exact == 4 || error.message.contains("ann@here"), "\(error.message)")
            }
        }
        #expect(try await bob.claimVersion(of: model) { makeManifest($0) }.manifest.version == 6)
    }

    @Test func anAliasMovesOnlyFromWhereTheCallerSaw() async throws {
        let log = try await makeLog()
        let ann = try await writer(log, "ann")
        for _ in 0..<3 { _ = try await ann.claimVersion(of: model) { makeManifest($0) } }
        _ = try await ann.promote(model, .production, to: 1, expect: .absent, why: "first")
        let second = try await ann.promote(model, .production, to: 2, expect: .version(1), why: "better")
        #expect(second.revision.revision == 2 && second.revision.replaces?.version == 1)
        do {
            _ = try await writer(log, "bob").promote(model, .production, to: 3, expect: .version(1))
            Issue.record("an alias moved from where it was not")
        } catch let error as CatalogError {
            #expect(error.code == .aliasMoved && error.message.contains("ann"))
        }
        await #expect(throws: CatalogError(.notFound, "")) {
            try await ann.promote(model, .production, to: 9)
        }
        let back = try await ann.rollback(model)
        #expect(back.revision.version == 1 && back.revision.revision == 3)
        let audit = try await AuditRecord.all(in: log)
        #expect(
            audit.map(\.action.name) == ["publish", "publish", "publish", "promote", "promote", "promote"])
        #expect(
            audit.last?.before?.version == 2 && audit.last?.after?.version == 1 && audit.last?.who == "ann")
        #expect(audit[4].why == "better")
    }

    @Test func racingPromotersMakeAChainAndLeaveOneRecord() async throws {
        let log = try await makeLog()
        let ann = try await writer(log, "ann")
        for _ in 0..<8 { _ = try await ann.claimVersion(of: model) { makeManifest($0) } }
        let revisions = try await withThrowingTaskGroup(of: [AliasRevision].self) { group in
            for racer in 0..<8 {
                group.addTask {
                    let writer = try await self.writer(log.anotherProcess(), "racer-\(racer)")
                    var revisions: [AliasRevision] = []
                    for _ in 0..<4 {
                        let change = try await writer.promote(
                            model, .production, to: ModelVersion(racer + 1)!)
                        revisions.append(change.revision)
                    }
                    return revisions
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        let chain = revisions.sorted { $0.revision < $1.revision }
        #expect(chain.map(\.revision) == Array(1...32))
        for (before, after) in zip(chain, chain.dropFirst()) {
            #expect(after.replaces == .init(revision: before.revision, version: before.version))
        }
        try log.compact(topics.catalog, dropsTombstones: true)
        let state = try await CatalogFollower.start(log: log).asOfNow()
        #expect(state.models[model]?.aliases[.production]?.revision == chain.last)
        #expect(state.models[model]?.staleAliases.isEmpty == true)
    }

    @Test func aVersionInUseIsNotRetiredAndARetiredOneNotPromoted() async throws {
        let log = try await makeLog()
        let ann = try await writer(log, "ann")
        for _ in 0..<2 { _ = try await ann.claimVersion(of: model) { makeManifest($0) } }
        _ = try await ann.promote(model, "champion", to: 1)
        await #expect(throws: CatalogError(.inUse, "")) { try await ann.retire(model, 1, why: "old") }
        try await ann.retire(model, 2, why: "bad")
        await #expect(throws: CatalogError(.retired, "")) { try await ann.promote(model, "champion", to: 2) }
        #expect(try await ann.claimVersion(of: model) { makeManifest($0) }.manifest.version == 3)
        _ = try await ann.removeAlias(model, "champion")
        try await ann.retire(model, 1, why: "old")
    }

    @Test func recordsThatMakeNoSenseAreReportedAndSkipped() async throws {
        let log = try await makeLog()
        let ann = try await writer(log, "ann")
        _ = try await ann.claimVersion(of: model) { makeManifest($0) }
        let raw = try await log.writer()
        let good = makeManifest(2).bytes
        let bad: [(String, [UInt8]?)] = [
            ("version/fare/x1", Array("{}".utf8)), ("version/fare/x2", Array("not json".utf8)),
            ("nonsense//", good),
            ("version/fare/x3", Array(good.dropLast())), ("version/taxi/x4", good), ("alias/fare/a/x5", good),
            ("version/fare/X", good), ("version/fare/x6", []),
            ("version/fare/x7", Array(String(repeating: "[", count: 5_000).utf8)),
            ("version/fare/x8", [UInt8](repeating: 32, count: 700_000)),
        ]
        for (key, value) in bad {
            try await raw.send(
                Record(topic: topics.catalog, key: Array(key.utf8), value: value).withDigest())
        }
        try await raw.send(Record(topic: topics.catalog, key: [0xff], value: good).withDigest())
        try await raw.send(
            Record(topic: topics.catalog, key: Array("rollout/fare/x".utf8), value: good).withDigest())
        #expect(try await ann.claimVersion(of: model) { makeManifest($0) }.manifest.version == 2)
        let follower = try await CatalogFollower.start(log: log)
        #expect(await follower.state.models.keys.map(\.text) == ["fare"])
        #expect(await follower.reports.count == bad.count, "all but the later writer's kinds")
        #expect(await follower.reports.allSatisfy { !$0.reason.isEmpty })
    }

    @Test func aFollowerSeesChangesAndEndsWhenClosed() async throws {
        let log = try await makeLog()
        let follower = try await CatalogFollower.start(log: log.anotherProcess())
        let states = await follower.states()
        let ann = try await writer(log, "ann")
        let seen = Task {
            var highest: [Int] = []
            for await state in states { highest.append(state.models[model]?.highest?.number ?? 0) }
            return highest
        }
        for _ in 0..<3 { _ = try await ann.claimVersion(of: model) { makeManifest($0) } }
        #expect(try await follower.asOfNow().models[model]?.highest == 3)
        await follower.close()
        let highest = await seen.value
        #expect(highest == highest.sorted() && highest.last == 3)
        await #expect(throws: CatalogError(.closed, "")) { try await follower.reach(Offset(1_000)) }
    }

    @Test func theBuiltInTopicsHaveTheirNamesBehindAPrefix() throws {
        let acme = try TopicNames(prefix: "acme.")
        #expect(acme.catalog == "acme.modelcast.catalog" && acme.deadLetter == "acme.predictions.dead-letter")
        #expect(acme.definitions.map(\.name) == acme.all)
        #expect(acme.definitions(of: [acme.chunks]).first?.cleanup == .compact)
        #expect(throws: LogError.self) { try TopicNames(prefix: "a b") }
    }
}
