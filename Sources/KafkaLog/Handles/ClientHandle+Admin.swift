internal import CRdKafka
internal import EventLog

/// A topic as a broker's metadata tell it.
struct TopicMetadata {
    var name: String
    var partitions: Int32
    /// Whether every partition has a leader.
    var isLed: Bool
    /// The topic's error; 0 is none.
    var code: Int32
}

extension ClientHandle {
    /// The metadata of all topics, or of `topic` alone.
    borrowing func metadata(
        of topic: TopicHandle?, milliseconds: Int32
    ) -> Result<[TopicMetadata], KafkaFailure> {
        var found: UnsafePointer<rd_kafka_metadata>?
        let code = unsafe rd_kafka_metadata(
            pointer, topic == nil ? 1 : 0, topic?.pointer, &found, milliseconds)
        guard code == RD_KAFKA_RESP_ERR_NO_ERROR, let found = unsafe found else {
            return .failure(KafkaFailure(code: code.rawValue))
        }
        defer { unsafe rd_kafka_metadata_destroy(found) }
        var topics: [TopicMetadata] = []
        for index in 0..<Int(unsafe found.pointee.topic_cnt) {
            let topic = unsafe found.pointee.topics[index]
            let count = unsafe topic.partition_cnt
            let isLed = (0..<Int(count)).allSatisfy { unsafe topic.partitions[$0].leader >= 0 }
            unsafe topics.append(
                TopicMetadata(
                    name: String(cString: topic.topic), partitions: count, isLed: isLed,
                    code: topic.err.rawValue))
        }
        return .success(topics)
    }

    /// The offsets that belong to special times (`PartitionList.beginning` and `.end`).
    borrowing func offsets(
        at times: [TopicPartition: Int64], milliseconds: Int32
    ) -> Result<[PartitionList.Entry], KafkaFailure> {
        let list = PartitionList(times)
        let code = unsafe rd_kafka_offsets_for_times(pointer, list.pointer, milliseconds)
        if code != RD_KAFKA_RESP_ERR_NO_ERROR { return .failure(KafkaFailure(code: code.rawValue)) }
        return .success(list.entries)
    }

    /// Asks to create `topic`; the result arrives in `queue`. Returns librdkafka's objection, if any.
    borrowing func requestCreation(
        of topic: TopicDefinition, milliseconds: Int32, into queue: borrowing QueueHandle
    ) -> String? {
        var request: OpaquePointer?
        let (_, text) = unsafe ErrorText.capture { buffer, size in
            unsafe request = rd_kafka_NewTopic_new(
                topic.name.text, topic.partitions, topic.replication.map(Int32.init) ?? -1, buffer, size)
            return 0
        }
        guard unsafe request != nil else { return text }
        defer { unsafe rd_kafka_NewTopic_destroy(request) }
        for (name, value) in topic.kafkaConfiguration.sorted(by: { $0.key < $1.key }) {
            _ = unsafe rd_kafka_NewTopic_set_config(request, name, value)
        }
        let options = unsafe makeOptions(RD_KAFKA_ADMIN_OP_CREATETOPICS, milliseconds)
        defer { unsafe rd_kafka_AdminOptions_destroy(options) }
        unsafe rd_kafka_CreateTopics(pointer, &request, 1, options, queue.pointer)
        return nil
    }

    /// Asks for the settings of topics; the result arrives in `queue`.
    borrowing func requestSettings(
        of topics: [String], milliseconds: Int32, into queue: borrowing QueueHandle
    ) {
        var resources: [OpaquePointer?] = unsafe []
        for topic in topics {
            unsafe resources.append(rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic))
        }
        let options = unsafe makeOptions(RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS, milliseconds)
        defer { unsafe rd_kafka_AdminOptions_destroy(options) }
        unsafe resources.withUnsafeMutableBufferPointer { resources in
            unsafe rd_kafka_DescribeConfigs(
                pointer, resources.baseAddress, resources.count, options, queue.pointer)
            unsafe rd_kafka_ConfigResource_destroy_array(resources.baseAddress, resources.count)
        }
    }

    private borrowing func makeOptions(
        _ operation: rd_kafka_admin_op_t, _ milliseconds: Int32
    ) -> OpaquePointer? {
        let options = unsafe rd_kafka_AdminOptions_new(pointer, operation)
        _ = unsafe ErrorText.capture { buffer, size in
            unsafe rd_kafka_AdminOptions_set_request_timeout(options, milliseconds, buffer, size).rawValue
        }
        return unsafe options
    }
}

extension EventHandle {
    /// The first failed topic of a creation.
    borrowing func creationFailure() -> KafkaFailure? {
        guard let result = unsafe rd_kafka_event_CreateTopics_result(pointer) else { return nil }
        var count = 0
        let topics = unsafe rd_kafka_CreateTopics_result_topics(result, &count)
        for index in 0..<count {
            guard let topic = unsafe topics?[index] else { continue }
            let code = unsafe rd_kafka_topic_result_error(topic).rawValue
            if code == 0 { continue }
            let text = unsafe rd_kafka_topic_result_error_string(topic).map { unsafe String(cString: $0) }
            return KafkaFailure(code: code, text: text ?? "")
        }
        return nil
    }

    /// The value of one setting by topic, where the broker tells it.
    borrowing func settings(named wanted: String) -> [String: String] {
        guard let result = unsafe rd_kafka_event_DescribeConfigs_result(pointer) else { return [:] }
        var values: [String: String] = [:]
        var count = 0
        let resources = unsafe rd_kafka_DescribeConfigs_result_resources(result, &count)
        for index in 0..<count {
            guard let resource = unsafe resources?[index],
                unsafe rd_kafka_ConfigResource_error(resource) == RD_KAFKA_RESP_ERR_NO_ERROR,
                let topic = unsafe rd_kafka_ConfigResource_name(resource)
            else { continue }
            var entryCount = 0
            let entries = unsafe rd_kafka_ConfigResource_configs(resource, &entryCount)
            for number in 0..<entryCount {
                guard let entry = unsafe entries?[number], let name = unsafe rd_kafka_ConfigEntry_name(entry),
                    unsafe String(cString: name) == wanted,
                    let value = unsafe rd_kafka_ConfigEntry_value(entry)
                else { continue }
                unsafe values[String(cString: topic)] = String(cString: value)
            }
        }
        return values
    }
}
