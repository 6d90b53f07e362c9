import Catalog
import EventLog

extension CommonOptions {
    /// The names of the topics of this installation.
    var topics: TopicNames {
        get throws { try TopicNames(prefix: broker.topicPrefix) }
    }

    /// Creates those of `names` that do not exist: as the built-in definitions say, and others like the
    /// events' topic. Topics that exist stay as they are.
    func createMissing(_ names: [TopicName], in log: any EventLog) async throws {
        let topics = try topics
        var missing: [TopicDefinition] = []
        for name in names where try await log.partitionCount(of: name) == nil {
            var other = topics
            other.events = name
            missing.append(topics.definitions(of: [name]).first ?? other.definitions(of: [name])[0])
        }
        if !missing.isEmpty { try await log.create(missing) }
    }
}
