import Basics
import EventLog
import Foundation
import Snapshots
import Testing

@testable import Catalog

/// Guarantee 4: versions and aliases under races, deaths between any two steps, and compaction anywhere.
@Suite struct CatalogPropertyTests {
    private static var seed: UInt64 {
        ProcessInfo.processInfo.environment["MODELCAST_TEST_SEED"].flatMap(UInt64.init) ?? 1
    }

    @Test func everyLateJoinerComesToTheStateOfTheWholeHistory() {
        let first = CatalogPropertyTests.seed
        print("catalog histories from seed \(first)")
        var races = 0
        var retirements = 0
        for seed in first..<first + 5_000 {
            let outcome = run(seed: seed)
            races += outcome.lost
            retirements += outcome.retired
            if let failure = outcome.failure {
                Issue.record("seed \(seed): \(failure)")
                return
            }
        }
        // The histories are worth something only if these happen.
        #expect(races > 5_000 && retirements > 1_000, "\(races) lost claims, \(retirements) retirements")
    }

    func run(seed: UInt64) -> (failure: String?, lost: Int, retired: Int) {
        var random = SeededRandom(seed: seed)
        var history = History()
        var actors = (0..<4).map { Actor(id: $0) }
        var made = actors.count
        var joiner = Actor(id: 99)
        for _ in 0..<Int.random(in: 10...60, using: &random) {
            let index = Int.random(in: 0..<actors.count, using: &random)
            switch Int.random(in: 0..<100, using: &random) {
            case 0..<70: actors[index].advance(&history, &random)
            case 70..<78: _ = actors[index].read(history)
            case 78..<84:
                // Killed between two steps; another one starts, and reads what compaction has left.
                made += 1
                actors[index] = Actor(id: made)
                _ = actors[index].read(history)
            case 84..<94:
                history.compact(
                    before: Int64.random(in: 0...history.end, using: &random),
                    dropsTombstones: Bool.random(using: &random))
            case 94..<97: joiner = Actor(id: 99)
            default: _ = joiner.read(history, count: Int.random(in: 1...5, using: &random))
            }
            if Int.random(in: 0..<10, using: &random) == 0,
                let failure = compare(&history, &random, joiner)
            {
                return (failure, 0, 0)
            }
        }
        let failure = compare(&history, &random, joiner) ?? check(history, actors)
        return (
            failure, history.whole.count - Set(history.whole.map(\.key)).count,
            history.whole.count { if case .retirement = $0.body { true } else { false } }
        )
    }

    /// Whoever has read to the end, from the start or from somewhere, whole or compacted, knows the same.
    private func compare(_ history: inout History, _ random: inout SeededRandom, _ joiner: Actor) -> String? {
        let whole = History.fold(history.whole)
        let compacted = History.fold(history.log)
        guard compacted == whole else { return "compacted \(compacted)\nwhole \(whole)" }
        var slow = joiner
        _ = slow.read(history)
        // A reader that was away for longer than tombstones are kept may hold claims for lost that are gone.
        guard slow.state.substance == whole.substance else {
            return "slow joiner \(slow.state)\nwhole \(whole)"
        }
        var copy = history
        copy.compact(before: copy.end, dropsTombstones: true)
        return History.fold(copy.log) == whole
            ? nil : "fully compacted \(History.fold(copy.log))\nwhole \(whole)"
    }

    /// One winner a number, no number skipped, every revision replaces the one before it.
    private func check(_ history: History, _ actors: [Actor]) -> String? {
        let entry = History.fold(history.whole).models[model]
        let numbers = (entry?.versions.keys.map(\.number) ?? []).sorted()
        guard numbers == Array(1..<numbers.count + 1) else { return "versions \(numbers)" }
        let won = actors.flatMap(\.won)
        guard Set(won.map(\.version)).count == won.count else { return "one version, two winners: \(won)" }
        for (key, version) in won {
            guard case .version(_, let claim) = key, entry?.versions[version]?.claim == claim else {
                return "\(key) believes to be version \(version)"
            }
        }
        var chain: [AliasRevision] = []
        var state = CatalogState()
        for record in history.whole {
            guard case .aliasMoved(let revision) = state.apply(record) else { continue }
            guard revision.revision == (chain.last?.revision ?? 0) + 1,
                revision.replaces?.revision == chain.last?.revision,
                revision.replaces?.version == chain.last?.version
            else { return "\(revision) after \(String(describing: chain.last))" }
            chain.append(revision)
        }
        for actor in actors {
            for revision in actor.wonAliases where !chain.contains(revision) {
                return "actor \(actor.id) believes to have made \(revision), which no one sees"
            }
        }
        return nil
    }
}
