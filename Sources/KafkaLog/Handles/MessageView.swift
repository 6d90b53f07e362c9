internal import Basics
internal import CRdKafka
internal import Glibc
internal import EventLog

/// A message inside an event that is still alive. Not an owner; never kept past its event.
@safe struct MessageView: ~Copyable {
    private let pointer: UnsafePointer<rd_kafka_message_t>

    /// Looks at `pointer`.
    init(_ pointer: UnsafePointer<rd_kafka_message_t>) {
        unsafe self.pointer = pointer
    }

    /// The error code; 0 for a record.
    var code: Int32 { unsafe pointer.pointee.err.rawValue }
    /// The partition's number.
    var partition: Int32 { unsafe pointer.pointee.partition }
    /// The offset.
    var offset: Int64 { unsafe pointer.pointee.offset }
    /// What the producing call attached.
    var tag: UInt { unsafe UInt(bitPattern: pointer.pointee._private) }
    /// Tells topics apart while their partitions are assigned.
    var topicIdentity: UInt { unsafe UInt(bitPattern: pointer.pointee.rkt) }

    /// The topic's name.
    var topicName: String {
        guard let topic = unsafe pointer.pointee.rkt else { return "" }
        return unsafe String(cString: rd_kafka_topic_name(topic))
    }

    /// librdkafka's words for the error of a message that was read; of one that was written there are none.
    var errorText: String {
        unsafe rd_kafka_message_errstr(pointer).map { unsafe String(cString: $0) } ?? ""
    }

    /// Copies the record to the end of `batch`. Allocates only while the batch grows.
    borrowing func append(to batch: inout RecordBatch, topic: Int) {
        let message = unsafe pointer.pointee
        var kind = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE
        let time = unsafe rd_kafka_message_timestamp(pointer, &kind)
        let key = unsafe UnsafeRawBufferPointer(start: message.key, count: message.key_len)
        let value = unsafe UnsafeRawBufferPointer(start: message.payload, count: message.len)
        unsafe key.withMemoryRebound(to: UInt8.self) { key in
            unsafe value.withMemoryRebound(to: UInt8.self) { value in
                unsafe batch.append(
                    topic: topic, partition: Partition(message.partition), offset: Offset(message.offset),
                    timestamp: time >= 0 ? Timestamp(milliseconds: time) : nil,
                    key: message.key == nil ? nil : key.span,
                    value: message.payload == nil ? nil : value.span)
            }
        }
        appendHeaders(to: &batch)
    }

    private borrowing func appendHeaders(to batch: inout RecordBatch) {
        var headers: OpaquePointer?
        guard unsafe rd_kafka_message_headers(pointer, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR,
            let headers = unsafe headers
        else { return }
        var index = 0
        var name: UnsafePointer<CChar>?
        var value: UnsafeRawPointer?
        var size = 0
        while unsafe rd_kafka_header_get_all(headers, index, &name, &value, &size)
            == RD_KAFKA_RESP_ERR_NO_ERROR
        {
            index += 1
            guard let name = unsafe name else { continue }
            let nameBytes = unsafe UnsafeRawBufferPointer(start: name, count: strlen(name))
            let valueBytes = unsafe UnsafeRawBufferPointer(start: value, count: value == nil ? 0 : size)
            unsafe nameBytes.withMemoryRebound(to: UInt8.self) { name in
                unsafe valueBytes.withMemoryRebound(to: UInt8.self) { value in
                    unsafe batch.appendHeader(name: name.span, value: value.span)
                }
            }
        }
    }
}
