internal import EventLog
internal import SQLite

/// The groups' tables.
enum GroupTable {
    /// The generation of `group`; 0 for one that nobody has joined.
    static func generation(_ group: String, _ connection: Connection) throws(SQLiteError) -> Int64 {
        try connection.integer("SELECT generation FROM groups WHERE name = ?1", .text(group)) ?? 0
    }

    /// The group as it stands.
    static func load(_ group: String, _ connection: Connection) throws(SQLiteError) -> GroupState {
        var state = GroupState()
        state.generation = try generation(group, connection)
        let members = try connection.cached(
            "SELECT id, instance, topics, slot, session FROM members WHERE name = ?1")
        defer { members.reset() }
        try members.bind(1, group)
        while try members.step() {
            // A topic's name has no blank.
            let topics = (members.text(2) ?? "").split(separator: " ").compactMap {
                try? TopicName(String($0))
            }
            state.members[members.integer(0)] = GroupState.Member(
                instance: members.text(1), topics: topics,
                slot: Int(truncatingIfNeeded: members.integer(3)) & (MemberFile.slots - 1),
                sessionMilliseconds: members.integer(4))
        }
        let shares = try connection.cached(
            """
            SELECT t.name, p.number, s.owner, s.target FROM shares s
            JOIN partitions p ON p.id = s.partition JOIN topics t ON t.id = p.topic WHERE s.name = ?1
            """)
        defer { shares.reset() }
        try shares.bind(1, group)
        while try shares.step() {
            guard let text = shares.text(0), let topic = try? TopicName(text) else { continue }
            let partition = TopicPartition(topic, Int32(truncatingIfNeeded: shares.integer(1)))
            state.shares[partition] = GroupState.Share(
                owner: shares.isNull(2) ? nil : shares.integer(2),
                target: shares.isNull(3) ? nil : shares.integer(3))
        }
        return state
    }

    /// Stores what differs between `before` and `after`; call it in a transaction. `ids` gives the id of a
    /// partition.
    static func save(
        _ group: String, from before: GroupState, to after: GroupState, ids: [TopicName: TopicEntry],
        _ connection: Connection
    ) throws(SQLiteError) {
        try connection.cached(
            """
            INSERT INTO groups (name, generation) VALUES (?1, ?2)
            ON CONFLICT (name) DO UPDATE SET generation = excluded.generation
            """
        ).run(.text(group), .integer(after.generation))
        for id in before.members.keys where after.members[id] == nil {
            try connection.cached("DELETE FROM members WHERE id = ?1").run(.integer(id))
        }
        let upsert = try connection.cached(
            """
            INSERT INTO shares (name, partition, owner, target) VALUES (?1, ?2, ?3, ?4)
            ON CONFLICT (name, partition) DO UPDATE SET owner = excluded.owner, target = excluded.target
            """)
        for (partition, share) in after.shares where before.shares[partition] != share {
            guard let id = try? ids[partition.topic]?.id(of: partition.partition) else { continue }
            try upsert.run(
                .text(group), .integer(id), share.owner.map(Value.integer) ?? .null,
                share.target.map(Value.integer) ?? .null)
        }
    }

    /// Adds a member and returns its id.
    static func insert(
        _ member: GroupState.Member, group: String, _ connection: Connection
    ) throws(SQLiteError) -> Int64 {
        try connection.cached(
            "INSERT INTO members (name, instance, topics, slot, session) VALUES (?1, ?2, ?3, ?4, ?5)"
        ).run(
            .text(group), member.instance.map(Value.text) ?? .null,
            .text(member.topics.map(\.text).joined(separator: " ")), .integer(Int64(member.slot)),
            .integer(member.sessionMilliseconds))
        return connection.lastInsertedRow
    }

    /// The committed offset of partition `id`.
    static func offset(_ group: String, _ id: Int64, _ connection: Connection) throws(SQLiteError) -> Int64? {
        try connection.integer(
            "SELECT next FROM offsets WHERE name = ?1 AND partition = ?2", .text(group), .integer(id))
    }

    /// Stores a committed offset.
    static func setOffset(
        _ group: String, _ id: Int64, _ next: Int64, _ connection: Connection
    ) throws(SQLiteError) {
        try connection.cached(
            """
            INSERT INTO offsets (name, partition, next) VALUES (?1, ?2, ?3)
            ON CONFLICT (name, partition) DO UPDATE SET next = excluded.next
            """
        ).run(.text(group), .integer(id), .integer(next))
    }

    /// Who owns partition `id` now.
    static func owner(_ group: String, _ id: Int64, _ connection: Connection) throws(SQLiteError) -> Int64? {
        try connection.integer(
            "SELECT owner FROM shares WHERE name = ?1 AND partition = ?2", .text(group), .integer(id))
    }
}
