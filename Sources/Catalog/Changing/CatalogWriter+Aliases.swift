internal import Basics
internal import EventLog
public import Snapshots

/// What a caller wants an alias to point to before it is moved.
public enum AliasExpectation: Hashable, Sendable {
    /// Whatever it is.
    case any
    /// This version.
    case version(ModelVersion)
    /// Nothing.
    case absent
}

/// An alias that was moved.
public struct AliasChange: Sendable {
    /// The revision as it stands in the catalog; `replaces` says what was before.
    public var revision: AliasRevision
    /// Claims that were needed; the ones before the last were lost to others.
    public var attempts: Int
    /// Why the audit topic has no record of it, if so.
    public var auditFailure: CatalogError?
}

extension CatalogWriter {
    /// Points `alias` to `version`. With an expectation, throws `aliasMoved` naming who moved it when it is
    /// not met at the moment that the change takes place; without one, tries until it has replaced whatever
    /// others set.
    public func promote(
        _ model: ModelName, _ alias: AliasName, to version: ModelVersion, expect: AliasExpectation = .any,
        why: String = ""
    ) async throws(CatalogError) -> AliasChange {
        try await move(model, alias, expect: expect, why: why) { entry throws(CatalogError) in
            _ = try CatalogWriter.checked(version, of: entry)
            return version
        }
    }

    /// Points `alias` back: to `version`, or else to what it pointed to before its last change, or else to
    /// the newest version below the present one.
    public func rollback(
        _ model: ModelName, _ alias: AliasName = .production, to version: ModelVersion? = nil,
        why: String = ""
    ) async throws(CatalogError) -> AliasChange {
        try await move(model, alias, expect: .any, why: why) { entry throws(CatalogError) in
            if let version { return try CatalogWriter.checked(version, of: entry) }
            guard let current = entry.target(of: alias) else {
                throw CatalogError(.notFound, "model '\(model)' has no alias '\(alias)' to roll back")
            }
            if let before = entry.aliases[alias]?.revision.replaces?.version, before != current,
                entry.versions[before]?.manifest != nil
            {
                return before
            }
            guard let older = entry.published.last(where: { $0.version < current }) else {
                throw CatalogError(
                    .notFound, "model '\(model)' has no version before \(current) to roll back to")
            }
            return older.version
        }
    }

    /// Removes `alias`: it points to nothing from then on.
    public func removeAlias(
        _ model: ModelName, _ alias: AliasName, why: String = ""
    ) async throws(CatalogError) -> AliasChange {
        try await move(model, alias, expect: .any, why: why) { entry throws(CatalogError) in
            guard entry.target(of: alias) != nil else {
                throw CatalogError(.notFound, "model '\(model)' has no alias '\(alias)'")
            }
            return nil
        }
    }

    private static func checked(
        _ version: ModelVersion, of entry: ModelEntry
    ) throws(CatalogError) -> ModelVersion {
        guard let found = entry.versions[version] else {
            throw CatalogError(.notFound, "model '\(entry.name)' has no version \(version)")
        }
        guard found.manifest != nil else {
            throw CatalogError(.retired, "\(entry.name)@\(version) was retired")
        }
        return version
    }

    /// Claims the next revision with the target that `target` picks from the model's present state, until
    /// one is won.
    private func move(
        _ model: ModelName, _ alias: AliasName, expect: AliasExpectation, why: String,
        target: (ModelEntry) throws(CatalogError) -> ModelVersion?
    ) async throws(CatalogError) -> AliasChange {
        _ = try await follower.asOfNow()
        for attempt in 1...limits.attemptsMax {
            let moment = await follower.moment
            let entry = try moment.state.model(model)
            try CatalogWriter.check(expect, alias, of: entry)
            let current = entry.aliases[alias]?.revision
            let revision = AliasRevision(
                model: model, alias: alias, revision: (current?.revision ?? 0) + 1,
                version: try target(entry),
                replaces: current.map { .init(revision: $0.revision, version: $0.version) }, by: author,
                at: time.wall(), why: why)
            let claim = ClaimID.random()
            let key = CatalogKey.alias(model, alias, claim)
            switch try await self.claim(key, revision.bytes, doing: "moving \(model)@\(alias)") {
            case .won(_, let gaps):
                // Where compaction has removed records since the decision, the claim that was first may be
                // among them: then only a revision that is still in force is known to have won.
                let now = gaps == moment.gaps ? await follower.state : try await follower.asOfNow()
                let entry = try now.model(model)
                guard gaps == moment.gaps || entry.aliases[alias]?.claim == claim else {
                    throw CatalogWriter.overtaken(model, alias)
                }
                try await withdraw(CatalogWriter.superseded(alias, by: revision.revision, in: entry))
                return AliasChange(
                    revision: revision, attempts: attempt, auditFailure: await audit(moved(revision, entry)))
            case .lost:
                try await withdraw([key])
            case .removed, .unknown:
                throw CatalogWriter.overtaken(model, alias)
            }
        }
        throw CatalogError(
            .contention, "\(limits.attemptsMax) changes of \(model)@\(alias) were lost to others",
            recovery: .retry)
    }

    /// The change may have taken place and been replaced since, or have lost.
    private static func overtaken(_ model: ModelName, _ alias: AliasName) -> CatalogError {
        CatalogError(
            .outcomeUnknown, "the change of \(model)@\(alias) was overtaken before it could be read back",
            hint: "look at `modelcast models show \(model)`, then try again", recovery: .retry)
    }

    /// The keys of claims of `alias` up to revision `revision` that are not in force: they are not needed
    /// any more.
    private static func superseded(
        _ alias: AliasName, by revision: Int, in entry: ModelEntry
    ) -> [CatalogKey] {
        (entry.staleAliases[alias] ?? [:]).filter { $0.value < revision }.keys
            .map { .alias(entry.name, alias, $0) }
    }

    private static func check(
        _ expect: AliasExpectation, _ alias: AliasName, of entry: ModelEntry
    ) throws(CatalogError) {
        let current = entry.aliases[alias]?.revision
        let isMet =
            switch expect {
            case .any: true
            case .version(let version): current?.version == version
            case .absent: current?.version == nil
            }
        guard !isMet else { return }
        let actual =
            switch current {
            case .some(let current):
                "points to \(current.version.map { "version \($0)" } ?? "nothing") "
                    + "since \(current.by) moved it "
                    + "at \(current.at)"
            case nil: "does not exist"
            }
        throw CatalogError(
            .aliasMoved, "\(entry.name)@\(alias) \(actual)", hint: "look again, then decide anew")
    }

    private func moved(_ revision: AliasRevision, _ entry: ModelEntry) -> AuditRecord {
        func pointer(_ version: ModelVersion?, _ number: Int) -> AuditRecord.Pointer {
            AuditRecord.Pointer(
                version: version, digest: version.flatMap { entry.versions[$0]?.manifest?.digest },
                alias: revision.alias, revision: number)
        }
        return AuditRecord(
            action: .promote, model: revision.model, who: author, why: revision.why, at: revision.at,
            before: revision.replaces.map { pointer($0.version, $0.revision) },
            after: pointer(revision.version, revision.revision))
    }
}
