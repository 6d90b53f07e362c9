internal import Basics
internal import CRdKafka
internal import EventLog

/// How far a batch got into the local queue.
enum EnqueueResult {
    /// All records are in.
    case done
    /// The record at this index waits for its topic (an index into the batch's `topics`).
    case needsTopic(record: Int, topic: Int)
    /// The local queue is full; this record is the next.
    case full(record: Int)
    /// This record was refused.
    case refused(record: Int, KafkaFailure)
}

extension ClientHandle {
    /// Puts the records of `batch` from `first` on into the local queue, which copies them. Records are
    /// tagged `tag` plus their index; 0 leaves them untagged. Never waits; allocates nothing of ours for a
    /// record.
    borrowing func enqueue(
        _ batch: RecordBatch, from first: Int, topics: [TopicHandle?], tag: UInt
    ) -> EnqueueResult {
        let bytes = batch.bytes
        return unsafe bytes.withUnsafeBytes { bytes in
            // A batch of empty records has no bytes; the address is then never read, but must not be nil.
            let base = unsafe bytes.baseAddress ?? UnsafeRawPointer(bitPattern: 1)!
            for index in first..<batch.count {
                let topicIndex = batch.topicIndex(at: index)
                guard let topic = topics[topicIndex] else {
                    return .needsTopic(record: index, topic: topicIndex)
                }
                let code = unsafe produce(
                    batch, index, base: base, topic: topic, tag: tag == 0 ? 0 : tag + UInt(index))
                if code == 0 { continue }
                if code == RD_KAFKA_RESP_ERR__QUEUE_FULL.rawValue { return .full(record: index) }
                return .refused(record: index, KafkaFailure(code: code))
            }
            return .done
        }
    }

    /// Asks for `topic`'s metadata, for up to `milliseconds`; 0 when the topic is there and every partition
    /// is led.
    borrowing func awaitTopic(_ topic: TopicHandle, milliseconds: Int32) -> Int32 {
        var found: UnsafePointer<rd_kafka_metadata>?
        let code = unsafe rd_kafka_metadata(pointer, 0, topic.pointer, &found, milliseconds)
        guard code == RD_KAFKA_RESP_ERR_NO_ERROR, let found = unsafe found else { return code.rawValue }
        defer { unsafe rd_kafka_metadata_destroy(found) }
        guard unsafe found.pointee.topic_cnt == 1 else { return RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC.rawValue }
        let description = unsafe found.pointee.topics[0]
        if unsafe description.err != RD_KAFKA_RESP_ERR_NO_ERROR { return unsafe description.err.rawValue }
        for index in 0..<Int(unsafe description.partition_cnt) {
            let leader = unsafe description.partitions[index].leader
            if leader < 0 { return RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE.rawValue }
        }
        return 0
    }

    private borrowing func produce(
        _ batch: RecordBatch, _ index: Int, base: UnsafeRawPointer, topic: TopicHandle, tag: UInt
    ) -> Int32 {
        let key = batch.keyRange(at: index)
        let value = batch.valueRange(at: index)
        let partition = batch.partition(at: index)?.number ?? -1
        let headerCount = batch.headerCount(at: index)
        // librdkafka copies the value (`F_COPY`) and always the key, so neither is written to through these
        // pointers.
        let keyStart = unsafe key.map { unsafe UnsafeMutableRawPointer(mutating: base + $0.lowerBound) }
        let valueStart = unsafe value.map { unsafe UnsafeMutableRawPointer(mutating: base + $0.lowerBound) }
        let opaque = unsafe UnsafeMutableRawPointer(bitPattern: tag)
        if headerCount == 0, batch.timestamp(at: index) == nil {
            let outcome = unsafe rd_kafka_produce(
                topic.pointer, partition, Int32(RD_KAFKA_MSG_F_COPY), valueStart, value?.count ?? 0, keyStart,
                key?.count ?? 0, opaque)
            return outcome == 0 ? 0 : rd_kafka_last_error().rawValue
        }
        var headers: OpaquePointer?
        if headerCount > 0 { unsafe headers = makeHeaders(batch, index, headerCount, base: base) }
        let code = unsafe produce(
            topic: topic, partition: partition, key: (keyStart, key?.count ?? 0),
            value: (valueStart, value?.count ?? 0), timestamp: batch.timestamp(at: index)?.milliseconds ?? 0,
            headers: headers, opaque: opaque)
        // The headers are librdkafka's only when it took the record.
        if code != 0, let headers = unsafe headers { unsafe rd_kafka_headers_destroy(headers) }
        return code
    }

    private borrowing func makeHeaders(
        _ batch: RecordBatch, _ index: Int, _ count: Int, base: UnsafeRawPointer
    ) -> OpaquePointer? {
        let headers = unsafe rd_kafka_headers_new(count)
        for number in 0..<count {
            let ranges = batch.headerRanges(at: index, number: number)
            let name = unsafe (base + ranges.name.lowerBound).assumingMemoryBound(to: CChar.self)
            unsafe rd_kafka_header_add(
                headers, name, ranges.name.count, base + ranges.value.lowerBound, ranges.value.count)
        }
        return unsafe headers
    }

    private borrowing func produce(
        topic: TopicHandle, partition: Int32, key: (UnsafeMutableRawPointer?, Int),
        value: (UnsafeMutableRawPointer?, Int), timestamp: Int64, headers: OpaquePointer?,
        opaque: UnsafeMutableRawPointer?
    ) -> Int32 {
        unsafe withUnsafeTemporaryAllocation(of: rd_kafka_vu_t.self, capacity: 8) { fields in
            var count = 0
            func add(_ type: rd_kafka_vtype_t, _ fill: (inout rd_kafka_vu_t) -> Void) {
                var field = unsafe rd_kafka_vu_t()
                unsafe field.vtype = type
                unsafe fill(&field)
                unsafe fields.initializeElement(at: count, to: field)
                count += 1
            }
            unsafe add(RD_KAFKA_VTYPE_RKT) { unsafe $0.u.rkt = topic.pointer }
            unsafe add(RD_KAFKA_VTYPE_PARTITION) { unsafe $0.u.i32 = partition }
            unsafe add(RD_KAFKA_VTYPE_MSGFLAGS) { unsafe $0.u.i = Int32(RD_KAFKA_MSG_F_COPY) }
            unsafe add(RD_KAFKA_VTYPE_VALUE) { unsafe $0.u.mem = .init(ptr: value.0, size: value.1) }
            unsafe add(RD_KAFKA_VTYPE_KEY) { unsafe $0.u.mem = .init(ptr: key.0, size: key.1) }
            unsafe add(RD_KAFKA_VTYPE_OPAQUE) { unsafe $0.u.ptr = opaque }
            unsafe add(RD_KAFKA_VTYPE_TIMESTAMP) { unsafe $0.u.i64 = timestamp }
            if let headers = unsafe headers {
                unsafe add(RD_KAFKA_VTYPE_HEADERS) { unsafe $0.u.headers = headers }
            }
            guard let error = unsafe rd_kafka_produceva(pointer, fields.baseAddress, count) else { return 0 }
            defer { unsafe rd_kafka_error_destroy(error) }
            return unsafe rd_kafka_error_code(error).rawValue
        }
    }
}
