internal import Basics
public import Catalog
internal import Crypto
public import EventLog
internal import Features
internal import Models
public import Snapshots
public import Telemetry

/// How a publisher works.
public struct PublisherOptions: Sendable {
    /// The topics.
    public var topics = TopicNames()
    /// Who publishes, as manifests and the audit topic name it; nil: `user@host`.
    public var author: String?
    /// Where publications are journalled, so that a killed one goes on where it was.
    public var folders = LocalFolders.standard
    /// Bounds of snapshots.
    public var snapshotLimits = SnapshotLimits()
    /// Bounds of the catalog.
    public var catalogLimits = CatalogLimits()
    /// The catalog's reader, to share one; nil: the publisher makes its own.
    public var catalog: CatalogFollower?
    /// Log and metrics.
    public var instruments = Instruments.disabled

    /// The defaults.
    public init() {}
}

/// Publishes versions of models.
///
/// ```swift
/// let publisher = try await Publisher(log: log)
/// let publication = try await publisher.publish(PublicationRequest(model: "fare", path: "model.json"))
/// print("published version \(publication.manifest.version)")
/// ```
/// A version becomes visible whole and checked, or not at all: the model is loaded and scored here first,
/// its chunks are acknowledged by the log, read back and compared, and only then the manifest is written.
/// Keep a publisher for several publications; they queue up.
public actor Publisher {
    /// Changes the catalog by hand: aliases, retirements.
    public nonisolated let catalog: CatalogWriter
    /// Reads the catalog.
    public nonisolated let follower: CatalogFollower

    private let options: PublisherOptions
    private let author: String
    private let time: any TimeSource
    private let writer: SnapshotWriter
    private let reader: SnapshotReader
    private let loader = ModelLoader()
    private let ownsFollower: Bool

    /// A publisher to `log`, whose topics must exist (`TopicNames.definitions`).
    public init(log: any EventLog, options: PublisherOptions = PublisherOptions())
        async throws(ModelcastError)
    {
        do throws(CatalogError) {
            ownsFollower = options.catalog == nil
            if let shared = options.catalog {
                follower = shared
            } else {
                follower = try await CatalogFollower.start(
                    log: log, topics: options.topics, limits: options.catalogLimits,
                    snapshotLimits: options.snapshotLimits)
            }
        } catch {
            throw ModelcastError(error, at: log.name)
        }
        self.options = options
        author = options.author ?? ProcessIdentity.author
        time = SystemTime()
        writer = SnapshotWriter(
            log: log, topic: options.topics.chunks, journalFolder: options.folders.journal,
            limits: options.snapshotLimits)
        reader = SnapshotReader(log: log, topic: options.topics.chunks, limits: options.snapshotLimits)
        catalog = CatalogWriter(
            log: log, topics: options.topics, follower: follower, author: author,
            limits: options.catalogLimits)
    }

    /// Publishes a version and returns once it is visible. Throws naming what is wrong; nothing is visible
    /// then, except after `alias-not-moved`, where the version is and the alias is not.
    public func publish(
        _ request: PublicationRequest, progress: @Sendable (PublicationProgress) -> Void = { _ in }
    ) async throws(ModelcastError) -> Publication {
        var work = Work(request: request, start: time.elapsed())
        var machine = PublicationMachine(hasAlias: request.alias != nil)
        var actions = machine.handle(.begin)
        while let action = actions.first {
            actions.removeFirst()
            progress(work.progress(machine.phase))
            do throws(ModelcastError) {
                if let event = try await perform(action, &work, machine.phase, progress) {
                    actions += machine.handle(event)
                }
            } catch {
                _ = machine.handle(.failure)
                options.instruments.emit(PublicationFailed(model: request.model, error: error))
                throw error
            }
        }
        progress(work.progress(machine.phase))
        let publication = try work.publication(duration: time.elapsed() - work.start)
        options.instruments.emit(VersionPublished(publication: publication))
        return publication
    }

    /// Frees what the publisher holds.
    public func close() async {
        await writer.close()
        await reader.close()
        await catalog.close()
        if ownsFollower { await follower.close() }
    }

    private func perform(
        _ action: PublicationMachine.Action, _ work: inout Work, _ phase: PublicationMachine.Phase,
        _ report: @Sendable (PublicationProgress) -> Void
    ) async throws(ModelcastError) -> PublicationMachine.Event? {
        let place = work.request.model.text
        do {
            switch action {
            case .validate:
                try await validate(&work)
                return .validated
            case .describe:
                work.description = try await writer.describe(work.files)
                return .described
            case .send:
                guard let description = work.description else { return .failure }
                let known = try await knownChunks(of: work.request.model)
                work.written = try await writer.write(description, known: known) { progress in
                    report(
                        PublicationProgress(
                            phase: phase, sentBytes: progress.sentBytes, checkedBytes: progress.checkedBytes,
                            totalBytes: progress.totalBytes))
                }
                return .checked
            case .claim:
                try await claim(&work)
                return .claimed
            case .finish:
                if let description = work.description { try await writer.finish(description) }
                return nil
            case .promote:
                try await promote(&work)
                return .promoted
            case .stop:
                return nil
            }
        } catch let error as ModelcastError {
            throw error
        } catch let error as any DescribedError {
            throw ModelcastError(error, at: place)
        } catch {
            throw ModelcastError(.invalidRequest, "\(place): \(error)", recovery: .bug, cause: error)
        }
    }

    /// Loads the model as a consumer would, scores its golden rows, and adds a schema where there is none.
    private func validate(_ work: inout Work) async throws {
        let request = work.request
        for (name, value) in request.metrics where !value.isFinite {
            throw ModelcastError(.invalidRequest, "metric '\(name)' of \(request.model) is \(value)")
        }
        work.files = request.files
        let bytes = try await loader.read(
            work.files, modelFile: request.modelFile.path, limit: options.snapshotLimits.memoryBytesMax)
        let files = ModelFiles(bytes, modelFile: request.modelFile.path, format: request.format)
        let model = try await loader.load(files, name: request.model, version: request.version ?? 1)
        await loader.warm(model)
        work.format = model.predictor.format.name
        if request.schema == nil {
            work.files.append(SnapshotFile(path: SnapshotPath.schema, source: .bytes(model.schema.encoded())))
        }
    }

    /// Chunks that the catalog says are in the log: those of this model's versions, the newest first, then
    /// of the newest versions of the others, up to a bound.
    private func knownChunks(of model: ModelName) async throws(SnapshotError) -> [Digest: ChunkEntry] {
        let state = await follower.state
        var known: [Digest: ChunkEntry] = [:]
        func add(_ chunks: [ChunkEntry]) {
            for chunk in chunks where known.count < Work.knownChunksMax { known[chunk.digest] = chunk }
        }
        let own = state.models[model]?.published.reversed() ?? []
        if let newest = own.first, case .chunks = newest.location {
            // A list too long for the manifest: worth a fetch, for it is a large snapshot that may come
            // again.
            if let contents = try? await reader.contents(of: newest) { add(contents.chunks) }
        }
        for manifest in own { add(manifest.listedChunks) }
        for entry in state.models.values where entry.name != model {
            if let newest = entry.newest { add(newest.listedChunks) }
        }
        return known
    }

    private func claim(_ work: inout Work) async throws {
        guard let description = work.description, let written = work.written else {
            preconditionFailure("a claim of \(work.request.model) before its chunks were checked")
        }
        let request = work.request
        let author = author
        let createdAt = time.wall()
        let format = work.format
        work.claimed = try await catalog.claimVersion(
            of: request.model, exact: request.version, why: request.why
        ) { version in
            Manifest(
                model: request.model, version: version, digest: description.digest, format: format,
                modelFile: request.modelFile.path, byteCount: description.byteCount,
                fileCount: description.entries.count, location: written.location, metrics: request.metrics,
                parameters: request.parameters, lineage: request.lineage, createdAt: createdAt,
                publisher: author)
        }
    }

    private func promote(_ work: inout Work) async throws(ModelcastError) {
        guard let alias = work.request.alias, let claimed = work.claimed else { return }
        let version = claimed.manifest.version
        do throws(CatalogError) {
            work.aliasChange = try await catalog.promote(
                work.request.model, alias, to: version, expect: work.request.aliasExpectation,
                why: work.request.why)
        } catch {
            throw ModelcastError(
                .aliasNotMoved,
                "\(work.request.model)@\(version) is published, but not \(alias): \(error.message)",
                hint: error.hint.isEmpty
                    ? "move it with `modelcast promote \(work.request.model) \(version) --to \(alias)`"
                    : error.hint,
                recovery: error.recovery, cause: error)
        }
    }
}

