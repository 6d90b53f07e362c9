internal import Basics
package import EventLog

extension LogState {
    /// A consumer group.
    struct Group: Sendable {
        var members: [Int: Member] = [:]
        var committed: [TopicPartition: Int64] = [:]
        /// Who may read a partition now.
        var owners: [TopicPartition: Int] = [:]
        /// Who shall read it.
        var target: [TopicPartition: Int] = [:]
        /// Members that are gone without having left.
        var departed: [Int: Departure] = [:]
    }

    struct Member: Sendable {
        var instance: String?
        var topics: [TopicName]
        var sessionTimeout: Duration
        /// Partitions that it has been told of.
        var announced: Set<TopicPartition> = []
        /// Partitions that it was told to give up; its next read does.
        var revoking: Set<TopicPartition> = []
        /// When its process was killed; nil while it lives.
        var silentSince: Duration?
    }

    enum Departure: Sendable {
        case fenced
        case expired
    }

    /// What the group wants of a member.
    package enum GroupEvent: Sendable, Equatable {
        /// Read these from these offsets (nil: the group has none).
        case assigned([TopicPartition: Offset?])
        /// Give these up.
        case revoking([TopicPartition])
        /// The session is over; everything was given away.
        case lost
    }

    /// A member joins. One with an `instance` takes over from the member that had the name, which is fenced.
    /// Returns its number.
    package mutating func join(_ options: GroupOptions) throws(LogError) -> Int {
        for topic in options.topics where topicStates[topic] == nil { throw .noTopic(topic) }
        lastMember += 1
        let id = lastMember
        var group = groups[options.group] ?? Group()
        var member = Member(
            instance: options.instance, topics: options.topics, sessionTimeout: options.sessionTimeout)
        member.silentSince = nil
        if let instance = options.instance,
            let older = group.members.first(where: { $0.value.instance == instance })?.key
        {
            group.members[older] = nil
            group.departed[older] = .fenced
            for (partition, owner) in group.owners where owner == older {
                group.owners[partition] = options.topics.contains(partition.topic) ? id : nil
            }
            for (partition, owner) in group.target where owner == older { group.target[partition] = id }
        }
        group.members[id] = member
        groups[options.group] = group
        rebalance(options.group)
        return id
    }

    /// A member leaves by itself.
    package mutating func leave(group: String, member: Int) {
        guard groups[group]?.members[member] != nil else { return }
        remove(member, from: group)
    }

    /// A member's process dies: the group notices after the session timeout.
    package mutating func silence(group: String, member: Int, now: Duration) {
        groups[group]?.members[member]?.silentSince = now
        version += 1
    }

    /// The group gives up on a member now, as it does when a session times out.
    package mutating func expire(group: String, member: Int) {
        guard groups[group]?.members[member] != nil else { return }
        groups[group]?.departed[member] = .expired
        remove(member, from: group)
    }

    /// Expires what is due at `now`; returns when the next thing is due.
    package mutating func tick(now: Duration) -> Duration? {
        abortSilent(now: now)
        var next = producers.values.compactMap { $0.open?.deadline }.min()
        for (name, group) in groups {
            for (id, member) in group.members {
                guard let silent = member.silentSince else { continue }
                let deadline = silent + member.sessionTimeout
                if deadline <= now {
                    expire(group: name, member: id)
                } else {
                    next = min(next ?? deadline, deadline)
                }
            }
        }
        return next
    }

    /// Gives up what `member` was told to give up before, then says what the group wants of it; nil: nothing
    /// new.
    package mutating func poll(group name: String, member id: Int) throws(LogError) -> GroupEvent? {
        guard var group = groups[name] else { throw .closed("group \(name)") }
        guard var member = group.members[id] else {
            guard group.departed[id] == .expired else { throw .fenced("a member of group \(name)") }
            return .lost
        }
        if !member.revoking.isEmpty {
            for partition in member.revoking { group.owners[partition] = nil }
            member.announced.subtract(member.revoking)
            member.revoking = []
            version += 1
        }
        for (partition, owner) in group.owners where owner == id && group.target[partition] != id {
            if member.announced.contains(partition) {
                member.revoking.insert(partition)
            } else {
                group.owners[partition] = nil
                version += 1
            }
        }
        var event: GroupEvent?
        if member.revoking.isEmpty {
            for (partition, wanted) in group.target where wanted == id && group.owners[partition] == nil {
                group.owners[partition] = id
            }
            var fresh: [TopicPartition: Offset?] = [:]
            for (partition, owner) in group.owners where owner == id && !member.announced.contains(partition)
            {
                fresh[partition] = .some(group.committed[partition].map(Offset.init))
            }
            member.announced.formUnion(fresh.keys)
            if !fresh.isEmpty { event = .assigned(fresh) }
        } else {
            event = .revoking(member.revoking.sorted())
        }
        group.members[id] = member
        groups[name] = group
        return event
    }

    /// Stores offsets of a member that still has the partitions.
    package mutating func commit(
        _ offsets: [TopicPartition: Offset], group name: String, member: Int
    ) throws(LogError) {
        guard let group = groups[name], group.members[member] != nil else {
            if groups[name]?.departed[member] == .expired, let any = offsets.keys.min() {
                throw .notAssigned(any)
            }
            throw .fenced("a member of group \(name)")
        }
        for partition in offsets.keys where group.owners[partition] != member {
            throw .notAssigned(partition)
        }
        for (partition, offset) in offsets { groups[name]?.committed[partition] = offset.number }
        version += 1
    }

    /// The committed offsets of `group` in `topic`.
    package func committedOffsets(of group: String, topic: TopicName) throws(LogError) -> [Partition: Offset]
    {
        guard topicStates[topic] != nil else { throw .noTopic(topic) }
        var offsets: [Partition: Offset] = [:]
        for (partition, offset) in groups[group]?.committed ?? [:] where partition.topic == topic {
            offsets[partition.partition] = Offset(offset)
        }
        return offsets
    }

    /// The partitions that `member` knows to be its own.
    package func announced(group: String, member: Int) -> Set<TopicPartition> {
        groups[group]?.members[member]?.announced ?? []
    }

    private mutating func remove(_ member: Int, from name: String) {
        guard var group = groups[name] else { return }
        group.members[member] = nil
        group.owners = group.owners.filter { $0.value != member }
        groups[name] = group
        rebalance(name)
    }

    private mutating func rebalance(_ name: String) {
        guard let group = groups[name] else { return }
        let members = group.members.mapValues(\.topics)
        var partitions: [TopicPartition] = []
        for topic in Set(members.values.joined()) {
            for number in 0..<(partitionCount(of: topic) ?? 0) {
                partitions.append(TopicPartition(topic, number))
            }
        }
        groups[name]?.target = StickyAssignment.assign(
            partitions: partitions, members: members, current: group.target)
        version += 1
    }
}
