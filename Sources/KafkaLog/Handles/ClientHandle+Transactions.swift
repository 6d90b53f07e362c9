internal import CRdKafka
internal import EventLog

extension ClientHandle {
    /// Fences older writers of the same name; to be called again while the failure is retriable.
    borrowing func initTransactions(milliseconds: Int32) -> KafkaFailure? {
        unsafe RichError.take(rd_kafka_init_transactions(pointer, milliseconds))
    }

    /// Opens a transaction.
    borrowing func beginTransaction() -> KafkaFailure? {
        unsafe RichError.take(rd_kafka_begin_transaction(pointer))
    }

    /// Adds consumed offsets to the open transaction, as the member whose serialised metadata is `member`.
    borrowing func sendOffsets(
        _ offsets: [TopicPartition: Offset], member: [UInt8], milliseconds: Int32
    ) -> KafkaFailure? {
        let list = PartitionList(offsets.mapValues(\.number))
        var metadata: OpaquePointer?
        let failure = unsafe member.withUnsafeBytes { bytes in
            unsafe RichError.take(
                rd_kafka_consumer_group_metadata_read(&metadata, bytes.baseAddress, bytes.count))
        }
        if let failure { return failure }
        defer { unsafe rd_kafka_consumer_group_metadata_destroy(metadata) }
        return unsafe RichError.take(
            rd_kafka_send_offsets_to_transaction(pointer, list.pointer, metadata, milliseconds))
    }

    /// Commits the open transaction; to be called again while the failure is retriable.
    borrowing func commitTransaction(milliseconds: Int32) -> KafkaFailure? {
        unsafe RichError.take(rd_kafka_commit_transaction(pointer, milliseconds))
    }

    /// Aborts the open transaction; to be called again while the failure is retriable.
    borrowing func abortTransaction(milliseconds: Int32) -> KafkaFailure? {
        unsafe RichError.take(rd_kafka_abort_transaction(pointer, milliseconds))
    }
}

/// librdkafka's error objects, which tell more than a code.
enum RichError {
    /// What `error` says; frees it. Nil for no error.
    static func take(_ error: OpaquePointer?) -> KafkaFailure? {
        guard let error = unsafe error else { return nil }
        defer { unsafe rd_kafka_error_destroy(error) }
        return unsafe read(error)
    }

    /// What `error`, which somebody else owns, says.
    static func read(_ error: OpaquePointer) -> KafkaFailure {
        unsafe KafkaFailure(
            code: rd_kafka_error_code(error).rawValue, text: String(cString: rd_kafka_error_string(error)),
            isFatal: rd_kafka_error_is_fatal(error) != 0,
            isRetriable: rd_kafka_error_is_retriable(error) != 0,
            needsAbort: rd_kafka_error_txn_requires_abort(error) != 0)
    }
}
