internal import Basics
public import EventLog
public import Snapshots

/// A version number that was won.
public struct ClaimedVersion: Sendable {
    /// The manifest as it stands in the catalog.
    public var manifest: Manifest
    /// The claim that won.
    public var claim: ClaimID
    /// Where its record stands.
    public var offset: Offset
    /// Claims that were needed; the ones before the last were lost to others.
    public var attempts: Int
    /// Why the audit topic has no record of it, if so.
    public var auditFailure: CatalogError?
}

extension CatalogWriter {
    /// Makes a version visible: claims the next number for the manifest that `manifest` makes for it, until
    /// one is won. With `exact`, claims that number only, and throws `versionTaken` naming who has it.
    ///
    /// The chunks must be in the log and checked before: from the moment the claim is written, consumers act
    /// on it. When this process dies at any point, no number is used up and nothing has to be undone.
    public func claimVersion(
        of model: ModelName, exact: ModelVersion? = nil, why: String = "",
        manifest: @Sendable (ModelVersion) -> Manifest
    ) async throws(CatalogError) -> ClaimedVersion {
        var state = try await follower.asOfNow()
        // Claims that had lost before this call are some dead publisher's; those that lose meanwhile are
        // their owners'.
        let abandoned = state.models[model]?.lostVersions.keys.map { CatalogKey.version(model, $0) } ?? []
        for attempt in 1...limits.attemptsMax {
            let version = try CatalogWriter.nextVersion(of: model, exact: exact, in: state)
            let claim = ClaimID.random()
            let made = manifest(version)
            precondition(
                made.model == model && made.version == version, "manifest of \(made.model)@\(made.version)")
            let key = CatalogKey.version(model, claim)
            switch try await self.claim(key, made.bytes, doing: "claiming \(model)@\(version)") {
            case .won(let offset, _):
                // Seen as won by a slow reader of a compacted log, it may have lost to one that was retired
                // since.
                state = try await follower.asOfNow()
                guard state.models[model]?.winners[claim] != nil else {
                    try await withdraw([key])
                    continue
                }
                try await withdraw(abandoned)
                return ClaimedVersion(
                    manifest: made, claim: claim, offset: offset, attempts: attempt,
                    auditFailure: await audit(published(made, why: why)))
            case .lost, .removed:
                // A winner is never removed, so one that cannot be read any more had lost.
                try await withdraw([key])
                state = await follower.state
            case .unknown:
                throw CatalogError(
                    .outcomeUnknown, "the log did not say whether it wrote the claim of \(model)@\(version)",
                    hint: "look at `modelcast models show \(model)`, then publish again", recovery: .retry)
            }
        }
        throw CatalogError(
            .contention, "\(limits.attemptsMax) claims of a version of \(model) were lost to others",
            recovery: .retry)
    }

    /// Takes a version out of use: its number stays used, its files are no longer named. Throws `inUse`
    /// while an alias points to it, unless `force`.
    @discardableResult
    public func retire(
        _ model: ModelName, _ version: ModelVersion, why: String, force: Bool = false
    ) async throws(CatalogError) -> CatalogError? {
        let entry = try await follower.asOfNow().model(model)
        guard let current = entry.versions[version] else {
            throw CatalogError(.notFound, "model '\(model)' has no version \(version)")
        }
        guard let manifest = current.manifest else { return nil }
        let aliases = entry.aliases(of: version)
        guard aliases.isEmpty || force else {
            throw CatalogError(
                .inUse,
                "\(model)@\(version) is what \(aliases.map(\.text).joined(separator: ", ")) points to",
                hint: "promote another version first")
        }
        let retirement = Retirement(
            model: model, version: version, digest: manifest.digest, by: author, at: time.wall(), why: why)
        try await write(
            .version(model, current.claim), retirement.bytes, doing: "retiring \(model)@\(version)")
        return await audit(
            AuditRecord(
                action: .retire, model: model, who: author, why: why, at: time.wall(),
                before: .init(version: version, digest: manifest.digest), after: nil))
    }

    /// The number to claim; with `exact`, that one if nobody has passed it.
    private static func nextVersion(
        of model: ModelName, exact: ModelVersion?, in state: CatalogState
    ) throws(CatalogError) -> ModelVersion {
        let entry = state.models[model]
        guard let highest = entry?.highest else { return exact ?? 1 }
        guard let exact else {
            guard let next = highest.next else {
                throw CatalogError(.limit, "model '\(model)' has no version numbers left")
            }
            return next
        }
        guard exact > highest else {
            let owner =
                switch entry?.versions[exact]?.state {
                case .published(let manifest):
                    "it was published by \(manifest.publisher) at \(manifest.createdAt)"
                case .retired(let retirement): "it was retired by \(retirement.by) at \(retirement.at)"
                case nil: "version \(highest) exists already, and numbers only grow"
                }
            throw CatalogError(
                .versionTaken, "version \(exact) of \(model) is taken: \(owner)",
                hint: "leave the version out to get the next one")
        }
        return exact
    }

    private func published(_ manifest: Manifest, why: String) -> AuditRecord {
        AuditRecord(
            action: .publish, model: manifest.model, who: author, why: why, at: time.wall(), before: nil,
            after: .init(version: manifest.version, digest: manifest.digest))
    }
}
