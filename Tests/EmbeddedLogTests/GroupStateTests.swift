import Basics
import EventLog
import Testing

@testable import EmbeddedLog

/// The group's rules without a file.
@Suite("State of an embedded group")
struct GroupStateTests {
    /// A member as its process sees itself.
    private struct Client {
        var id: Int64
        var announced: Set<TopicPartition> = []
        var revoking: Set<TopicPartition> = []

        /// One call of `read`; false when it is no member any more.
        mutating func poll(_ state: inout GroupState) -> Bool {
            state.release(id, revoking)
            announced.subtract(revoking)
            revoking = []
            switch state.step(id, announced: announced) {
            case .nothing: break
            case .assign(let partitions): announced.formUnion(partitions)
            case .revoke(let partitions): revoking = Set(partitions)
            case .departed: return false
            }
            return true
        }
    }

    private func member(_ instance: String? = nil) -> GroupState.Member {
        GroupState.Member(instance: instance, topics: ["t"], slot: 0, sessionMilliseconds: 1_000)
    }

    @Test(
        "over random joins, leaves, deaths and polls, no partition has two readers; in the end each has one",
        arguments: 0..<200)
    func random(seed: Int) {
        var random = SeededRandom(seed: UInt64(seed))
        let partitions = Int32.random(in: 1...9, using: &random)
        var state = GroupState()
        var clients: [Client] = []
        var nextID: Int64 = 1
        for _ in 0..<60 {
            switch Int.random(in: 0...9, using: &random) {
            case 0, 1:
                let instance = Bool.random(using: &random) ? "i\(Int.random(in: 0...2, using: &random))" : nil
                state.join(nextID, member(instance), counts: ["t": partitions])
                clients.append(Client(id: nextID))
                nextID += 1
            case 2:
                guard let victim = clients.indices.randomElement(using: &random) else { continue }
                state.remove(clients.remove(at: victim).id)
            default:
                guard let index = clients.indices.randomElement(using: &random) else { continue }
                if !clients[index].poll(&state) { clients.remove(at: index) }
            }
            check(state, clients)
        }
        // Left alone, the members settle.
        for _ in 0..<4 {
            for index in clients.indices.reversed() where !clients[index].poll(&state) {
                clients.remove(at: index)
            }
        }
        check(state, clients)
        guard !clients.isEmpty else { return }
        #expect(clients.map(\.announced.count).reduce(0, +) == Int(partitions))
        let counts = clients.map(\.announced.count)
        #expect((counts.max() ?? 0) - (counts.min() ?? 0) <= 1)
        let before = state
        for index in clients.indices { _ = clients[index].poll(&state) }
        #expect(state == before)
    }

