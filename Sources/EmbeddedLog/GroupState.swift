internal import EventLog

/// Who is in a group and who has which partition: a value without file, clock or lock. Every change of it is
/// one transaction of the file (`GroupTable`).
///
/// A partition has an *owner*, who may read and commit it now, and a *target*, who shall. It changes hands
/// only through nobody: the owner gives it up, dies or falls silent, and then the target claims it.
struct GroupState: Equatable, Sendable {
    struct Member: Equatable, Sendable {
        /// The name that stays over restarts.
        var instance: String?
        var topics: [TopicName]
        /// In the members' file.
        var slot: Int
        var sessionMilliseconds: Int64
    }

    struct Share: Equatable, Sendable {
        var owner: Int64?
        var target: Int64?
    }

    /// What a member is to do next.
    enum Step: Equatable, Sendable {
        case nothing
        /// Read these.
        case assign([TopicPartition])
        /// Give these up.
        case revoke([TopicPartition])
        /// It is no member any more.
        case departed
    }

    /// Grows with every change.
    var generation: Int64 = 0
    var members: [Int64: Member] = [:]
    var shares: [TopicPartition: Share] = [:]

    /// Member `id` joins, and takes over from the one that has its instance name. `counts`: the partitions of
    /// the topics.
    mutating func join(_ id: Int64, _ member: Member, counts: [TopicName: Int32]) {
        if let instance = member.instance,
            let older = members.first(where: { $0.value.instance == instance })?.key
        {
            members[older] = nil
            for (partition, share) in shares {
                let keeps = member.topics.contains(partition.topic)
                if share.owner == older { shares[partition]?.owner = keeps ? id : nil }
                if share.target == older { shares[partition]?.target = keeps ? id : nil }
            }
        }
        members[id] = member
        for topic in member.topics {
            for number in 0..<(counts[topic] ?? 0) where shares[TopicPartition(topic, number)] == nil {
                shares[TopicPartition(topic, number)] = Share()
            }
        }
        rebalance()
    }

    /// Member `id` left, died or fell silent.
    mutating func remove(_ id: Int64) {
        guard members.removeValue(forKey: id) != nil else { return }
        for (partition, share) in shares where share.owner == id { shares[partition]?.owner = nil }
        rebalance()
    }

    /// Member `id` gives up `partitions`.
    mutating func release(_ id: Int64, _ partitions: some Sequence<TopicPartition>) {
        for partition in partitions where shares[partition]?.owner == id { shares[partition]?.owner = nil }
    }

    /// What member `id` is to do, which knows of `announced` as its own; claims what is free for it.
    mutating func step(_ id: Int64, announced: Set<TopicPartition>) -> Step {
        guard members[id] != nil else { return .departed }
        var unwanted: [TopicPartition] = []
        for (partition, share) in shares where share.owner == id && share.target != id {
            if announced.contains(partition) {
                unwanted.append(partition)
            } else {
                shares[partition]?.owner = nil
            }
        }
        if !unwanted.isEmpty { return .revoke(unwanted.sorted()) }
        var fresh: [TopicPartition] = []
        for (partition, share) in shares where share.target == id {
            if share.owner == nil { shares[partition]?.owner = id }
            if shares[partition]?.owner == id, !announced.contains(partition) { fresh.append(partition) }
        }
        return fresh.isEmpty ? .nothing : .assign(fresh.sorted())
    }

    /// Whether a member of the same instance name has come after `id`.
    func isFenced(_ id: Int64, instance: String?) -> Bool {
        guard let instance else { return false }
        return members.contains { $0.value.instance == instance && $0.key > id }
    }

    private mutating func rebalance() {
        let read = Set(members.values.flatMap(\.topics))
        let target = StickyAssignment.assign(
            partitions: shares.keys.filter { read.contains($0.topic) }, members: members.mapValues(\.topics),
            current: shares.compactMapValues(\.target))
        for partition in shares.keys { shares[partition]?.target = target[partition] }
    }
}
