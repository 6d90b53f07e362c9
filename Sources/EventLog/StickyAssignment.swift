/// Shares partitions among the members of a group so that the shares are even and few partitions move.
///
/// A pure function, shared by the engines that coordinate their groups themselves. Idea: KIP-54, "Sticky
/// Partition Assignment Strategy".
package enum StickyAssignment {
    /// Who shall have each partition.
    ///
    /// - Parameters:
    ///   - partitions: all partitions of the group's topics.
    ///   - members: the topics that each member reads.
    ///   - current: who had each partition so far; members that are gone may occur.
    /// - Returns: the new owner by partition. A partition that nobody reads is absent. For members that read
    ///   the same topics, the shares differ by one at the most.
    package static func assign<Member: Hashable & Comparable>(
        partitions: [TopicPartition], members: [Member: [TopicName]], current: [TopicPartition: Member]
    ) -> [TopicPartition: Member] {
        let order = members.keys.sorted()
        var count: [Member: Int] = [:]
        var owner: [TopicPartition: Member] = [:]
        var open: [TopicPartition] = []
        for partition in partitions.sorted() {
            if let member = current[partition], members[member]?.contains(partition.topic) == true {
                owner[partition] = member
                count[member, default: 0] += 1
            } else {
                open.append(partition)
            }
        }
        func poorest(for topic: TopicName) -> Member? {
            order.filter { members[$0]?.contains(topic) == true }
                .min { count[$0, default: 0] < count[$1, default: 0] }
        }
        for partition in open {
            guard let member = poorest(for: partition.topic) else { continue }
            owner[partition] = member
            count[member, default: 0] += 1
        }
        // Every move lowers the sum of the squared shares, so the loop ends.
        var moved = true
        while moved {
            moved = false
            for (partition, member) in owner.sorted(by: { $0.key < $1.key }) {
                guard let poorest = poorest(for: partition.topic),
                    count[member, default: 0] > count[poorest, default: 0] + 1
                else { continue }
                owner[partition] = poorest
                count[member, default: 0] -= 1
                count[poorest, default: 0] += 1
                moved = true
            }
        }
        return owner
    }
}
