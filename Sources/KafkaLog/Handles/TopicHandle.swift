internal import CRdKafka
internal import EventLog
internal import Synchronization

/// Owns a topic of one client; must be released before the client is destroyed.
///
/// `@unchecked`: a topic of librdkafka is reference-counted and locked by itself.
@safe final class TopicHandle: @unchecked Sendable {
    /// Only files of `Handles` use it.
    let pointer: OpaquePointer
    /// The topic's name.
    let name: TopicName
    private let held: HeldObjects

    /// The topic called `name`; nil when librdkafka refuses it.
    init?(_ client: borrowing ClientHandle, _ name: TopicName) {
        guard let topic = unsafe rd_kafka_topic_new(client.pointer, name.text, nil) else { return nil }
        unsafe pointer = topic
        self.name = name
        held = client.held
        held.hold()
        LiveHandles.others.add(1, ordering: .relaxed)
    }

    deinit {
        unsafe rd_kafka_topic_destroy(pointer)
        held.letGo()
        LiveHandles.others.subtract(1, ordering: .relaxed)
    }
}
