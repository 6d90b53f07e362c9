internal import Basics

extension LogError.Code {
    /// A call that has no meaning in the state of the handle, such as `commit` without `begin`.
    public static let wrongState = LogError.Code("wrong-state")
    /// A record that the topic does not take, such as one without a key on a compacted topic.
    public static let invalidRecord = LogError.Code("invalid-record")
}

extension LogError {
    /// No such topic.
    package static func noTopic(_ topic: TopicName) -> LogError {
        LogError(
            .notFound, "there is no topic \(topic)", hint: "create it with `modelcast topics apply`",
            recovery: .fixConfiguration)
    }

    /// No such partition.
    package static func noPartition(_ partition: TopicPartition, count: Int32) -> LogError {
        LogError(
            .notFound, "there is no partition \(partition): the topic has \(count)", recovery: .fixInput)
    }

    /// The partition is not this reader's.
    package static func notAssigned(_ partition: TopicPartition) -> LogError {
        LogError(
            .notAssigned, "\(partition) is not assigned to this reader",
            hint: "read on: the group has given it to somebody else", severity: .abortable, recovery: .retry)
    }

    /// A newer holder of the name has taken over.
    package static func fenced(_ what: String) -> LogError {
        LogError(
            .fenced, "another instance has taken over \(what)",
            hint: "stop one of the two, or give it another --instance name", severity: .fatal,
            recovery: .restart)
    }

    /// A call in the wrong order.
    package static func wrongState(_ message: String) -> LogError {
        LogError(.wrongState, message, severity: .fatal, recovery: .bug)
    }

    /// The transaction must be aborted.
    package static func transactionAborted(_ message: String, cause: (any Error)? = nil) -> LogError {
        LogError(
            .transactionAborted, message, hint: "abort, go back to its first input record, begin again",
            severity: .abortable, recovery: .retry, cause: cause)
    }

    /// A record larger than the log takes.
    package static func recordTooLarge(_ bytes: Int, limit: Int, topic: TopicName) -> LogError {
        LogError(
            .tooLarge, "a record of \(bytes) bytes for \(topic): the log takes \(limit)",
            hint: "split it", recovery: .fixInput)
    }

    /// The topic exists, but otherwise.
    package static func mismatch(_ wanted: TopicDefinition, partitions: Int32, cleanup: CleanupPolicy)
        -> LogError
    {
        LogError(
            .topicMismatch,
            "topic \(wanted.name) exists with \(partitions) partitions and cleanup "
                + "'\(cleanup.rawValue)', not with \(wanted.partitions) and '\(wanted.cleanup.rawValue)'",
            hint: "use another name, or the settings it has", recovery: .fixConfiguration)
    }
}
