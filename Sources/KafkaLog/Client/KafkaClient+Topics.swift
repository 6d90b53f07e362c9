internal import EventLog

extension KafkaClient {
    /// Waits until `topic` and the leaders of its partitions are known; blocks. Throws `notFound` when it
    /// does not exist.
    func awaitTopic(_ topic: TopicHandle, _ limit: Duration) throws(LogError) {
        let what = "looking up topic \(topic.name)"
        let deadline = Deadline(after: limit)
        let appearing = Deadline(after: min(limit, KafkaLimits.unknownTopicPatience))
        var slices = Slices()
        while true {
            let slice = slices.next(deadline)
            let code = try use { handle throws(LogError) in handle.awaitTopic(topic, milliseconds: slice) }
            if code == 0 { return noteContact() }
            let failure = KafkaFailure(code: code)
            let row = KafkaErrorTable.row(of: code)
            guard row.isRetriable || (row.code == .notFound && !appearing.isOver) else {
                throw LogError.kafka(failure, what)
            }
            if let refusal { throw LogError.kafka(refusal, what) }
            guard !deadline.isOver else {
                throw LogError.timedOut(what, after: limit, cause: trouble ?? failure)
            }
            // An election, a refused connection and an unknown topic answer at once.
            Pause.milliseconds(5)
        }
    }
}