    private func check(_ state: GroupState, _ clients: [Client]) {
        var owners: [TopicPartition: Int64] = [:]
        for client in clients where state.members[client.id] != nil {
            for partition in client.announced {
                #expect(owners.updateValue(client.id, forKey: partition) == nil, "two read \(partition)")
                #expect(state.shares[partition]?.owner == client.id)
            }
        }
        for share in state.shares.values {
            if let owner = share.owner { #expect(state.members[owner] != nil) }
            #expect((share.target == nil) == state.members.isEmpty)
        }
    }

    @Test("a member that comes back under its name has the same partitions at once")
    func takeover() {
        var state = GroupState()
        state.join(1, member("a"), counts: ["t": 4])
        state.join(2, member("b"), counts: ["t": 4])
        var first = Client(id: 1)
        var second = Client(id: 2)
        for _ in 0..<3 {
            _ = first.poll(&state)
            _ = second.poll(&state)
        }
        state.join(3, member("a"), counts: ["t": 4])
        var third = Client(id: 3)
        let isMember = third.poll(&state)
        #expect(isMember)
        #expect(third.announced == first.announced && first.announced.count == 2)
        let wasFenced = !first.poll(&state)
        #expect(wasFenced)
        #expect(state.isFenced(1, instance: "a") && !state.isFenced(3, instance: "a"))
    }
}

@Suite("Blocks")
struct BlockTests {
    private func sample(_ random: inout SeededRandom) -> RecordBatch {
        func bytes(_ count: Int) -> [UInt8] {
            (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
        }
        return RecordBatch(
            (0..<Int.random(in: 1...40, using: &random)).map { _ in
                Record(
                    topic: "t", partition: Partition(Int32.random(in: 0...2, using: &random)),
                    timestamp: Timestamp(
                        milliseconds: Int64.random(in: 0...2_000_000_000_000, using: &random)),
                    key: Bool.random(using: &random) ? bytes(Int.random(in: 0...9, using: &random)) : nil,
                    value: Bool.random(using: &random) ? bytes(Int.random(in: 0...300, using: &random)) : nil,
                    headers: (0..<Int.random(in: 0...3, using: &random)).map {
                        Header(String($0), bytes(Int.random(in: 0...5, using: &random)))
                    })
            })
    }

    private func decode(_ block: Block, first: Int64) throws(BlockDamage) -> [Record] {
        var decoder = try BlockDecoder(block.head.span, first: first, bodyCount: block.body.count)
        var filler = BatchFiller(limit: ReadLimit(records: .max, bytes: .max), before: 0, bytesBefore: 0)
        var batch = RecordBatch()
        let topic = batch.index(of: "t")
        var lane = ReadCursor.Lane(
            partition: TopicPartition("t", Int32(block.partitionID)), id: block.partitionID, position: 0)
        try filler.fill(
            &batch, from: &decoder, block.head.span, block.body.span, topic: topic, lane: &lane)
        return batch.records
    }

    @Test("give back what went in, also when a block is full after a few records", arguments: 0..<60)
    func roundTrip(seed: Int) throws {
        var random = SeededRandom(seed: UInt64(seed))
        let batch = sample(&random)
        var limits = EmbeddedLogLimits()
        if seed % 2 == 0 { limits.blockRecordsMax = 5 } else { limits.blockBytesMax = 400 }
        var assembler = BlockAssembler(limits: limits)
        var slots: [BlockAssembler.Slot] = []
        for index in 0..<batch.count {
            let partition = try #require(batch.partition(at: index))
            let time = try #require(batch.timestamp(at: index))
            slots.append(
                assembler.append(
                    batch, index, partitionID: Int64(partition.number), timestamp: time.milliseconds))
        }
        let blocks = try assembler.finish().map { try decode($0, first: 100) }
        for (index, slot) in slots.enumerated() {
            var found = blocks[Int(slot.block)][Int(slot.index)]
            #expect(found.offset == Offset(100 + Int64(slot.index)))
            found.offset = nil
            #expect(found == batch.record(at: index))
        }
        #expect(blocks.map(\.count).reduce(0, +) == batch.count)
    }

    @Test(
        "with any byte changed or cut off are damaged or decode to something, without a trap",
        arguments: 0..<8)
    func hostile(seed: Int) throws {
        var random = SeededRandom(seed: UInt64(seed))
        let batch = sample(&random)
        var assembler = BlockAssembler(limits: EmbeddedLogLimits())
        for index in 0..<batch.count { _ = assembler.append(batch, index, partitionID: 0, timestamp: 7) }
        let block = try #require(assembler.finish().first)
        for index in block.head.indices {
            for value in [UInt8(0), 0x7f, 0x80, 0xff, block.head[index] ^ 1] {
                var damaged = block
                damaged.head[index] = value
                _ = try? decode(damaged, first: 0)
                damaged.head.removeLast(damaged.head.count - index)
                #expect(throws: BlockDamage.self) { _ = try decode(damaged, first: 0) }
            }
        }
        var shorter = block
        if !shorter.body.isEmpty {
            shorter.body.removeLast()
            #expect(throws: BlockDamage.self) { _ = try decode(shorter, first: 0) }
        }
    }

    @Test("have a checksum that every single changed byte, and another place, changes")
    func checksum() throws {
        let bytes: [UInt8] = (0..<45).map { UInt8($0) }
        let sound = Block.storedChecksum(head: bytes.span, body: bytes.span, place: 9)
        #expect(Block.storedChecksum(head: bytes.span, body: bytes.span, place: 10) != sound)
        for index in bytes.indices {
            for bit in 0..<8 {
                var changed = bytes
                changed[index] ^= 1 << UInt8(bit)
                #expect(Block.storedChecksum(head: changed.span, body: bytes.span, place: 9) != sound)
                #expect(Block.storedChecksum(head: bytes.span, body: changed.span, place: 9) != sound)
            }
        }
    }
}
