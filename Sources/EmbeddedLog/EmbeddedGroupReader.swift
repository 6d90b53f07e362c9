internal import Basics
internal import EventLog
internal import Synchronization

/// Reads its share of a group's partitions.
final class EmbeddedGroupReader: GroupReader {
    private struct Membership: Sendable {
        var id: Int64
        var slot: Int
        /// The group's generation that was acted on last; -1: none.
        var generation: Int64 = -1
        /// What the caller was told that it has.
        var announced: Set<TopicPartition> = []
        /// What the caller was told to give up; the next read does.
        var revoking: Set<TopicPartition> = []
    }

    private let reading: EmbeddedReading
    private let options: GroupOptions
    private let membership: Mutex<Membership>
    private let polls: PollClock
    private let nextBurial = Mutex(ContinuousClock.now)

    var group: String { options.group }

    private init(
        _ reading: EmbeddedReading, _ options: GroupOptions, _ membership: Membership, _ polls: PollClock
    ) {
        self.reading = reading
        self.options = options
        self.membership = Mutex(membership)
        self.polls = polls
    }

    deinit {
        // A handle that is dropped without `close` is as good as dead: the others need not wait.
        reading.core.letDie(membership.withLock { $0.slot })
    }

    /// When `read` was called last.
    private final class PollClock: Sendable {
        private let last = Mutex(ContinuousClock.now)

        func poll() { last.withLock { $0 = .now } }

        func isWithin(_ limit: Duration) -> Bool {
            last.withLock { ContinuousClock.now - $0 < limit }
        }
    }

    static func join(
        _ core: EmbeddedCore, _ options: GroupOptions
    ) async throws(LogError) -> EmbeddedGroupReader {
        for topic in options.topics { _ = try await core.topic(topic) }
        let polls = PollClock()
        let membership = try await enter(core, options, polls)
        return EmbeddedGroupReader(EmbeddedReading(core, readsAhead: true), options, membership, polls)
    }

    private static func enter(
        _ core: EmbeddedCore, _ options: GroupOptions, _ polls: PollClock
    ) async throws(LogError) -> Membership {
        polls.poll()
        let slot = try core.members.acquire()
        let limit = core.options.limits.pollTimeout
        core.keepAlive(slot) { polls.isWithin(limit) }
        let member = GroupState.Member(
            instance: options.instance, topics: options.topics, slot: slot,
            sessionMilliseconds: options.sessionTimeout.wholeMilliseconds)
        do throws(LogError) {
            let id = try await core.write.join(options.group, member, dead: isDead(core.members))
            return Membership(id: id, slot: slot)
        } catch {
            core.letDie(slot)
            throw error
        }
    }

    private static func isDead(_ members: MemberFile) -> @Sendable (GroupState.Member) -> Bool {
        { !members.isAlive($0.slot, sessionMilliseconds: $0.sessionMilliseconds) }
    }

    /// Whether it reads from the log of `core`, and as which member.
    func member(of core: EmbeddedCore) -> Int64? {
        reading.core === core ? membership.withLock { $0.id } : nil
    }

    // MARK: Reading

    func read(
        into batch: inout RecordBatch, limit: ReadLimit, wait: Duration
    ) async throws(LogError) -> ReadOutcome {
        polls.poll()
        return try await reading.waiting(wait) { () throws(LogError) in
            try await buryTheDead()
            while true {
                if membership.withLock({ !$0.revoking.isEmpty }), let outcome = try await advance() {
                    return outcome
                }
                let known = membership.withLock { $0.generation }
                let (outcome, generation) = try await reading.attempt(
                    into: &batch, limit: limit, group: options.group, generation: known)
                if generation == known { return outcome }
                if let outcome = try await advance() { return outcome }
            }
        }
    }

    /// Gives up what was to be given up, and does what the group wants next.
    private func advance() async throws(LogError) -> ReadOutcome? {
        let now = membership.withLock { $0 }
        let answer = try await reading.core.write.step(
            options.group, now.id, instance: options.instance, announced: now.announced,
            released: now.revoking)
        reading.remove(now.revoking)
        membership.withLock { membership in
            membership.generation = answer.generation
            membership.announced.subtract(now.revoking)
            membership.revoking = []
        }
        switch answer.step {
        case .nothing:
            return nil
        case .revoke(let partitions):
            membership.withLock { $0.revoking = Set(partitions) }
            return .revoking(partitions, lost: false)
        case .assign(let partitions):
            for partition in partitions {
                let id = try await reading.core.topic(partition.topic).id(of: partition.partition)
                let start =
                    answer.offsets[partition].map { StartPosition.offset(Offset($0)) } ?? options.start
                let position = try await reading.lane.position(start, partition, id: id)
                reading.add(partition, id: id, position: position)
            }
            membership.withLock { $0.announced.formUnion(partitions) }
            return .assigned(partitions)
        case .departed:
            if answer.isFenced {
                throw .fenced("instance '\(options.instance ?? "")' of group \(options.group)")
            }
            return try await rejoin(having: now.announced)
        }
    }

    /// The group took it for dead; it is not.
    private func rejoin(having lost: Set<TopicPartition>) async throws(LogError) -> ReadOutcome? {
        reading.remove(lost)
        let slot = membership.withLock { $0.slot }
        reading.core.letDie(slot)
        let fresh = try await EmbeddedGroupReader.enter(reading.core, options, polls)
        membership.withLock { $0 = fresh }
        return lost.isEmpty ? nil : .revoking(lost.sorted(), lost: true)
    }

    /// Now and then, removes members of the group that are dead.
    private func buryTheDead() async throws(LogError) {
        let due = nextBurial.withLock { next in
            guard ContinuousClock.now >= next else { return false }
            next = .now + reading.core.options.limits.checkInterval
            return true
        }
        guard due else { return }
        let isDead = EmbeddedGroupReader.isDead(reading.core.members)
        let own = membership.withLock { $0.id }
        let members = try await reading.lane.members(of: options.group)
        if members.contains(where: { $0.key != own && isDead($0.value) }) {
            try await reading.core.write.bury(options.group, dead: isDead)
        }
    }

    func seek(to offsets: [TopicPartition: Offset]) async throws(LogError) {
        try reading.seek(to: offsets)
    }

    // MARK: The group

    func assignment() async -> [TopicPartition] { reading.partitions }

    func lag() async -> [TopicPartition: Int64] { await reading.lag() }

    func commit(_ offsets: [TopicPartition: Offset]) async throws(LogError) {
        try reading.check()
        let consumed = try await consumed(offsets)
        let request = WriteRequest(blocks: [], consumed: consumed, deadline: .now + .seconds(30))
        _ = try await reading.core.write.commit(request)
    }

    /// What a request needs to know of `offsets`.
    func consumed(_ offsets: [TopicPartition: Offset]) async throws(LogError) -> WriteRequest.Consumed {
        var consumed = WriteRequest.Consumed(
            group: options.group, member: membership.withLock { $0.id }, instance: options.instance,
            offsets: [])
        for (partition, offset) in offsets {
            let id = try await reading.core.topic(partition.topic).id(of: partition.partition)
            consumed.offsets.append((partition, id, offset.number))
        }
        return consumed
    }

    func close(deadline: Duration) async {
        guard reading.close() else { return }
        let member = membership.withLock { $0 }
        let core = reading.core
        let group = options.group
        // Should the file be locked for longer, the others see the slot free and do the rest.
        await (ContinuousClock.now + deadline).bound {
            try? await core.write.leave(group, member.id, timeout: deadline)
        }
        core.letDie(member.slot)
    }
}
