public import Catalog
public import EventLog

extension EventLog {
    /// Makes those of Modelcast's topics that do not exist: for programs that bring their own log. Returns
    /// their names.
    @discardableResult
    public func createModelcastTopics(
        _ topics: TopicNames = TopicNames()
    ) async throws(LogError) -> [TopicName] {
        try await create(topics.definitions)
    }
}
