internal import EventLog
internal import Snapshots

extension ModelEntry {
    /// Nothing is known of the model any more.
    var isEmpty: Bool {
        versions.isEmpty && aliases.isEmpty && lostVersions.isEmpty && staleAliases.isEmpty && highest == nil
    }

    /// Takes the next record of this model in.
    mutating func apply(_ record: CatalogRecord, limits: CatalogLimits) -> CatalogChange {
        switch (record.key, record.body) {
        case (.version(_, let claim), .manifest(let manifest)):
            return claimVersion(claim, manifest, record, limits)
        case (.version(_, let claim), .retirement(let retirement)):
            return retire(claim, retirement, record)
        case (.version(_, let claim), .tombstone):
            return withdrawVersion(claim, record)
        case (.alias(_, let alias, let claim), .alias(let revision)):
            return claimAlias(alias, claim, revision, record, limits)
        case (.alias(_, let alias, let claim), .tombstone):
            return withdrawAlias(alias, claim, record)
        default:
            return .skipped(record.key, "key and value do not belong together")
        }
    }

    private mutating func claimVersion(
        _ claim: ClaimID, _ manifest: Manifest, _ record: CatalogRecord, _ limits: CatalogLimits
    ) -> CatalogChange {
        if winners[claim] != nil {
            return .skipped(record.key, "versions are immutable: the key has its manifest already")
        }
        if let highest, manifest.version <= highest {
            guard lostVersions.count < limits.losersMax else {
                return .skipped(record.key, "more than \(limits.losersMax) lost claims")
            }
            lostVersions[claim] = manifest.version
            return .lost(record.key)
        }
        guard versions.count < limits.versionsMax else {
            return .skipped(record.key, "more than \(limits.versionsMax) versions")
        }
        highest = manifest.version
        lostVersions[claim] = nil
        winners[claim] = manifest.version
        versions[manifest.version] = VersionEntry(
            claim: claim, state: .published(manifest), offset: record.offset, timestamp: record.timestamp)
        return .published(manifest)
    }

    /// Only a winner is ever retired, so the record itself proves who had won the number; after compaction,
    /// whoever seems to have it was a loser.
    private mutating func retire(
        _ claim: ClaimID, _ retirement: Retirement, _ record: CatalogRecord
    ) -> CatalogChange {
        if let seeming = versions[retirement.version], seeming.claim != claim {
            winners[seeming.claim] = nil
            lostVersions[seeming.claim] = retirement.version
        }
        if let other = winners[claim], other != retirement.version { versions[other] = nil }
        lostVersions[claim] = nil
        winners[claim] = retirement.version
        versions[retirement.version] = VersionEntry(
            claim: claim, state: .retired(retirement), offset: record.offset, timestamp: record.timestamp)
        highest = max(highest ?? retirement.version, retirement.version)
        return .retired(name, retirement.version)
    }

    private mutating func withdrawVersion(_ claim: ClaimID, _ record: CatalogRecord) -> CatalogChange {
        if lostVersions.removeValue(forKey: claim) != nil { return .withdrawn(record.key) }
        // No writer of ours withdraws a winner; somebody who does so by hand takes the version away, not its
        // number.
        if let version = winners.removeValue(forKey: claim) { versions[version] = nil }
        return .withdrawn(record.key)
    }

    private mutating func claimAlias(
        _ alias: AliasName, _ claim: ClaimID, _ revision: AliasRevision, _ record: CatalogRecord,
        _ limits: CatalogLimits
    ) -> CatalogChange {
        if let current = aliases[alias] {
            guard current.claim != claim else {
                return .skipped(record.key, "alias revisions are immutable: the key has its value already")
            }
            guard revision.revision > current.revision.revision else {
                guard staleAliases[alias, default: [:]].count < limits.losersMax else {
                    return .skipped(record.key, "more than \(limits.losersMax) lost claims")
                }
                staleAliases[alias, default: [:]][claim] = revision.revision
                return .lost(record.key)
            }
            staleAliases[alias, default: [:]][current.claim] = current.revision.revision
        } else if aliases.count >= limits.aliasesMax {
            return .skipped(record.key, "more than \(limits.aliasesMax) aliases")
        }
        aliases[alias] = AliasEntry(
            claim: claim, revision: revision, offset: record.offset, timestamp: record.timestamp)
        return .aliasMoved(revision)
    }

    private mutating func withdrawAlias(
        _ alias: AliasName, _ claim: ClaimID, _ record: CatalogRecord
    ) -> CatalogChange {
        if staleAliases[alias]?.removeValue(forKey: claim) != nil {
            if staleAliases[alias]?.isEmpty == true { staleAliases[alias] = nil }
        } else if aliases[alias]?.claim == claim {
            aliases[alias] = nil
        }
        return .withdrawn(record.key)
    }
}
