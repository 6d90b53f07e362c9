public import Basics
public import Catalog
public import EventLog
public import Snapshots
public import Telemetry

/// How a subscription works.
public struct SubscriptionOptions: Sendable {
    /// The topics.
    public var topics = TopicNames()
    /// The name under which this process stands in the fleet topic; nil: host and process number. Give
    /// subscriptions of one process a `fleet` in common instead of the same name.
    public var instance: String?
    /// Where fetched chunks are kept.
    public var folders = LocalFolders.standard
    /// How fast a load works while another model is live, so that it does not hold scoring up; the first
    /// load takes what it can get.
    public var pace = WorkPace.quarter
    /// Bounds of snapshots.
    public var snapshotLimits = SnapshotLimits()
    /// Bounds of the catalog.
    public var catalogLimits = CatalogLimits()
    /// The catalog's reader, to share one; nil: the subscription makes its own.
    public var catalog: CatalogFollower?
    /// The reporter to the fleet topic, to share one; nil: the subscription makes its own.
    public var fleet: FleetReporter?
    /// Log and metrics.
    public var instruments = Instruments.disabled
    /// Called on the loader's thread at each point of a load.
    var passing: (@Sendable (LoadPoint) -> Void)?

    /// The defaults.
    public init() {}
}

/// Follows a model: fetches each version that the catalog wants, verifies, compiles and warms it off the
/// scoring path, and swaps it in while the process goes on scoring.
///
/// ```swift
/// let fares = try await Subscription(log: log, model: "fare@production")
/// for await update in fares.updates where update.kind == .live {
///     print("scoring with version", update.version!)
/// }
/// ```
/// and on any other thread, without a lock: `fares.current?.predictor`. A version that is damaged, unknown
/// or scores otherwise than it should is refused: the process keeps the model that it has, says why in the
/// fleet topic, and does not try that version again. Works until `close`, or until it is let go.
public final class Subscription: Sendable {
    /// What is followed.
    public let reference: ModelReference
    /// The model that runs now, for scoring threads.
    public let slot = ModelSlot()
    private let hub = UpdateHub()
    private let driver: SubscriptionDriver
    /// Reads the catalog.
    let follower: CatalogFollower
    private let fleet: FleetReporter
    private let ownsFollower: Bool
    private let ownsFleet: Bool
    private let loop: Task<Void, Never>

    /// Follows `model`, written `MODEL`, `MODEL@ALIAS` or `MODEL@V`. Returns once the catalog has been
    /// read; the first version becomes live soon after (`live(within:)` waits for it). Throws when the name
    /// breaks its rule or the catalog cannot be read; a model that does not exist yet is waited for.
    public convenience init(
        log: any EventLog, model: String, options: SubscriptionOptions = SubscriptionOptions()
    ) async throws(ModelcastError) {
        let reference: ModelReference
        do throws(CatalogError) {
            reference = try ModelReference(model)
        } catch {
            throw ModelcastError(error, at: "subscription")
        }
        try await self.init(log: log, reference: reference, options: options)
    }

    /// Follows `reference`.
    public init(
        log: any EventLog, reference: ModelReference, options: SubscriptionOptions = SubscriptionOptions()
    ) async throws(ModelcastError) {
        self.reference = reference
        ownsFollower = options.catalog == nil
        ownsFleet = options.fleet == nil
        let cache: ChunkCache?
        do {
            if let shared = options.catalog {
                follower = shared
            } else {
                follower = try await CatalogFollower.start(
                    log: log, topics: options.topics, limits: options.catalogLimits,
                    snapshotLimits: options.snapshotLimits)
            }
            cache = try options.folders.cache.map {
                try ChunkCache(folder: $0, bytesMax: options.snapshotLimits.cacheBytesMax)
            }
        } catch let error as any DescribedError {
            throw ModelcastError(error, at: reference.description)
        } catch {
            throw ModelcastError(.notLive, "\(reference): \(error)", recovery: .bug, cause: error)
        }
        fleet =
            options.fleet
            ?? FleetReporter(
                log: log, topics: options.topics, instance: options.instance, instruments: options.instruments
            )
        let reader = SnapshotReader(
            log: log, topic: options.topics.chunks, cache: cache, limits: options.snapshotLimits,
            priority: .background)
        let driver = SubscriptionDriver(
            reference: reference, slot: slot, hub: hub, follower: follower, reader: reader,
            loader: ModelLoader(priority: .background, passing: options.passing), pace: options.pace,
            fleet: fleet,
            instruments: options.instruments, time: SystemTime())
        self.driver = driver
        loop = Task { await driver.run() }
    }

    deinit {
        loop.cancel()
    }

    /// The model that runs now; nil before the first is live. Lock-free.
    public var current: LoadedModel? { slot.current }

    /// What happens from now on, beginning with the version that is live, if one is. Each use is a sequence
    /// of its own; who is slow loses the oldest of more than 64 that wait. Ends with the subscription.
    public var updates: AsyncStream<ModelUpdate> { hub.listen() }

    /// The model, once one is live. Throws `not-live` after `limit`, with what stood in the way.
    public func live(within limit: Duration = .seconds(30)) async throws(ModelcastError) -> LoadedModel {
        if let current { return current }
        await withTaskGroup(of: Void.self) { [updates, slot] group in
            group.addTask {
                for await _ in updates where slot.current != nil { return }
            }
            group.addTask { try? await Task.sleep(for: limit) }
            await group.next()
            group.cancelAll()
        }
        if let current { return current }
        let obstacle = hub.obstacle
        throw ModelcastError(
            .notLive,
            "no version of \(reference) became live in \(limit)\(obstacle.map { ": \($0.message)" } ?? "")",
            hint: obstacle?.hint ?? "see `modelcast models show \(reference.model)`", recovery: .retry,
            cause: obstacle)
    }

    /// What the fleet topic says of this subscription.
    public func status() async -> FleetStatus.Subscription {
        await driver.status()
    }

    /// Stops following. The model stays in the slot for who still scores with it.
    public func close() async {
        loop.cancel()
        await driver.close()
        if ownsFleet { await fleet.close() }
        if ownsFollower { await follower.close() }
    }
}
