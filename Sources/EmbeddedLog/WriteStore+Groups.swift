internal import Basics
internal import EventLog
internal import SQLite

/// What a member of a group learns from a step.
struct GroupStep: Sendable {
    var generation: Int64
    var step: GroupState.Step
    /// The committed offsets of what was assigned; absent where there is none.
    var offsets: [TopicPartition: Int64] = [:]
    /// Whether a newer member of the same instance name is why it departed.
    var isFenced = false
}

extension WriteStore {
    /// A member joins. Members that are dead by `dead` are removed before.
    func join(
        _ group: String, _ member: GroupState.Member, dead: @Sendable (GroupState.Member) -> Bool
    ) throws(LogError) -> Int64 {
        var id: Int64 = 0
        try change(group, "joining group \(group)") { state, topics, connection in
            // Not the one whose name the new member has: it is taken over from.
            let gone = state.members.filter {
                dead($0.value) && ($0.value.instance == nil || $0.value.instance != member.instance)
            }
            for id in gone.keys { state.remove(id) }
            var counts: [TopicName: Int32] = [:]
            for topic in member.topics {
                guard let entry = topics[topic] else { throw LogError.noTopic(topic) }
                counts[topic] = Int32(entry.partitionIDs.count)
            }
            id = try GroupTable.insert(member, group: group, connection)
            state.join(id, member, counts: counts)
        }
        return id
    }

    /// A member leaves, waiting at most `timeout` for other processes.
    func leave(_ group: String, _ id: Int64, timeout: Duration) throws(LogError) {
        try change(group, "leaving group \(group)", timeout: timeout) { state, _, _ in state.remove(id) }
    }

    /// Removes the members of `group` that are dead by `dead`.
    func bury(_ group: String, dead: @Sendable (GroupState.Member) -> Bool) throws(LogError) {
        try change(group, "removing dead members of group \(group)") { state, _, _ in
            for (id, _) in state.members.filter({ dead($0.value) }) { state.remove(id) }
        }
    }

    /// Member `id`, which knows of `announced` as its own, gives up `released` and asks what to do.
    func step(
        _ group: String, _ id: Int64, instance: String?, announced: Set<TopicPartition>,
        released: Set<TopicPartition>
    ) throws(LogError) -> GroupStep {
        // Most steps change nothing, and then nobody's lock is needed.
        let connection = try connection()
        let (before, topics) = try translating("reading group \(group)") { () throws(SQLiteError) in
            (try GroupTable.load(group, connection), try WriteStore.topics(connection))
        }
        var after = before
        after.release(id, released)
        let planned = after.step(id, announced: announced.subtracting(released))
        if after == before {
            return try answer(planned, after, group, id, instance, topics, connection)
        }
        var step = planned
        let state = try change(group, "taking partitions in group \(group)") { state, _, _ in
            state.release(id, released)
            step = state.step(id, announced: announced.subtracting(released))
        }
        return try answer(step, state, group, id, instance, topics, connection)
    }

    private func answer(
        _ step: GroupState.Step, _ state: GroupState, _ group: String, _ id: Int64, _ instance: String?,
        _ topics: [TopicName: TopicEntry], _ connection: Connection
    ) throws(LogError) -> GroupStep {
        var answer = GroupStep(generation: state.generation, step: step)
        answer.isFenced = state.isFenced(id, instance: instance)
        if case .assign(let partitions) = step {
            // The offsets cannot move between the claim and here: they are the owner's, and that is this
            // member.
            for partition in partitions {
                guard let entry = topics[partition.topic] else { throw .noTopic(partition.topic) }
                let number = try entry.id(of: partition.partition)
                answer.offsets[partition] = try translating("reading group \(group)") {
                    () throws(SQLiteError) in
                    try GroupTable.offset(group, number, connection)
                }
            }
        }
        return answer
    }

    /// Changes a group in one transaction; returns it as it then is.
    @discardableResult
    private func change(
        _ group: String, _ what: String, timeout: Duration = .seconds(30),
        _ body: (inout GroupState, [TopicName: TopicEntry], Connection) throws -> Void
    ) throws(LogError) -> GroupState {
        try transaction(what, timeout: timeout) { connection in
            let before = try GroupTable.load(group, connection)
            let topics = try WriteStore.topics(connection)
            var after = before
            try body(&after, topics, connection)
            guard after != before else { return before }
            after.generation = before.generation + 1
            try GroupTable.save(group, from: before, to: after, ids: topics, connection)
            return after
        }
    }

    private static func topics(_ connection: Connection) throws(SQLiteError) -> [TopicName: TopicEntry] {
        Dictionary(uniqueKeysWithValues: try TopicTable.all(connection).map { ($0.name, $0) })
    }
}
