internal import EventLog
public import Snapshots

/// What a catalog record changed.
public enum CatalogChange: Hashable, Sendable {
    /// A version can be fetched.
    case published(Manifest)
    /// A version is retired.
    case retired(ModelName, ModelVersion)
    /// An alias points elsewhere.
    case aliasMoved(AliasRevision)
    /// The claim came too late: the number belongs to another one.
    case lost(CatalogKey)
    /// A record was withdrawn.
    case withdrawn(CatalogKey)
    /// The record contradicts the rules and was skipped; the text says why.
    case skipped(CatalogKey, String)
}

/// The catalog: a fold over its records, in the log's order. Pure: the same records give the same state, and
/// so do the records that compaction leaves of them.
///
/// **First in the log wins.** A claim names a number (a version, or an alias revision) under a key of its
/// own; the fold takes one whose number is above the highest so far, and ignores every other. That survives
/// compaction because a winner's key never gets another manifest, losers only ever vanish, and a retirement
/// (which replaces its winner's record further down the log, where a loser may meanwhile stand first) names
/// the claim that had won.
public struct CatalogState: Sendable, Equatable {
    /// The models, by name.
    public private(set) var models: [ModelName: ModelEntry] = [:]
    private let limits: CatalogLimits

    /// A catalog without records.
    public init(limits: CatalogLimits = CatalogLimits()) {
        self.limits = limits
    }

    /// States are equal when they say the same of every model.
    public static func == (left: CatalogState, right: CatalogState) -> Bool { left.models == right.models }

    /// Takes the next record in; says what it changed.
    @discardableResult
    public mutating func apply(_ record: CatalogRecord) -> CatalogChange {
        let model: ModelName
        switch record.key {
        case .version(let name, _), .alias(let name, _, _): model = name
        case .other: return .skipped(record.key, "a kind of record that this program does not know")
        }
        guard models[model] != nil || models.count < limits.modelsMax else {
            return .skipped(record.key, "more than \(limits.modelsMax) models")
        }
        let change = models[model, default: ModelEntry(name: model)].apply(record, limits: limits)
        if models[model]?.isEmpty == true { models[model] = nil }
        return change
    }

    /// Everything that is known of a model; throws `notFound` naming near misses.
    public func model(_ name: ModelName) throws(CatalogError) -> ModelEntry {
        guard let entry = models[name] else {
            let known = models.keys.sorted().prefix(10).map(\.text).joined(separator: ", ")
            throw CatalogError(
                .notFound, "no model '\(name)' in the catalog",
                hint: known.isEmpty ? "publish one with `modelcast publish`" : "known models: \(known)")
        }
        return entry
    }

    /// The manifest that `reference` names now. Throws `notFound` or `retired`.
    ///
    /// `MODEL` alone is the target of the alias `production`; where that alias does not exist (or was
    /// removed), the newest version.
    public func resolve(_ reference: ModelReference) throws(CatalogError) -> Manifest {
        let entry = try model(reference.model)
        switch reference.selector {
        case .version(let version):
            return try CatalogState.manifest(version, of: entry)
        case .alias(let alias):
            guard let version = entry.target(of: alias) else {
                throw CatalogError(
                    .notFound, "model '\(reference.model)' has no alias '\(alias)'",
                    hint: "set it with `modelcast promote \(reference.model) VERSION --to \(alias)`")
            }
            return try CatalogState.manifest(version, of: entry)
        case .standard:
            if let version = entry.target(of: .production) {
                return try CatalogState.manifest(version, of: entry)
            }
            guard let newest = entry.newest else {
                throw CatalogError(.notFound, "model '\(reference.model)' has no version that can be fetched")
            }
            return newest
        }
    }

    private static func manifest(
        _ version: ModelVersion, of entry: ModelEntry
    ) throws(CatalogError) -> Manifest {
        switch entry.versions[version]?.state {
        case .published(let manifest): return manifest
        case .retired(let retirement):
            throw CatalogError(
                .retired, "\(entry.name)@\(version) was retired by \(retirement.by): \(retirement.why)")
        case nil:
            throw CatalogError(.notFound, "model '\(entry.name)' has no version \(version)")
        }
    }
}
