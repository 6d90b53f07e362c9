internal import Basics

/// The name of a topic: 1 to 249 of the characters `a–z A–Z 0–9 . _ -`, and neither `.` nor `..` (Kafka's
/// rule).
public struct TopicName: Hashable, Comparable, Sendable, CustomStringConvertible, ExpressibleByStringLiteral {
    /// The name as text.
    public let text: String

    /// Checks `text`; throws `invalidTopic` naming what is wrong.
    public init(_ text: String) throws(LogError) {
        guard TopicName.isValid(text) else {
            throw LogError(
                .invalidTopic, "'\(text)' is no topic name",
                hint: "use 1 to 249 letters, digits, dots, underscores and hyphens", recovery: .fixInput)
        }
        self.text = text
    }

    /// A name written in the program. Traps when it breaks the rule.
    public init(stringLiteral text: String) {
        precondition(TopicName.isValid(text), "'\(text)' is no topic name")
        self.text = text
    }

    public var description: String { text }

    public static func < (left: TopicName, right: TopicName) -> Bool { left.text < right.text }

    private static func isValid(_ text: String) -> Bool {
        let bytes = text.utf8
        guard (1...249).contains(bytes.count), text != ".", text != ".." else { return false }
        return bytes.allSatisfy { byte in
            switch byte {
            case 48...57, 65...90, 97...122, 45, 46, 95: true
            default: false
            }
        }
    }
}

/// The number of a partition within its topic, from 0.
public struct Partition: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The number.
    public let number: Int32

    /// Partition `number`.
    public init(_ number: Int32) { self.number = number }

    public var description: String { String(number) }

    public static func < (left: Partition, right: Partition) -> Bool { left.number < right.number }
}

/// The place of a record within its partition. Offsets grow; gaps are normal (compaction, transaction
/// markers).
public struct Offset: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The number, from 0.
    public let number: Int64

    /// Offset `number`.
    public init(_ number: Int64) { self.number = number }

    /// The offset after this one.
    public var next: Offset { Offset(number + 1) }

    public var description: String { String(number) }

    public static func < (left: Offset, right: Offset) -> Bool { left.number < right.number }
}

/// One partition of one topic.
public struct TopicPartition: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The topic.
    public let topic: TopicName
    /// The partition within it.
    public let partition: Partition

    /// Partition `partition` of `topic`.
    public init(_ topic: TopicName, _ partition: Partition) {
        self.topic = topic
        self.partition = partition
    }

    /// Partition number `partition` of `topic`.
    public init(_ topic: TopicName, _ partition: Int32) {
        self.init(topic, Partition(partition))
    }

    public var description: String { "\(topic)[\(partition)]" }

    public static func < (left: TopicPartition, right: TopicPartition) -> Bool {
        (left.topic, left.partition) < (right.topic, right.partition)
    }
}

/// Where a record stands in the log.
public struct RecordPlace: Hashable, Sendable, CustomStringConvertible {
    /// Its partition.
    public let partition: TopicPartition
    /// Its offset there.
    public let offset: Offset

    /// The record at `offset` of `partition`.
    public init(_ partition: TopicPartition, _ offset: Offset) {
        self.partition = partition
        self.offset = offset
    }

    public var description: String { "\(partition)@\(offset)" }
}
