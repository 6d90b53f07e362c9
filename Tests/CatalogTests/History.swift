import Basics
import Crypto
import EventLog
import Snapshots

@testable import Catalog

let model: ModelName = "fare"

func makeManifest(
    _ version: ModelVersion, by publisher: String = "ann", model name: ModelName = model, content: UInt8 = 0
) -> Manifest {
    let file = FileEntry(path: "model.json", size: 1, digest: Digest(of: [content]))
    let chunk = ChunkEntry(
        digest: Digest(of: [content]), size: 1, frameSize: 10, partition: Partition(0), offset: Offset(0))
    return Manifest(
        model: name, version: version, digest: SnapshotContents.digest(of: [file]), format: "native-linear",
        modelFile: "model.json", byteCount: 1, fileCount: 1,
        location: .inline(SnapshotContents(files: [file], chunks: [chunk])),
        createdAt: Timestamp(milliseconds: 1_700_000_000_000), publisher: publisher)
}

/// A compacted topic in memory, and the same history whole.
struct History {
    private(set) var whole: [CatalogRecord] = []
    private(set) var log: [CatalogRecord] = []

    var end: Int64 { Int64(whole.count) }

    mutating func append(_ key: CatalogKey, _ body: CatalogRecord.Body) -> Int64 {
        let record = CatalogRecord(
            key: key, body: body, offset: Offset(end), timestamp: Timestamp(milliseconds: end))
        whole.append(record)
        log.append(record)
        return record.offset.number
    }

    /// Removes, among the records before `offset`, those that have a later one of the same key before
    /// `offset`; with `dropsTombstones`, tombstones there too.
    mutating func compact(before offset: Int64, dropsTombstones: Bool) {
        var last: [CatalogKey: Int64] = [:]
        for record in log where record.offset.number < offset { last[record.key] = record.offset.number }
        log.removeAll { record in
            guard record.offset.number < offset else { return false }
            return last[record.key] != record.offset.number || (dropsTombstones && record.body == .tombstone)
        }
    }

    static func fold(_ records: [CatalogRecord]) -> CatalogState {
        var state = CatalogState()
        for record in records { state.apply(record) }
        return state
    }
}

extension CatalogState {
    /// The state without the claims that do not count.
    var substance: [ModelName: ModelEntry] {
        models.mapValues { entry in
            var entry = entry
            entry.lostVersions = [:]
            entry.staleAliases = [:]
            return entry
        }
    }
}

/// A writer that does what `CatalogWriter` does, one step at a time, so that others come between any two
/// steps; it reads the compacted log.
struct Actor {
    enum Job {
        case publish
        case promote
        case retire
    }

    enum Step {
        case idle
        case decide(Job)
        case read(Job, CatalogKey, offset: Int64)
        case clean([CatalogKey])
        case withdraw(CatalogKey, then: Job)
    }

    let id: Int
    var state = CatalogState()
    var position: Int64 = 0
    var step = Step.idle
    var won: [(key: CatalogKey, version: ModelVersion)] = []
    var wonAliases: [AliasRevision] = []
    private var claims = 0
    /// Gaps that compaction had left where this one read, and how many there were when it decided.
    private var gaps = 0
    private var gapsAtDecision = 0

    init(id: Int) { self.id = id }

    /// Reads at most `count` records; returns the changes by key.
    mutating func read(_ history: History, count: Int = .max) -> [CatalogKey: CatalogChange] {
        var changes: [CatalogKey: CatalogChange] = [:]
        for record in history.log.drop(while: { $0.offset.number < position }).prefix(count) {
            changes[record.key] = state.apply(record)
            if position > 0, record.offset.number > position { gaps += 1 }
            position = record.offset.number + 1
        }
        return changes
    }

    mutating func nextClaim() -> ClaimID {
        claims += 1
        return ClaimID("w\(id)-\(claims)")!
    }

    /// Takes the next step; false when there is nothing to do.
    mutating func advance(_ history: inout History, _ random: inout SeededRandom) {
        switch step {
        case .idle:
            step = .decide(
                [Job.publish, .publish, .promote, .promote, .retire].randomElement(using: &random)!)
        case .decide(let job):
            decide(job, &history, &random)
        case .read(let job, let key, let offset):
            learn(job, key, offset, &history)
        case .clean(var keys):
            if let key = keys.popLast() { _ = history.append(key, .tombstone) }
            step = keys.isEmpty ? .idle : .clean(keys)
        case .withdraw(let key, let job):
            _ = history.append(key, .tombstone)
            step = .decide(job)
        }
    }

    /// Decides by what was read, which others may have outdated since.
    private mutating func decide(_ job: Job, _ history: inout History, _ random: inout SeededRandom) {
        let entry = state.models[model]
        gapsAtDecision = gaps
        switch job {
        case .publish:
            let version = entry?.highest?.next ?? 1
            let key = CatalogKey.version(model, nextClaim())
            let offset = history.append(key, .manifest(makeManifest(version, by: "w\(id)")))
            step = .read(job, key, offset: offset)
        case .promote:
            guard let target = entry?.published.randomElement(using: &random)?.version else {
                step = .idle
                return
            }
            let current = entry?.aliases["production"]?.revision
            let key = CatalogKey.alias(model, "production", nextClaim())
            let revision = AliasRevision(
                model: model, alias: "production", revision: (current?.revision ?? 0) + 1, version: target,
                replaces: current.map { .init(revision: $0.revision, version: $0.version) }, by: "w\(id)",
                at: Timestamp(milliseconds: 0), why: "")
            step = .read(job, key, offset: history.append(key, .alias(revision)))
        case .retire:
            // Nobody decides on a state between two moments: read to the end first.
            _ = read(history)
            let entry = state.models[model]
            if let victim = entry?.published.randomElement(using: &random)?.version,
                let winner = entry?.versions[victim],
                entry?.aliases(of: victim).isEmpty == true
            {
                _ = history.append(
                    .version(model, winner.claim),
                    .retirement(
                        Retirement(
                            model: model, version: victim, digest: Digest(of: [0]), by: "w\(id)",
                            at: Timestamp(milliseconds: 0), why: "")))
            }
            step = .idle
        }
    }

    private mutating func learn(_ job: Job, _ key: CatalogKey, _ offset: Int64, _ history: inout History) {
        let change = read(history)[key]
        switch (job, key, change) {
        case (.publish, .version(_, let claim), _):
            if let version = state.models[model]?.winners[claim] {
                won.append((key, version))
                step = .idle
            } else {
                step = .withdraw(key, then: job)
            }
        case (.promote, .alias(_, let alias, let claim), .aliasMoved(let revision)?):
            // With a gap in between, who was first may be gone; in force at the end is in force.
            guard gaps == gapsAtDecision || state.models[model]?.aliases[alias]?.claim == claim else {
                step = .idle
                return
            }
            wonAliases.append(revision)
            let stale = (state.models[model]?.staleAliases[alias] ?? [:]).filter {
                $0.value < revision.revision && $0.key != claim
            }
            step = stale.isEmpty ? .idle : .clean(stale.keys.map { .alias(model, alias, $0) })
        case (.promote, _, .lost?):
            step = .withdraw(key, then: job)
        default:
            step = .idle
        }
    }
}
