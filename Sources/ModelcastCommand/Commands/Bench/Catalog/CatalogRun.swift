import Basics
import Catalog
import EventLog
import Features
import Modelcast
import Models
import Snapshots

/// How a catalog's size tells on a consumer that starts and on a publisher.
struct CatalogRun: Sendable {
    struct Plan: Sendable {
        var models: Int
        var versionsPerModel: Int
        var rounds: Int
    }

    struct Result: Sendable {
        var plan: Plan
        /// From opening the log to the followed model being live.
        var ready: [Int64] = []
        var catalog = CountingLog.Count()
        var chunks = CountingLog.Count()
        /// From opening the log to the publisher having read the catalog.
        var opening: Int64 = 0
        /// A publication by a publisher that is open.
        var publishing: [Int64] = []
    }

    static let followed: ModelName = "followed"
    private static let modelBytes = 10_000

    let plan: Plan
    let place: BenchLog

    func run() async throws -> Result {
        var result = Result(plan: plan)
        try await place.with { log in
            try await SyntheticCatalog(models: plan.models, versionsPerModel: plan.versionsPerModel)
                .write(to: log, topics: place.topics)
        }
        let begin = MonotonicTime.now
        let log = try await place.open()
        let publisher = try await place.publisher(log)
        result.opening = MonotonicTime.now - begin
        for round in 1...plan.rounds {
            let request = try Self.request(seed: UInt64(round))
            let begin = MonotonicTime.now
            _ = try await publisher.publish(request)
            result.publishing.append(MonotonicTime.now - begin)
        }
        await publisher.close()
        await log.close(deadline: CommonOptions.closeDeadline)
        for _ in 1...plan.rounds { try await start(&result) }
        return result
    }

    /// One consumer from its start until its model is live.
    private func start(_ result: inout Result) async throws {
        let begin = MonotonicTime.now
        let log = CountingLog(try await place.open())
        var options = SubscriptionOptions()
        options.topics = place.topics
        options.folders = .none
        let subscription = try await Subscription(
            log: log, reference: ModelReference(Self.followed, .alias(.production)), options: options)
        _ = try await subscription.live(within: .seconds(120))
        result.ready.append(MonotonicTime.now - begin)
        result.catalog = log.count(of: place.topics.catalog)
        result.chunks = log.count(of: place.topics.chunks)
        await subscription.close()
        await log.close(deadline: CommonOptions.closeDeadline)
    }

    private static func request(seed: UInt64) throws -> PublicationRequest {
        let file = SyntheticForest(bytes: modelBytes).encoded(seed: seed)
        let golden = try SyntheticEvents.golden(PredictorLoader.load(file), rows: 20, seed: seed)
        return PublicationRequest(
            model: followed, modelFile: SnapshotFile(path: "model.ubj", source: .bytes(file)),
            golden: .bytes(golden.encoded()), alias: .production)
    }
}