/// A publication under way.
private struct Work {
    /// Chunks of the catalog that are remembered as known.
    static let knownChunksMax = 200_000

    let request: PublicationRequest
    let start: Duration
    var files: [SnapshotFile] = []
    var format = ""
    var description: SnapshotDescription?
    var written: WrittenSnapshot?
    var claimed: ClaimedVersion?
    var aliasChange: AliasChange?

    init(request: PublicationRequest, start: Duration) {
        self.request = request
        self.start = start
    }

    func progress(_ phase: PublicationMachine.Phase) -> PublicationProgress {
        let total = description?.byteCount ?? 0
        let done = written == nil ? 0 : total
        return PublicationProgress(phase: phase, sentBytes: done, checkedBytes: done, totalBytes: total)
    }

    func publication(duration: Duration) throws(ModelcastError) -> Publication {
        guard let claimed, let written else {
            throw ModelcastError(
                .invalidRequest, "publication of \(request.model) ended early", recovery: .bug)
        }
        return Publication(
            manifest: claimed.manifest, aliasChange: aliasChange, attempts: claimed.attempts,
            chunkCount: written.chunkCount, sentChunks: written.sentCount, sentBytes: written.sentBytes,
            duration: duration, auditFailure: claimed.auditFailure ?? aliasChange?.auditFailure)
    }
}
