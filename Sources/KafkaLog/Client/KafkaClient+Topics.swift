internal import EventLog

extension KafkaClient {
    /// Waits until `topic` and the leaders of its partitions are known; blocks. Throws `notFound` when it
    /// does not exist.
    func awaitTopic(_ topic: TopicHandle, _ limit: Duration) throws(LogError) {
        let what = "looking up topic \(topic.name)"
        let deadline = Deadline(after: limit)
        var slices = Slices()
        while true {
            let slice = slices.next(deadline)
            let code = try use { handle throws(LogError) in handle.awaitTopic(topic, milliseconds: slice) }
            if code == 0 { return noteContact() }
            let failure = KafkaFailure(code: code)
            guard KafkaErrorTable.row(of: code).isRetriable else { throw LogError.kafka(failure, what) }
            if let refusal { throw LogError.kafka(refusal, what) }
            guard !deadline.isOver else {
                throw LogError.timedOut(what, after: limit, cause: trouble ?? failure)
            }
            // An election, or a refused connection, answers at once.
            Pause.milliseconds(5)
        }
    }
}
