public import Basics
public import EventLog
public import Snapshots

/// A version as the catalog has it.
public struct VersionEntry: Hashable, Sendable {
    /// What is known of it.
    public enum State: Hashable, Sendable {
        /// It can be fetched.
        case published(Manifest)
        /// It cannot; only the number is left.
        case retired(Retirement)
    }

    /// The claim that won the number.
    public var claim: ClaimID
    /// What is known of it.
    public var state: State
    /// Where the record stands that says so.
    public var offset: Offset
    /// When that was written, by the log.
    public var timestamp: Timestamp

    /// The manifest, unless the version is retired.
    public var manifest: Manifest? {
        if case .published(let manifest) = state { return manifest }
        return nil
    }
}

/// An alias as the catalog has it.
public struct AliasEntry: Hashable, Sendable {
    /// The claim that won the revision.
    public var claim: ClaimID
    /// The revision in force.
    public var revision: AliasRevision
    /// Where its record stands.
    public var offset: Offset
    /// When it was written, by the log.
    public var timestamp: Timestamp
}

/// Everything that the catalog says of one model.
public struct ModelEntry: Hashable, Sendable {
    /// The model.
    public let name: ModelName
    /// The versions, retired ones included.
    public internal(set) var versions: [ModelVersion: VersionEntry] = [:]
    /// The aliases; one whose revision names no version was removed.
    public internal(set) var aliases: [AliasName: AliasEntry] = [:]
    /// The highest number that was ever won; nil before the first version.
    public internal(set) var highest: ModelVersion?
    /// The claims that won, by what they won: `versions` the other way round.
    var winners: [ClaimID: ModelVersion] = [:]
    /// Claims of versions that lost and were not withdrawn.
    public internal(set) var lostVersions: [ClaimID: ModelVersion] = [:]
    /// Claims of alias revisions that lost or are superseded, and were not withdrawn.
    public internal(set) var staleAliases: [AliasName: [ClaimID: Int]] = [:]

    init(name: ModelName) {
        self.name = name
    }

    /// The versions that can be fetched, oldest first.
    public var published: [Manifest] {
        versions.values.compactMap(\.manifest).sorted { $0.version < $1.version }
    }

    /// The newest version that can be fetched.
    public var newest: Manifest? {
        versions.values.lazy.compactMap(\.manifest).max { $0.version < $1.version }
    }

    /// The version that `alias` points to.
    public func target(of alias: AliasName) -> ModelVersion? { aliases[alias]?.revision.version }

    /// The aliases that point to `version`, sorted.
    public func aliases(of version: ModelVersion) -> [AliasName] {
        aliases.filter { $0.value.revision.version == version }.keys.sorted()
    }
}
