internal import Basics
public import Catalog
public import EventLogTesting
public import Modelcast
public import Snapshots

/// A log in memory with Modelcast's topics, and helpers to publish to it and to wait for what follows: for
/// the tests of applications that embed a subscription.
///
/// ```swift
/// let bus = try await TestBus()
/// let fares = try await bus.subscription("fare")
/// try await bus.publish(SampleModel(bias: 1), as: "fare", alias: "production")
/// let model = try await bus.live(fares, version: 1)
/// ```
public final class TestBus: Sendable {
    /// The log; `anotherProcess()` is a second handle of it.
    public let memory: InMemoryLog
    /// The log as publishers and subscriptions of this bus see it: counted, and open to damage.
    public let log: ObservedLog
    /// The topics.
    public let topics: TopicNames

    /// A new log with all topics.
    public init(topics: TopicNames = TopicNames()) async throws {
        memory = InMemoryLog()
        log = ObservedLog(memory)
        self.topics = topics
        _ = try await memory.create(topics.definitions)
    }

    /// A publisher that keeps no journal.
    public func publisher(author: String = "tester") async throws -> Publisher {
        var options = PublisherOptions()
        options.topics = topics
        options.author = author
        options.folders = .none
        return try await Publisher(log: log, options: options)
    }

    /// A subscription that keeps no cache.
    public func subscription(_ model: String, instance: String? = nil) async throws -> Subscription {
        var options = SubscriptionOptions()
        options.topics = topics
        options.instance = instance
        options.folders = .none
        return try await Subscription(log: log, model: model, options: options)
    }

    /// Publishes a sample model; returns its version.
    @discardableResult
    public func publish(
        _ sample: SampleModel, as model: ModelName, alias: String? = nil
    ) async throws -> ModelVersion {
        let publisher = try await publisher()
        let publication = try await publisher.publish(sample.request(model, alias: alias))
        await publisher.close()
        return publication.manifest.version
    }

    /// The model, once `version` of it is live. Throws `not-live` after `limit`.
    public func live(
        _ subscription: Subscription, version: ModelVersion, within limit: Duration = .seconds(30)
    ) async throws -> LoadedModel {
        let updates = subscription.updates
        let found = await withTaskGroup(of: LoadedModel?.self) { group in
            group.addTask {
                for await _ in updates {
                    if let current = subscription.current, current.version == version { return current }
                }
                return nil
            }
            group.addTask {
                try? await Task.sleep(for: limit)
                return nil
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            return first
        }
        if let found { return found }
        throw ModelcastError(
            .notLive, "\(subscription.reference): version \(version) was not live in \(limit)",
            recovery: .retry)
    }

    /// The subscription's status, once its state is one of `states`. Throws `not-live` after `limit`.
    public func settled(
        _ subscription: Subscription, states: Set<String>, within limit: Duration = .seconds(30)
    ) async throws -> FleetStatus.Subscription {
        let deadline = ContinuousClock.now + limit
        while ContinuousClock.now < deadline {
            let status = await subscription.status()
            if states.contains(status.state) { return status }
            try await Task.sleep(for: .milliseconds(2))
        }
        let status = await subscription.status()
        throw ModelcastError(
            .notLive, "\(subscription.reference) is \(status.state), not one of \(states.sorted())",
            recovery: .retry)
    }
}
