package import Basics
package import EventLog

extension LogState {
    /// What the log knows of a transactional id.
    struct Producer: Sendable {
        /// Grows with every writer of the id; a writer with an older one is fenced.
        var epoch: Int
        var open: OpenTransaction?
        /// The log aborted the transaction by itself; the writer has not heard of it yet.
        var timedOut = false
    }

    struct OpenTransaction: Sendable {
        var number: Int
        var deadline: Duration
    }

    /// A writer of `id` starts: older ones are fenced, what they left open is aborted. Returns its epoch.
    package mutating func openProducer(_ id: String) -> Int {
        let epoch = (producers[id]?.epoch ?? 0) + 1
        if let open = producers[id]?.open { finish(open.number, commits: false) }
        producers[id] = Producer(epoch: epoch)
        version += 1
        return epoch
    }

    /// See `TransactionalWriter.begin`.
    package mutating func begin(id: String, epoch: Int, timeout: Duration, now: Duration) throws(LogError) {
        var producer = try checked(id, epoch)
        guard producer.open == nil else { throw .wrongState("transaction of '\(id)' is open already") }
        lastTransaction += 1
        producer.open = OpenTransaction(number: lastTransaction, deadline: now + timeout)
        producer.timedOut = false
        producers[id] = producer
    }

    /// Appends to the open transaction of `id`.
    package mutating func append(
        _ batch: RecordBatch, id: String, epoch: Int, now: Timestamp
    ) throws(LogError) -> [RecordPlace] {
        let producer = try checked(id, epoch)
        guard let open = producer.open else { throw notOpen(id, producer) }
        return try append(batch, transaction: open.number, now: now)
    }

    /// Commits the open transaction of `id`, with the offsets that `member` of `group` has consumed.
    package mutating func commit(
        id: String, epoch: Int, consumed: (group: String, member: Int, offsets: [TopicPartition: Offset])?
    ) throws(LogError) {
        let producer = try checked(id, epoch)
        guard let open = producer.open else { throw notOpen(id, producer) }
        if let consumed {
            do throws(LogError) {
                try commit(consumed.offsets, group: consumed.group, member: consumed.member)
            } catch {
                throw .transactionAborted(
                    "the input of transaction '\(id)' cannot be committed: \(error.message)", cause: error)
            }
        }
        finish(open.number, commits: true)
        producers[id]?.open = nil
    }

    /// Drops the open transaction of `id`, if any.
    package mutating func abort(id: String, epoch: Int) throws(LogError) {
        let producer = try checked(id, epoch)
        producers[id]?.timedOut = false
        guard let open = producer.open else { return }
        finish(open.number, commits: false)
        producers[id]?.open = nil
    }

    /// Aborts the transactions whose time is over.
    mutating func abortSilent(now: Duration) {
        for (id, producer) in producers {
            guard let open = producer.open, open.deadline <= now else { continue }
            finish(open.number, commits: false)
            producers[id]?.open = nil
            producers[id]?.timedOut = true
        }
    }

    private func checked(_ id: String, _ epoch: Int) throws(LogError) -> Producer {
        guard let producer = producers[id], producer.epoch == epoch else {
            throw .fenced("transactional id '\(id)'")
        }
        return producer
    }

    private func notOpen(_ id: String, _ producer: Producer) -> LogError {
        producer.timedOut
            ? .transactionAborted("the log aborted the transaction of '\(id)': it was open for too long")
            : .wrongState("no transaction of '\(id)' is open")
    }

    /// Decides transaction `number` and writes its marker, which takes an offset, to each partition that it
    /// touched.
    private mutating func finish(_ number: Int, commits: Bool) {
        for (topic, state) in topicStates {
            for index in state.partitions.indices where state.partitions[index].open[number] != nil {
                withPartition(TopicPartition(topic, Int32(index))) { partition in
                    partition.open[number] = nil
                    if !commits { partition.aborted.insert(number) }
                    partition.nextOffset += 1
                }
            }
        }
        version += 1
    }
}
