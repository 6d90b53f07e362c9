import Catalog
import EventLog
import Foundation
import Snapshots

/// The catalog of one model as its raw records say it: a second fold, written from the page on the wire
/// format and from nothing of the library's, to compare the library with.
struct RawCatalog {
    /// A change of the alias that took place.
    struct Change: Hashable {
        var revision: Int
        var version: Int?
        var replacedRevision: Int?
        var replacedVersion: Int?
        var by: String
    }

    /// What everybody must come to know.
    struct Truth: Hashable {
        /// Who published each version.
        var publishers: [Int: String] = [:]
        var alias: Change?
    }

    private(set) var publishers: [Int: String] = [:]
    private(set) var highest = 0
    /// Every change of the alias `production`, in the log's order.
    private(set) var changes: [Change] = []
    /// Claims of versions and of revisions that came too late.
    private(set) var lost = 0
    private(set) var records = 0
    /// Offsets between the records that are not there.
    private(set) var gaps: Int64 = 0
    private let model: String
    private var next: Int64 = 0
    private var winners: [String: Int] = [:]
    private var claimInForce: String?
    private var changeInForce: Change?

    var truth: Truth { Truth(publishers: publishers, alias: changeInForce) }

    init(model: String) { self.model = model }

    mutating func apply(_ record: Record) throws {
        let offset = record.offset?.number ?? next
        records += 1
        gaps += offset - next
        next = offset + 1
        let key = String(decoding: record.key ?? [], as: UTF8.self)
        let parts = key.split(separator: "/").map(String.init)
        guard parts.count >= 3, parts[1] == model else { return }
        let value = try record.value.map {
            try JSONSerialization.jsonObject(with: Data($0)) as? [String: Any] ?? [:]
        }
        if parts[0] == "version" {
            applyVersion(parts[2], value)
        } else if parts[0] == "alias", parts[2] == "production" {
            applyAlias(parts[3], value)
        }
    }

    private mutating func applyVersion(_ claim: String, _ value: [String: Any]?) {
        guard let value else {
            if let version = winners.removeValue(forKey: claim) { publishers[version] = nil }
            return
        }
        let version = value["version"] as? Int ?? 0
        guard winners[claim] == nil, version > highest else {
            lost += 1
            return
        }
        highest = version
        winners[claim] = version
        publishers[version] = value["publisher"] as? String
    }

    private mutating func applyAlias(_ claim: String, _ value: [String: Any]?) {
        guard let value else {
            if claim == claimInForce {
                claimInForce = nil
                changeInForce = nil
            }
            return
        }
        let replaces = value["replaces"] as? [String: Any]
        let change = Change(
            revision: value["revision"] as? Int ?? 0, version: value["version"] as? Int,
            replacedRevision: replaces?["revision"] as? Int, replacedVersion: replaces?["version"] as? Int,
            by: value["by"] as? String ?? "")
        guard claim != claimInForce, change.revision > changeInForce?.revision ?? 0 else {
            lost += 1
            return
        }
        claimInForce = claim
        changeInForce = change
        changes.append(change)
    }
}

extension RawCatalog.Change {
    init(_ revision: AliasRevision) {
        self.init(
            revision: revision.revision, version: revision.version?.number,
            replacedRevision: revision.replaces?.revision,
            replacedVersion: revision.replaces?.version?.number, by: revision.by)
    }
}

extension RawCatalog.Truth {
    /// What the library's fold has come to.
    init(_ state: CatalogState, of model: ModelName) {
        let entry = state.models[model]
        self.init(
            publishers: Dictionary(
                uniqueKeysWithValues: (entry?.published ?? []).map { ($0.version.number, $0.publisher) }),
            alias: (entry?.aliases[.production]?.revision).map { RawCatalog.Change($0) })
    }
}
